package credential_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/credential"
)

const sample = "ATATT3xFfGF0_ab-c/d+e.f=1A2B"

// spelled is the sample as others may write it.
func spelled() map[string]string {
	all := func(format string) string {
		var b strings.Builder
		for i := range len(sample) {
			fmt.Fprintf(&b, format, sample[i])
		}
		return b.String()
	}
	return map[string]string{
		"plain":              sample,
		"in a query":         url.QueryEscape(sample),
		"in a path":          url.PathEscape(sample),
		"lower-case hex":     strings.NewReplacer("%3D", "%3d", "%2F", "%2f").Replace(url.QueryEscape(sample)),
		"escaped twice":      url.QueryEscape(url.QueryEscape(sample)),
		"every byte escaped": all("%%%02x"),
		"JSON in JSON":       strings.NewReplacer("=", `\u003d`, "/", `\/`).Replace(sample),
		"JavaScript":         strings.ReplaceAll(sample, "=", `\x3D`),
		"HTML":               strings.NewReplacer("=", "&#x3D;", "/", "&#x2f;", "+", "&#43;").Replace(sample),
		"wrapped":            sample[:10] + "\n" + sample[10:],
		"wrapped, CRLF":      sample[:10] + "\r\n    " + sample[10:],
		"zero width":         strings.Join(strings.Split(sample, ""), "\u200b"),
		"joiner, soft":       sample[:3] + "\u200d" + sample[3:6] + "\u00ad" + sample[6:9] + "\ufeff" + sample[9:],
		"control":            sample[:3] + "\x00" + sample[3:6] + "\x1b" + sample[6:],
		"not UTF-8":          sample[:3] + "\xff" + sample[3:],
		"a no-break space":   sample[:3] + "\u00a0" + sample[3:],
		"wrapped, escaped":   strings.ReplaceAll(url.QueryEscape(sample), "%3D", "%3\nD\u200b"),
	}
}

func TestHideIn(t *testing.T) {
	t.Parallel()
	secret := credential.NewSecret(sample)
	for name, s := range spelled() {
		got := secret.HideIn("token=" + s + ", and " + s + "!")
		if strings.Count(got, "[redacted]") != 2 || strings.Contains(got, "ATATT") || strings.Contains(got, "1A2B") {
			t.Errorf("%s: %q", name, got)
		}
		if !strings.HasPrefix(got, "token=") || !strings.HasSuffix(got, "!") {
			t.Errorf("%s: took more than the token: %q", name, got)
		}
	}
}

func TestHideInLeavesTheRest(t *testing.T) {
	t.Parallel()
	secret := credential.NewSecret(sample)
	for _, s := range []string{
		"", "nothing here", sample[:len(sample)-1], sample[1:], strings.ToLower(sample), "\xff\u200b%3", `50% & more \ ` + "\n",
		strings.Replace(sample, "=", "%3E", 1), strings.Replace(sample, "=", "%3", 1), sample[:10] + "," + sample[10:],
	} {
		if got := secret.HideIn(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := (credential.Secret{}).HideIn("as it was"); got != "as it was" {
		t.Errorf("without a secret: %q", got)
	}
}

func FuzzHideIn(f *testing.F) {
	for _, s := range spelled() {
		f.Add(s, sample)
	}
	f.Add("%2525\\u0025", "%")
	f.Add("aab", "ab")
	f.Fuzz(func(t *testing.T, text, value string) {
		secret := credential.NewSecret(value)
		if strings.Contains(secret.String(), value) { // "" is in it as well
			return
		}
		got := secret.HideIn("<" + text + value + ">")
		if strings.Contains(strings.ReplaceAll(got, "[redacted]", "\x00"), value) && !strings.ContainsAny(value, "\x00") {
			t.Errorf("%q shows %q", got, value)
		}
	})
}

func TestHideTokens(t *testing.T) {
	t.Parallel()
	key := "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // 40 characters, from AWS's own examples
	for name, s := range map[string]string{
		"plain": key, "twice": key + key, "in a query": url.QueryEscape(key), "JSON in JSON": strings.ReplaceAll(key, "/", `\/`),
		"HTML": strings.ReplaceAll(key, "/", "&#x2F;"), "wrapped": key[:20] + "\n" + key[20:], "CRLF": key[:20] + "\r\n  " + key[20:],
		"zero width": strings.Join(strings.Split(key, ""), "\u200b"), "control": key[:5] + "\x1b" + key[5:], "not UTF-8": key[:5] + "\xff" + key[5:],
	} {
		if got := credential.HideTokens("token '" + s + "' is bad"); got != "token '[redacted]' is bad" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, s := range []string{
		"", key[1:], "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sts:AssumeRole",
		"dial tcp: lookup vpce-0123456789abcdef0-abcdefgh.sts.eu-west-1.vpce.amazonaws.com: no such host",
	} {
		if got := credential.HideTokens(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}
