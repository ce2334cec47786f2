package sshclient

import (
	"context"
	"os/exec"
	"strings"
)

// Resolved is what ssh's configuration makes of a host.
type Resolved struct{ HostName, User string }

// Resolve asks ssh -G what its configuration says of the command. Where ssh does
// not tell, the host stands for itself.
func Resolve(ctx context.Context, ssh string, c Command) Resolved {
	r := Resolved{HostName: c.Host}
	out, err := exec.CommandContext(ctx, ssh, append([]string{"-G"}, c.Args[:c.at+1]...)...).Output()
	if err != nil {
		return r
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "hostname":
			r.HostName = value
		case "user":
			r.User = value
		}
	}
	return r
}
