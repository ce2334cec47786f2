package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The shapes of names are told by loops rather than by regular expressions:
// those would be compiled whenever the program starts, also by the commands
// that never read a policy.

const (
	lowers = "abcdefghijklmnopqrstuvwxyz"
	uppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
	alnum  = lowers + uppers + digits
)

// madeOf reports whether s has lo to hi bytes, all of them among chars, which
// are ASCII.
func madeOf(s string, lo, hi int, chars string) bool {
	return len(s) >= lo && len(s) <= hi && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(chars, r) })
}

// begins reports whether the first byte of s is among chars.
func begins(s, chars string) bool {
	return s != "" && strings.IndexByte(chars, s[0]) >= 0
}

// IsEntitlementName reports whether a name is [a-z0-9][a-z0-9._-]{0,63}: names
// reach prompts, file names, session tags and, before a colon, SSH certificates.
func IsEntitlementName(s string) bool {
	return begins(s, lowers+digits) && madeOf(s, 1, 64, lowers+digits+"._-")
}

// isProject is Jira's default pattern of project keys, as in ticket.ParseKey.
func isProject(s string) bool {
	return begins(s, uppers) && madeOf(s, 2, 255, uppers+digits+"_")
}

// isStatusID reports whether a status is named by its id: all digits.
func isStatusID(s string) bool { return madeOf(s, 1, 19, digits) }

// isIAM checks arn:PARTITION:iam::ACCOUNT:KIND/PATH/NAME, whose last part has up
// to longest characters. Names and paths follow the IAM reference.
func isIAM(s, kind string, longest int, accounts func(string) bool) bool {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" || !accounts(parts[4]) {
		return false
	}
	if parts[1] != "aws" && !(strings.HasPrefix(parts[1], "aws-") && madeOf(parts[1], 5, 20, lowers+"-")) {
		return false
	}
	path, ok := strings.CutPrefix(parts[5], kind+"/")
	if !ok || len(path) > 512 || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	return madeOf(path[strings.LastIndexByte(path, '/')+1:], 1, longest, alnum+"_+=,.@-")
}

func isAccount(s string) bool { return madeOf(s, 12, 12, digits) }

func isRole(s string) bool { return isIAM(s, "role", 64, isAccount) }

func isManagedPolicy(s string) bool {
	return isIAM(s, "policy", 128, func(a string) bool { return a == "aws" || isAccount(a) })
}

// isExternalID, isMFASerial and isTagText follow the reference of AssumeRole.
func isExternalID(s string) bool { return madeOf(s, 2, 1224, alnum+"_+=,.@:/-") }
func isMFASerial(s string) bool  { return madeOf(s, 9, 256, alnum+"_+=/:,.@-") }

func isTagText(s string, lo, hi int) bool {
	n := utf8.RuneCountInString(s)
	return n >= lo && n <= hi && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	})
}

// isRegion is a name such as eu-west-1 or us-gov-east-1.
func isRegion(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || !madeOf(parts[len(parts)-1], 1, 2, digits) {
		return false
	}
	for _, p := range parts[:len(parts)-1] {
		if !madeOf(p, 2, 20, lowers) {
			return false
		}
	}
	return true
}

// isLogin is stricter than sshd: a login may not hold the comma that separates
// principals in listings, nor the colon of ENTITLEMENT:LOGIN.
func isLogin(s string) bool {
	return begins(s, alnum+"_") && madeOf(s, 1, 64, alnum+"_.@+-")
}

// isHostPattern is a host name or address in which * and ? stand for others.
func isHostPattern(s string) bool { return madeOf(s, 1, 253, alnum+".:_*?-") }

// isForeignExtension is NAME@DOMAIN, as others than OpenSSH name extensions.
func isForeignExtension(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	return ok && madeOf(name, 1, 100, alnum+"._-") && madeOf(domain, 3, 253, alnum+".-") &&
		strings.Contains(strings.Trim(domain, "."), ".")
}
