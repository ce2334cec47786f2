package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/crypto/ssh"
)

// exitDenied is the exit code of a request that the policy refuses.
const exitDenied = 3

// granted is what the tour reads of jit request --json.
type granted struct {
	ID, Ticket, Kind string
	ExpiresAt        time.Time `json:"expires_at"`
	Record           struct {
		Writer string
		Seq    uint64
	}
}

func (g *guide) request(ctx context.Context, entitlement, kind string) (granted, error) {
	var grant granted
	o, err := g.jit(ctx, 0, nil, "request", "DEMO-1", "-e", entitlement, "--json")
	if err != nil {
		return grant, err
	}
	if err := json.Unmarshal([]byte(o.Stdout), &grant); err != nil {
		return grant, fmt.Errorf("jit request --json printed no grant: %w", err)
	}
	if grant.ID == "" || grant.Ticket != "DEMO-1" || grant.Kind != kind || grant.Record.Seq == 0 {
		return grant, fmt.Errorf("the grant is not of DEMO-1 and %s: %+v", kind, grant)
	}
	g.shown("granted until %s; it is record %d of %s, written before the key could be used",
		grant.ExpiresAt.UTC().Format(time.RFC3339), grant.Record.Seq, grant.Record.Writer)
	return grant, nil
}

func (g *guide) ssh(ctx context.Context) error {
	grant, err := g.request(ctx, "demo-ssh", "ssh")
	if err != nil {
		return err
	}
	key, err := g.key(ctx, grant.ID)
	if err != nil {
		return err
	}
	g.printf("(log in to %s over SSH with that key, and ask whoami)\n", Host)
	text, err := g.w.LogIn(ctx, key, "whoami")
	if err != nil {
		return err
	}
	g.print(text)
	logins := g.w.SSH.Logins()
	if text != SSHUser+"\n" || len(logins) == 0 {
		return fmt.Errorf("the SSH server answered %q", text)
	}
	last := logins[len(logins)-1]
	if want := "jit DEMO-1 "; !strings.HasPrefix(last.KeyID, want) || !strings.HasSuffix(last.KeyID, " "+grant.ID) {
		return fmt.Errorf("the certificate is called %q", last.KeyID)
	}
	g.shown("the SSH server let %s in and logged the ticket: %q", last.User, last.KeyID)
	return nil
}

// LogIn runs a command on the world's SSH server, as SSHUser, and returns what
// it wrote.
func (w *World) LogIn(ctx context.Context, key ssh.Signer, command string) (string, error) {
	config := &ssh.ClientConfig{
		User: SSHUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(w.HostKey), Timeout: 10 * time.Second,
	}
	client, err := ssh.Dial("tcp", w.SSH.Addr(), config)
	if err != nil {
		return "", fmt.Errorf("log in by SSH: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	defer func() { _ = client.Close() }() // all that is wanted of it was read
	session, err := client.NewSession()
	if err != nil {
		return "", fmt.Errorf("open an SSH session: %w", err)
	}
	var out bytes.Buffer
	session.Stdout = &out // the server writes to no other
	if err := session.Run(command); err != nil {
		return out.String(), fmt.Errorf("run %q by SSH: %w", command, err)
	}
	return out.String(), nil
}

func (g *guide) aws(ctx context.Context) error {
	grant, err := g.request(ctx, "demo-aws", "aws")
	if err != nil {
		return err
	}
	o, err := g.jit(ctx, 0, redact, "credential-process", "-e", "demo-aws")
	if err != nil {
		return err
	}
	var keys struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(o.Stdout), &keys); err != nil {
		return fmt.Errorf("jit credential-process printed no keys: %w", err)
	}
	g.printf("(call GetCallerIdentity with those keys)\n")
	client := sts.New(sts.Options{
		Region: Region, BaseEndpoint: aws.String(g.w.STSURL),
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
	})
	who, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	arn := aws.ToString(who.Arn)
	g.print(arn + "\n")
	if want := ":assumed-role/jit-demo/DEMO-1." + grant.ID; !strings.HasSuffix(arn, want) {
		return fmt.Errorf("AWS takes the keys for %s", arn)
	}
	g.shown("AWS knows the ticket and the grant by name, in every line of CloudTrail")
	return nil
}

// redact hides the secrets of jit credential-process.
func redact(stdout string) string {
	var keys map[string]any
	if json.Unmarshal([]byte(stdout), &keys) != nil {
		return "(not shown: it is not the JSON that it should be)\n"
	}
	for _, name := range []string{"SecretAccessKey", "SessionToken"} {
		if _, ok := keys[name]; ok {
			keys[name] = "(not shown)"
		}
	}
	b, err := json.Marshal(keys)
	if err != nil {
		return ""
	}
	return string(b) + "\n"
}

func (g *guide) status(ctx context.Context) error {
	o, err := g.jit(ctx, 0, nil, "status")
	if err != nil {
		return err
	}
	if !strings.Contains(o.Stdout, "demo-ssh") || !strings.Contains(o.Stdout, "demo-aws") {
		return fmt.Errorf("jit status does not show both grants")
	}
	g.shown("both grants are in force, and end by themselves")
	return nil
}

// refused asks for both entitlements, by way of a ticket whose reason for not
// unlocking them has a certain word.
func (g *guide) refused(key, word string) func(context.Context) error {
	return func(ctx context.Context) error {
		before := len(g.w.STS.Sessions())
		for _, entitlement := range []string{"demo-ssh", "demo-aws"} {
			o, err := g.jit(ctx, exitDenied, nil, "request", key, "-e", entitlement)
			if err != nil {
				return err
			}
			if !strings.Contains(strings.ToLower(o.Stderr), word) {
				return fmt.Errorf("the refusal of %s does not say %q", key, word)
			}
		}
		if len(g.w.STS.Sessions()) != before {
			return fmt.Errorf("AWS keys were minted for %s", key)
		}
		g.shown("nothing was minted; the refusals are recorded too")
		return nil
	}
}

func (g *guide) list(ctx context.Context) error {
	o, err := g.jit(ctx, 0, brief, "audit", "list")
	if err != nil {
		return err
	}
	for _, word := range []string{"issued", "denied", "DEMO-1", "DEMO-2", "DEMO-3"} {
		if !strings.Contains(o.Stdout, word) {
			return fmt.Errorf("jit audit list does not show %s", word)
		}
	}
	g.shown("who, what, why and until when, for what was given and for what was refused")
	return nil
}

// brief turns records, which are what jit audit list prints where nobody looks
// at a terminal, into a line each.
func brief(stdout string) string {
	var b strings.Builder
	for line := range strings.Lines(stdout) {
		var record struct {
			Unmapped struct {
				Jit struct {
					Event, Ticket, Entitlement string
					Entitlements               []string
					Seq                        uint64
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			b.WriteString(line)
			continue
		}
		j := record.Unmapped.Jit
		if j.Entitlement == "" {
			j.Entitlement = strings.Join(j.Entitlements, ",")
		}
		fmt.Fprintf(&b, "%d %s %s %s\n", j.Seq, j.Event, j.Ticket, j.Entitlement)
	}
	return b.String()
}

func (g *guide) verify(ctx context.Context) error {
	if _, err := g.jit(ctx, 0, nil, "audit", "verify"); err != nil {
		return err
	}
	g.shown("each record holds the hash of the one before")
	return nil
}
