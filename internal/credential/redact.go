package credential

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// HideIn returns text with every place redacted where it shows the value of s:
// as it is, with bytes of it written as URLs, JSON, HTML or XML write them, and
// with line breaks, spaces or invisible characters inside, as wrapped text has
// them. It is for text of a server that was sent the secret. It is to be called
// before text is cleaned, which can take the marks of such an escape away, and
// after, in case that joined the value's parts.
func (s Secret) HideIn(text string) string {
	value := s.Reveal()
	if value == "" {
		return text
	}
	text = strings.ReplaceAll(text, value, redacted)
	escapes := escapesOf(value)
	var out strings.Builder
	for len(text) > 0 {
		if n := shown(text, value, escapes); n > 0 {
			out.WriteString(redacted)
			text = text[n:]
			continue
		}
		out.WriteByte(text[0])
		text = text[1:]
	}
	return out.String()
}

// shown returns how many bytes at the start of text show value, or 0.
func shown(text, value string, escapes map[byte][]string) int {
	at := 0
	for i := 0; i < len(value); {
		switch n := byteShown(text[at:], value[i], escapes); {
		case n > 0:
			at += n
			i++
		case i == 0:
			return 0
		default:
			if n = ignorable(text[at:]); n == 0 {
				return 0
			}
			at += n
		}
	}
	return at
}

// byteShown returns how many bytes at the start of text stand for b, or 0.
func byteShown(text string, b byte, escapes map[byte][]string) int {
	if text == "" {
		return 0
	}
	if strings.IndexByte(`%\&`, text[0]) >= 0 {
		for _, e := range escapes[b] {
			if n := escapeShown(text, e); n > 0 {
				return n
			}
		}
	}
	if text[0] == b {
		return 1
	}
	return 0
}

// escapeShown returns how many bytes at the start of text are the escape, in
// either case, since text may be wrapped within one too; or 0.
func escapeShown(text, escape string) int {
	at := 0
	for i := 0; i < len(escape); {
		n := 0
		switch {
		case at < len(text) && strings.EqualFold(text[at:at+1], escape[i:i+1]):
			n, i = 1, i+1
		case i > 0:
			n = ignorable(text[at:])
		}
		if n == 0 {
			return 0
		}
		at += n
	}
	return at
}

// escapesOf are the ways in which each byte of value may be written: percent
// encoding once and twice (RFC 3986), JSON's and JavaScript's, and the numeric
// references of HTML and XML.
func escapesOf(value string) map[byte][]string {
	escapes := map[byte][]string{}
	for i := range len(value) {
		b := value[i]
		if escapes[b] != nil {
			continue
		}
		for _, form := range []string{"%%%02x", "%%25%02x", `\u%04x`, `\x%02x`, "&#%d;", "&#x%x;", "&#x%02x;", `\%c`} {
			escapes[b] = append(escapes[b], fmt.Sprintf(form, b))
		}
	}
	return escapes
}

// ignorable returns the length of a first character that is not seen: white
// space, control and format characters (zero-width ones are of the latter),
// marks, and what is not UTF-8.
func ignorable(text string) int {
	r, n := utf8.DecodeRuneInString(text)
	if n > 0 && (r == utf8.RuneError || unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.C, unicode.M)) {
		return n
	}
	return 0
}

// tokenPattern finds what may be a secret: keys and session tokens are long runs
// of base64 without a space, perhaps escaped; a secret access key of AWS has 40
// characters. A run goes on over line breaks and invisible characters.
var tokenPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[A-Za-z0-9+/=_%\\&#;-](?:(?:[\pC\pM\x{FFFD}]|\n[ \t]+)*[A-Za-z0-9+/=_%\\&#;-]){39,}`)
})

// HideTokens returns text with everything redacted that looks like a key or a
// token. It is for text of somebody who may repeat a secret that is not at
// hand, such as the session token in an AWS error; names of 40 characters and
// more without a dot, colon or space fall to it as well.
func HideTokens(text string) string {
	return tokenPattern().ReplaceAllString(text, redacted)
}
