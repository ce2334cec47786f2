package awssts

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// shortKey has the 40 characters of a secret access key, and so is the shortest
// of the secrets.
const shortKey = "q7Jw/Zr0Lm+X2vB9nC5tY8uK1pD4sF6gH3jA0eRi"

// echoes are ways in which STS, or a proxy before it, may repeat a secret.
func echoes(secret string) map[string]string {
	return map[string]string{
		"plain":        secret,
		"in a query":   url.QueryEscape(secret),
		"JSON":         strings.ReplaceAll(secret, "/", `\/`),
		"HTML":         strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(secret),
		"wrapped":      secret[:20] + "\n" + secret[20:],
		"CRLF":         secret[:20] + "\r\n\t" + secret[20:],
		"zero width":   secret[:10] + "\u200b" + secret[10:20] + "\u2060" + secret[20:],
		"control":      secret[:13] + "\u0085" + secret[13:26] + "\u007f" + secret[26:],
		"bidi":         secret[:20] + "\u202e" + secret[20:],
		"a separator":  secret[:20] + "\u2028" + secret[20:],
		"soft hyphens": strings.Join(strings.SplitAfter(secret, "/"), "\u00ad"),
	}
}

func TestQuotedTextShowsNoSecret(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"Surprise", "ValidationError", "MalformedPolicyDocument"} {
		for name, echo := range echoes(shortKey) {
			f := newFakeSTS(t)
			f.onAssume = func(w http.ResponseWriter, _ *http.Request) {
				writeError(w, http.StatusBadRequest, code, "cannot use '"+strings.ReplaceAll(echo, "&", "&amp;")+"' here")
			}
			_, err := mint(t, f.issuer(), accesstest.IssuerOrder(grant.AWS, epoch))
			checkText(t, err)
			own, _ := errors.AsType[*fault.Error](err)
			if !strings.Contains(own.Msg, "cannot use '[redacted]' here") {
				t.Errorf("%s, %s: %s", code, name, own.Msg)
			}
		}
	}
}
