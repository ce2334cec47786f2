package jira

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// oddToken has characters that URLs and HTML escape, as Cloud's tokens have.
const oddToken = "ATATT3xFfGF0-a_b+c/d=1A2B."

// echoes are ways in which a server or a proxy may repeat what it was sent.
func echoes(secret string) map[string]string {
	return map[string]string{
		"plain":            secret,
		"in a query":       url.QueryEscape(secret),
		"in a path":        url.PathEscape(secret),
		"lower-case hex":   strings.NewReplacer("%3D", "%3d", "%2F", "%2f", "%2B", "%2b").Replace(url.QueryEscape(secret)),
		"JSON in JSON":     strings.ReplaceAll(secret, "=", `\u003d`),
		"HTML":             strings.ReplaceAll(secret, "=", "&#61;"),
		"wrapped":          secret[:12] + "\n  " + secret[12:],
		"zero width":       secret[:4] + "\u200b" + secret[4:8] + "\u2060" + secret[8:],
		"control":          secret[:4] + "\x1b" + secret[4:8] + "\x00" + secret[8:],
		"a bidi override":  secret[:4] + "\u202e" + secret[4:],
		"wrapped, escaped": strings.Replace(url.QueryEscape(secret), "%2", "%\n2", 1),
	}
}

func TestJirasWordsShowNoToken(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte(email + ":" + oddToken))
	for _, secret := range []string{oddToken, basic, strings.NewReplacer("+", "-", "/", "_").Replace(basic)} {
		for name, echo := range echoes(secret) {
			body, err := json.Marshal(map[string]string{"message": "no access with " + echo})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, Cloud)
			w.on(issuePath, canned(http.StatusForbidden, string(body)))
			c, _ := connect(t, w, func(o *Options) { o.Token = credential.NewSecret(oddToken); o.GatewayExplicit = false })
			w.on(myselfPath, canned(200, myselfBody))
			_, err = c.Lookup(t.Context(), "OPS-7", nil)
			if fault.ClassOf(err) != fault.Auth || !strings.Contains(err.Error(), "no access with [redacted]") {
				t.Errorf("%s: %v", name, err)
			}
			// No part of the token is left over, whatever was dropped from within.
			for i := 0; i+4 <= len(secret); i++ {
				if err != nil && strings.Contains(err.Error(), secret[i:i+4]) {
					t.Errorf("%s: %q is in: %v", name, secret[i:i+4], err)
				}
			}
		}
	}
}

// What is cut to the length of a message is cut after it was redacted.
func TestTheCutLeavesNoPartOfTheToken(t *testing.T) {
	t.Parallel()
	c, err := New(Options{URL: "https://jira.acme.example", Token: credential.NewSecret(oddToken), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for before := longestText - len(oddToken); before <= longestText; before++ {
		got := c.harmless(strings.Repeat("x", before) + url.QueryEscape(oddToken))
		if strings.Contains(got, oddToken[:4]) || len([]rune(got)) > longestText+1 {
			t.Errorf("after %d characters: %q", before, got)
		}
	}
	body := fmt.Sprintf(`{"errorMessages":["bad %s"]}`, oddToken)
	if got := c.wording(answer{body: []byte(body)}); got != "bad [redacted]" {
		t.Errorf("a token at the end of a sentence: %q", got)
	}
}
