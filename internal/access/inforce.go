package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// Choose picks from the grants in force the one that a command should use: of
// the named entitlement, or of the only one there is; where several grants of
// it are in force, the one that expires last. Kind "" takes any. The error is
// of class NoGrant where nothing fits, and a ChoiceError of class Usage where
// several entitlements do.
func Choose(held []credential.Held, kind grant.Kind, entitlement string) (credential.Held, error) {
	var best credential.Held
	var names []string
	for _, h := range held {
		if kind != "" && h.Grant.Kind != kind || entitlement != "" && h.Grant.Entitlement != entitlement {
			continue
		}
		if !slices.Contains(names, h.Grant.Entitlement) {
			names = append(names, h.Grant.Entitlement)
		}
		if best.Grant.ID == "" || h.Grant.ExpiresAt.After(best.Grant.ExpiresAt) {
			best = h
		}
	}
	switch len(names) {
	case 0:
		return credential.Held{}, noGrant(kind, entitlement)
	case 1:
		return best, nil
	}
	return credential.Held{}, &fault.Error{
		Class: fault.Usage, Err: &ChoiceError{Choices: names}, Msg: "which grant",
		Hint: "name one with -e, such as -e " + names[0],
	}
}

func noGrant(kind grant.Kind, entitlement string) error {
	what := []string{"no"}
	if kind != "" {
		what = append(what, strings.ToUpper(string(kind)))
	}
	what = append(what, "grant")
	if entitlement != "" {
		what = append(what, "for "+entitlement)
	}
	return fault.New(fault.NoGrant, "%s is in force", strings.Join(what, " ")).
		WithHint("run jit request KEY, with the key of your ticket")
}

// Use returns the grant that Choose picks and its secret.
func Use(ctx context.Context, w Wallet, now time.Time, kind grant.Kind, entitlement string) (credential.Held, credential.Credential, error) {
	held, err := w.List(ctx, now)
	if err != nil {
		return credential.Held{}, credential.Credential{}, err
	}
	chosen, err := Choose(held, kind, entitlement)
	if err != nil {
		return credential.Held{}, credential.Credential{}, err
	}
	cred, err := w.Open(ctx, chosen.Grant.ID)
	return chosen, cred, err
}
