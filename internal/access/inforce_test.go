package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func held(id, entitlement string, kind grant.Kind, minutes int) credential.Held {
	return credential.Held{Grant: grant.Grant{
		ID: grant.ID(id), Entitlement: entitlement, Kind: kind,
		Lease: grant.NewLease(time.Unix(0, 0), time.Duration(minutes)*time.Minute),
	}}
}

func TestChoose(t *testing.T) {
	all := []credential.Held{
		held("a", "ro", grant.AWS, 10), held("b", "ro", grant.AWS, 30), held("c", "ro", grant.AWS, 20),
		held("d", "bastion", grant.SSH, 60), held("e", "admin", grant.AWS, 5),
	}
	for _, tc := range []struct {
		name        string
		held        []credential.Held
		kind        grant.Kind
		entitlement string
		want        grant.ID
		class       fault.Class
	}{
		{"the one that expires last", all, "", "ro", "b", 0},
		{"the only one of a kind", all, grant.SSH, "", "d", 0},
		{"several entitlements", all, grant.AWS, "", "", fault.Usage},
		{"several kinds", all, "", "", "", fault.Usage},
		{"several grants of one entitlement", all[:3], "", "", "b", 0},
		{"no such entitlement", all, "", "other", "", fault.NoGrant},
		{"of another kind", all, grant.AWS, "bastion", "", fault.NoGrant},
		{"none", nil, "", "", "", fault.NoGrant},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := access.Choose(tc.held, tc.kind, tc.entitlement)
			if tc.want == "" {
				if err == nil || fault.ClassOf(err) != tc.class || fault.HintOf(err) == "" {
					t.Errorf("%v, hint %q", err, fault.HintOf(err))
				}
				return
			}
			if err != nil || got.Grant.ID != tc.want {
				t.Errorf("%s, %v", got.Grant.ID, err)
			}
		})
	}
}

func TestChoiceNamesEachEntitlementOnce(t *testing.T) {
	_, err := access.Choose([]credential.Held{held("a", "ro", grant.AWS, 1), held("b", "ro", grant.AWS, 2), held("c", "rw", grant.AWS, 3)}, "", "")
	choice, ok := errors.AsType[*access.ChoiceError](err)
	if !ok || len(choice.Choices) != 2 {
		t.Errorf("%v", err)
	}
}

func TestUseOpensWhatWasChosen(t *testing.T) {
	w := newWorld(t)
	out, err := w.request(access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	got, cred, err := access.Use(context.Background(), w.wallet, w.now, grant.AWS, "")
	if err != nil || got.Grant.ID != out.Held.Grant.ID || cred.AWS == nil || cred.AWS.SecretAccessKey.Empty() {
		t.Errorf("%+v, %+v, %v", got, cred, err)
	}
	w.now = out.Held.Grant.ExpiresAt
	if _, _, err := access.Use(context.Background(), w.wallet, w.now, grant.AWS, ""); fault.ClassOf(err) != fault.NoGrant {
		t.Errorf("an expired grant is used: %v", err)
	}
}

func TestExplainDecidesForEveryEntitlement(t *testing.T) {
	w := newWorld(t)
	ex, err := w.Explain(context.Background(), "OPS-7")
	if err != nil || !ex.Allowed() || len(ex.Decisions) != 2 {
		t.Fatalf("%+v, %v", ex, err)
	}
	for _, d := range ex.Decisions {
		if d.Allowed != (d.Entitlement == "ro") || len(d.Reasons) == 0 {
			t.Errorf("%+v", d)
		}
	}
	if len(w.journal.records) != 0 {
		t.Error("explaining is recorded")
	}
	done := working("OPS-9")
	done.Status.Category = "done"
	w.tickets.Put(done)
	if ex, err := w.Explain(context.Background(), "OPS-9"); err != nil || ex.Allowed() {
		t.Errorf("%+v, %v", ex, err)
	}
	if _, err := w.Explain(context.Background(), "OPS-404"); fault.ClassOf(err) != fault.Ticket {
		t.Errorf("%v", err)
	}
}
