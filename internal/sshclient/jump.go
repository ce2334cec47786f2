package sshclient

import (
	"net/url"
	"strings"
)

// Hop is the last host on the way to another.
type Hop struct {
	Before           string // the hops before it, as -J takes them; "" for none
	User, Host, Port string
}

// LastHop takes a ProxyJump apart: [USER@]HOST[:PORT] or ssh://… after the last
// comma. It is false where that names no host.
func LastHop(proxyJump string) (Hop, bool) {
	var h Hop
	last := proxyJump
	if at := strings.LastIndexByte(proxyJump, ','); at >= 0 {
		h.Before, last = proxyJump[:at], proxyJump[at+1:]
	}
	if !strings.Contains(last, "://") {
		last = "ssh://" + last
	}
	u, err := url.Parse(last)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" {
		return Hop{}, false
	}
	h.User, h.Host, h.Port = u.User.Username(), u.Hostname(), u.Port()
	return h, true
}

// Through is the ProxyCommand that goes by a hop with jit, where command runs jit
// with its words quoted for a shell. Config is the file that -F names. It is false
// where a word cannot be quoted.
func (h Hop) Through(command, config string) (string, bool) {
	words := []string{}
	for _, option := range []struct{ flag, value string }{{"-F", config}, {"-J", h.Before}, {"-l", h.User}, {"-p", h.Port}, {"-W", "[%h]:%p"}, {"--", h.Host}} {
		if option.value == "" {
			continue
		}
		word := "'" + option.value + "'"
		if strings.ContainsAny(option.value, "'\"\\$!") {
			return "", false
		}
		if option.flag != "-W" {
			word = strings.ReplaceAll(word, "%", "%%")
		}
		words = append(words, option.flag, word)
	}
	return strings.ReplaceAll(command, "%", "%%") + " ssh " + strings.Join(words, " "), true
}
