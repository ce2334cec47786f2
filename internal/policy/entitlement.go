package policy

import (
	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/ticket"
)

// file reads one policy file.
type file struct {
	*strict.Reader
	c   *compilation
	dir string // that named files are relative to
}

// entitlement reads one entry of entitlements.
func (f *file) entitlement(e entry) {
	if !IsEntitlementName(e.Name) {
		f.Problem(e.Key, "%.80q cannot name an entitlement; use up to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit", e.Name)
	} else {
		f.once(e)
	}
	what := "entitlement " + shown(e.Name)
	o := f.Object(e.Value, e.Key, what, "description", "ticket", "when", "lease", "limits", "aws", "ssh")
	if !o.OK {
		return
	}
	ent := Entitlement{Name: e.Name, Ticket: f.conditions(o, what)}
	if n := o.Get("description"); n != nil {
		ent.Description = f.description(n)
	}
	f.issuance(o, what, &ent)
	ent.Lease = f.lease(o, what, leaseBounds(ent))
	if e, ok := o.Find("limits"); ok {
		ent.Limits = f.limits(e)
	}
	f.windowProblem(e.Key, ent)
	out := &compiled{Entitlement: ent, at: position{f.Name, e.Key.Line, e.Key.Column}}
	if n := o.Get("when"); n != nil {
		f.when(n, out)
	}
	f.c.entitlements = append(f.c.entitlements, out)
}

// once tells of a name that another file has defined.
func (f *file) once(e entry) {
	if before, dup := f.c.first[e.Name]; dup {
		f.Problem(e.Key, "entitlement %q is defined already at %s:%d:%d", e.Name, before.file, before.line, before.col)
		return
	}
	f.c.first[e.Name] = position{f.Name, e.Key.Line, e.Key.Column}
}

func (f *file) description(n *yaml.Node) string {
	it, ok := f.Text(n, "description")
	if ok && ticket.Clean(it.Value) != it.Value {
		f.Problem(it.Node, "description must be one line without control characters")
	}
	return it.Value
}

// issuance reads aws or ssh.
func (f *file) issuance(o object, what string, ent *Entitlement) {
	aws, hasAWS := o.Find("aws")
	ssh, hasSSH := o.Find("ssh")
	if hasAWS {
		ent.AWS = f.aws(aws)
	}
	if hasSSH {
		ent.SSH = f.ssh(ssh)
	}
	switch {
	case hasAWS && hasSSH:
		f.Problem(later(aws.Key, ssh.Key), "%s has both aws and ssh; make it two entitlements", what)
	case !hasAWS && !hasSSH:
		f.Problem(o.At, "%s must have aws or ssh", what)
	}
}

func later(a, b *yaml.Node) *yaml.Node {
	if a.Line > b.Line || a.Line == b.Line && a.Column > b.Column {
		return a
	}
	return b
}
