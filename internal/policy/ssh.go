package policy

import (
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/ticket"
)

// extensions are those that OpenSSH knows (PROTOCOL.certkeys).
func extensions() []string {
	return []string{
		"permit-pty", "permit-agent-forwarding", "permit-port-forwarding", "permit-X11-forwarding", "permit-user-rc", "no-touch-required",
	}
}

// maxCommand is the longest force_command in bytes, our own choice: a longer
// one belongs in a script on the host.
const maxCommand = 4096

// ssh reads ssh.
func (f *file) ssh(e entry) *SSH {
	out := &SSH{}
	o := f.Object(e.Value, e.Key, "ssh", "logins", "extensions", "source_addresses", "force_command", "hosts", "principals")
	if !o.OK {
		return out
	}
	if o.Get("logins") == nil {
		f.Problem(o.At, "ssh must have logins")
	}
	out.Logins = f.each(o, "logins", f.login)
	out.Extensions = f.each(o, "extensions", f.extension)
	out.SourceAddresses = f.each(o, "source_addresses", f.sourceAddress)
	out.Hosts = f.each(o, "hosts", f.host)
	if n := o.Get("force_command"); n != nil {
		out.ForceCommand = f.forceCommand(n)
	}
	if n := o.Get("principals"); n != nil {
		if it, ok := f.Text(n, "principals"); ok && it.Value != PrincipalsScoped {
			f.Problem(it.Node, "principals is %q or left out, not %.80q", PrincipalsScoped, it.Value)
		} else {
			out.Principals = it.Value
		}
	}
	return out
}

// each reads an optional list and checks each value.
func (f *file) each(o object, key string, check func(item)) []string {
	n := o.Get(key)
	if n == nil {
		return nil
	}
	items := f.Texts(n, key)
	values := make([]string, 0, len(items))
	for _, it := range items {
		check(it)
		values = append(values, it.Value)
	}
	return values
}

func (f *file) login(it item) {
	if !isLogin(it.Value) {
		f.Problem(it.Node, "%.80q is not a login: up to 64 letters, digits and _.@+-, beginning with a letter, a digit or _", it.Value)
	}
}

func (f *file) extension(it item) {
	if !slices.Contains(extensions(), it.Value) && !isForeignExtension(it.Value) {
		f.Problem(it.Node, "%.80q is not an extension; OpenSSH has %s, and others are written name@domain", it.Value, strings.Join(extensions(), ", "))
	}
}

func (f *file) sourceAddress(it item) {
	prefix, err := netip.ParsePrefix(it.Value)
	if err != nil {
		if addr, aerr := netip.ParseAddr(it.Value); aerr == nil && addr.Zone() == "" {
			f.Problem(it.Node, "%.80q is not a CIDR range; write %s", it.Value, netip.PrefixFrom(addr, addr.BitLen()))
			return
		}
		f.Problem(it.Node, "%.80q is not a CIDR range, such as 10.0.0.0/8", it.Value)
		return
	}
	// sshd refuses every login of a certificate with such a range.
	if prefix != prefix.Masked() {
		f.Problem(it.Node, "%.80q has bits beyond its length; write %s", it.Value, prefix.Masked())
	}
}

func (f *file) host(it item) {
	if !isHostPattern(it.Value) {
		f.Problem(it.Node, "%.80q is not a host pattern: letters, digits and .-_: with * and ? for others", it.Value)
	}
}

func (f *file) forceCommand(n *yaml.Node) string {
	it, ok := f.Text(n, "force_command")
	if ok && (ticket.Clean(it.Value) != it.Value || len(it.Value) > maxCommand) {
		f.Problem(it.Node, "force_command must be one line of at most %d bytes without control characters", maxCommand)
	}
	return it.Value
}
