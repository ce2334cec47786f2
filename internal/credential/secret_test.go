package credential

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const hidden = "correct horse battery"

func TestSecretNeverPrints(t *testing.T) {
	secret := NewSecret(hidden)
	// %s of a struct that points on is a verb that does not fit, where fmt
	// stops asking for methods and prints fields.
	pointing := Credential{AWS: &AWS{SecretAccessKey: secret, SessionToken: secret}, SSH: &SSH{PrivateKey: secret}}
	for _, v := range []any{secret, &secret, []Secret{secret}, pointing, &pointing, *pointing.AWS, pointing.AWS} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%!"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, hidden) || strings.Contains(strings.ToLower(out), fmt.Sprintf("%x", hidden)) {
				t.Errorf("%s of %T shows the secret: %s", verb, v, out)
			}
		}
		b, err := json.Marshal(v)
		if err != nil || strings.Contains(string(b), hidden) {
			t.Errorf("JSON of %T: %s, %v", v, b, err)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), hidden) {
			t.Errorf("slog of %T: %s", v, &log)
		}
	}
}

func TestSecretKeepsItsValue(t *testing.T) {
	if got := NewSecret(hidden).Reveal(); got != hidden {
		t.Errorf("Reveal: %q", got)
	}
	if NewSecret(hidden) != NewSecret(strings.Clone(hidden)) {
		t.Error("equal secrets are not equal")
	}
	if NewSecret(hidden) == NewSecret("other") {
		t.Error("different secrets are equal")
	}
	for _, empty := range []Secret{{}, NewSecret("")} {
		if !empty.Empty() || empty.Reveal() != "" || empty != (Secret{}) {
			t.Errorf("not empty: %t %q", empty.Empty(), empty.Reveal())
		}
	}
}
