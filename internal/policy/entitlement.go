package policy

import (
	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/ticket"
)

// file reads one policy file.
type file struct {
	*reader
	c   *compilation
	dir string // that named files are relative to
}

// entitlement reads one entry of entitlements.
func (f *file) entitlement(e entry) {
	if !IsEntitlementName(e.name) {
		f.problem(e.key, "%.80q cannot name an entitlement; use up to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit", e.name)
	} else {
		f.once(e)
	}
	what := "entitlement " + shown(e.name)
	o := f.object(e.value, e.key, what, "description", "ticket", "when", "lease", "limits", "aws", "ssh")
	if !o.ok {
		return
	}
	ent := Entitlement{Name: e.name, Ticket: f.conditions(o, what)}
	if n := o.get("description"); n != nil {
		ent.Description = f.description(n)
	}
	f.issuance(o, what, &ent)
	ent.Lease = f.lease(o, what, leaseBounds(ent))
	if e, ok := o.find("limits"); ok {
		ent.Limits = f.limits(e)
	}
	f.windowProblem(e.key, ent)
	out := &compiled{Entitlement: ent, at: position{f.name, e.key.Line, e.key.Column}}
	if n := o.get("when"); n != nil {
		f.when(n, out)
	}
	f.c.entitlements = append(f.c.entitlements, out)
}

// once tells of a name that another file has defined.
func (f *file) once(e entry) {
	if before, dup := f.c.first[e.name]; dup {
		f.problem(e.key, "entitlement %q is defined already at %s:%d:%d", e.name, before.file, before.line, before.col)
		return
	}
	f.c.first[e.name] = position{f.name, e.key.Line, e.key.Column}
}

func (f *file) description(n *yaml.Node) string {
	it, ok := f.text(n, "description")
	if ok && ticket.Clean(it.value) != it.value {
		f.problem(it.node, "description must be one line without control characters")
	}
	return it.value
}

// issuance reads aws or ssh.
func (f *file) issuance(o object, what string, ent *Entitlement) {
	aws, hasAWS := o.find("aws")
	ssh, hasSSH := o.find("ssh")
	if hasAWS {
		ent.AWS = f.aws(aws)
	}
	if hasSSH {
		ent.SSH = f.ssh(ssh)
	}
	switch {
	case hasAWS && hasSSH:
		f.problem(later(aws.key, ssh.key), "%s has both aws and ssh; make it two entitlements", what)
	case !hasAWS && !hasSSH:
		f.problem(o.at, "%s must have aws or ssh", what)
	}
}

func later(a, b *yaml.Node) *yaml.Node {
	if a.Line > b.Line || a.Line == b.Line && a.Column > b.Column {
		return a
	}
	return b
}
