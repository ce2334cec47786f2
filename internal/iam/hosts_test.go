package iam_test

import (
	"maps"
	"testing"

	"github.com/jitaccess/jit/internal/iam"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	entry := func(name, what string) string {
		return "  " + name + ":\n    ticket: {projects: [OPS], status_categories: [indeterminate]}\n    lease: {default: 30m, max: 2h}\n    ssh: {" + what + "}\n"
	}
	plain, ok := iam.Hosts(entitlements(t, entry("all", "logins: [ops]")), "ssh-ed25519 AAAA ca")
	if !ok || plain.TrustedUserCAKeys != "ssh-ed25519 AAAA ca\n" || plain.Config != "TrustedUserCAKeys /etc/ssh/jit_ca.pub\n" ||
		len(plain.Hosts) != 1 || plain.Hosts[0].Patterns[0] != "*" || plain.Hosts[0].Principals != nil {
		t.Errorf("%+v", plain)
	}
	scoped, _ := iam.Hosts(entitlements(t,
		entry("bastion", `logins: [ops, root], hosts: ["bastion-*"], principals: scoped`)+
			entry("breaker", `logins: [root], hosts: ["bastion-*"], principals: scoped`)+
			entry("web", `logins: [ops], hosts: ["web-*"]`)), "ca")
	if scoped.Config != "TrustedUserCAKeys /etc/ssh/jit_ca.pub\nAuthorizedPrincipalsFile /etc/ssh/jit_principals/%u\n" || len(scoped.Hosts) != 2 {
		t.Fatalf("%+v", scoped)
	}
	want := map[string]string{"ops": "bastion:ops\n", "root": "bastion:root\nbreaker:root\n"}
	if got := scoped.Hosts[0].Principals; !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := scoped.Hosts[1].Principals; !maps.Equal(got, map[string]string{"ops": "ops\n"}) {
		t.Errorf("%q", got)
	}
	if _, ok := iam.Hosts(entitlements(t, readOnly), "ca"); ok {
		t.Error("there are hosts without an entitlement for SSH")
	}
}
