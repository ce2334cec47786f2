package sandbox_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sandbox"
)

const grantID = "abcdefghijklmnopqrstuvwxyz"

// standIn answers the commands of the tour as jit would, with real signatures
// and real keys of the world's STS.
type standIn struct {
	w       *sandbox.World
	records []string
	spoil   func(args []string, o *sandbox.Output)
}

func (s *standIn) run(ctx context.Context, args ...string) (sandbox.Output, error) {
	o := s.answer(ctx, args)
	if s.spoil != nil {
		s.spoil(args, &o)
	}
	return o, ctx.Err()
}

func (s *standIn) answer(ctx context.Context, args []string) sandbox.Output {
	switch strings.Join(args, " ") {
	case "request DEMO-1 -e demo-ssh --json":
		return s.grant("demo-ssh", "ssh")
	case "request DEMO-1 -e demo-aws --json":
		return s.grant("demo-aws", "aws")
	case "credential-process -e demo-aws":
		return s.assume(ctx)
	case "status":
		return sandbox.Output{Stdout: "DEMO-1 demo-ssh\nDEMO-1 demo-aws\n"}
	case "audit list":
		return sandbox.Output{Stdout: strings.Join(s.records, "")}
	case "audit verify":
		return sandbox.Output{Stdout: "ok\n"}
	}
	if args[0] != "request" {
		return sandbox.Output{Code: 2}
	}
	s.record("denied", args[1], args[3])
	why := map[string]string{"DEMO-2": "the status category is done", "DEMO-3": "the ticket is assigned to Bob"}
	return sandbox.Output{Code: 3, Stderr: "jit: error: " + why[args[1]] + "\n"}
}

func (s *standIn) record(event, key, entitlement string) {
	s.records = append(s.records, fmt.Sprintf(`{"unmapped":{"jit":{"event":%q,"ticket":%q,"entitlement":%q,"seq":%d}}}`+"\n",
		event, key, entitlement, len(s.records)+1))
}

func (s *standIn) grant(entitlement, kind string) sandbox.Output {
	s.record("issued", "DEMO-1", entitlement)
	return sandbox.Output{Stdout: fmt.Sprintf(`{"id":%q,"ticket":"DEMO-1","kind":%q,"expires_at":"2026-03-04T05:21:07Z",`+
		`"record":{"writer":"ada","seq":%d,"hash":"00"}}`, grantID, kind, len(s.records))}
}

func (s *standIn) assume(ctx context.Context) sandbox.Output {
	client := sts.New(sts.Options{
		Region: sandbox.Region, BaseEndpoint: aws.String(s.w.STSURL),
		Credentials: credentials.NewStaticCredentialsProvider(s.w.Base.ID, s.w.Base.Secret, ""),
	})
	out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(sandbox.Role), RoleSessionName: aws.String("DEMO-1." + grantID)})
	if err != nil {
		return sandbox.Output{Code: 7, Stderr: err.Error()}
	}
	text, _ := json.Marshal(map[string]any{
		"Version": 1, "AccessKeyId": out.Credentials.AccessKeyId, "SecretAccessKey": out.Credentials.SecretAccessKey,
		"SessionToken": out.Credentials.SessionToken,
	})
	return sandbox.Output{Stdout: string(text)}
}

// key signs a certificate with the CA of the world's file.
func (s *standIn) key(id string) sandbox.KeyOf {
	return func(context.Context, string) (ssh.Signer, error) {
		data, err := os.ReadFile(s.w.Path("ca"))
		if err != nil {
			return nil, err
		}
		ca, err := ssh.ParsePrivateKey(data)
		if err != nil {
			return nil, err
		}
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		key, err := ssh.NewSignerFromSigner(private)
		if err != nil {
			return nil, err
		}
		cert := &ssh.Certificate{
			Key: key.PublicKey(), CertType: ssh.UserCert, KeyId: id, ValidPrincipals: []string{sandbox.SSHUser},
			ValidAfter: uint64(time.Now().Add(-time.Minute).Unix()), ValidBefore: uint64(time.Now().Add(time.Hour).Unix()),
		}
		if err := cert.SignCert(rand.Reader, ca); err != nil {
			return nil, err
		}
		return ssh.NewCertSigner(cert, key)
	}
}

func TestTour(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	s := &standIn{w: w}
	var out bytes.Buffer
	if err := sandbox.Tour(context.Background(), w, s.run, s.key("jit DEMO-1 ada "+grantID), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text := out.String()
	for _, want := range []string{
		"$ jit request DEMO-1 -e demo-ssh --json", "log in to demo-host", "  demo\n", "assumed-role/jit-demo/DEMO-1." + grantID,
		"$ jit request DEMO-2 -e demo-ssh", "$ jit request DEMO-3 -e demo-aws", "  1 issued DEMO-1 demo-ssh\n", "$ jit audit verify", "curl -K",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the tour does not show %q", want)
		}
	}
	for _, session := range w.STS.Sessions() {
		if strings.Contains(text, session.Key.Secret) || strings.Contains(text, session.Key.Token) {
			t.Error("the tour shows a secret")
		}
	}
	for _, secret := range []string{w.JiraToken, w.AdminToken, w.Base.Secret} {
		if strings.Contains(text, secret) {
			t.Error("the tour shows a secret of the world")
		}
	}
}

// TestTourFails spoils one thing after the other: the tour must notice each.
func TestTourFails(t *testing.T) {
	t.Parallel()
	on := func(command string, edit func(*sandbox.Output)) func([]string, *sandbox.Output) {
		return func(args []string, o *sandbox.Output) {
			if strings.HasPrefix(strings.Join(args, " "), command) {
				edit(o)
			}
		}
	}
	code := func(n int) func(*sandbox.Output) { return func(o *sandbox.Output) { o.Code = n } }
	print := func(s string) func(*sandbox.Output) { return func(o *sandbox.Output) { o.Stdout = s } }
	const good = "jit DEMO-1 ada " + grantID
	tests := []struct {
		name  string
		keyID string
		spoil func([]string, *sandbox.Output)
		step  string
	}{
		{"request fails", good, on("request DEMO-1 -e demo-ssh", code(7)), "step 1"},
		{"no JSON", good, on("request DEMO-1 -e demo-ssh", print("granted")), "step 1"},
		{"another kind", good, on("request DEMO-1 -e demo-ssh", print(`{"id":"x","ticket":"DEMO-1","kind":"aws","record":{"seq":1}}`)), "step 1"},
		{"no record", good, on("request DEMO-1 -e demo-ssh", print(`{"id":"x","ticket":"DEMO-1","kind":"ssh"}`)), "step 1"},
		{"certificate of another ticket", "jit OPS-1 ada " + grantID, nil, "step 1"},
		{"certificate of another grant", "jit DEMO-1 ada other", nil, "step 1"},
		{"no keys", good, on("credential-process", print("{}")), "step 2"},
		{"keys that are no JSON", good, on("credential-process", print("keys")), "step 2"},
		{"a grant is missing", good, on("status", print("DEMO-1 demo-ssh")), "step 3"},
		{"DEMO-2 is granted", good, on("request DEMO-2", code(0)), "step 4"},
		{"no reason", good, on("request DEMO-2", func(o *sandbox.Output) { o.Stderr = "no" }), "step 4"},
		{"wrong code", good, on("request DEMO-3", code(4)), "step 5"},
		{"a denial is not recorded", good, on("audit list", func(o *sandbox.Output) { o.Stdout = strings.ReplaceAll(o.Stdout, "denied", "-") }), "step 6"},
		{"the log does not verify", good, on("audit verify", code(6)), "step 7"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, sandbox.Options{})
			s := &standIn{w: w, spoil: tc.spoil}
			var out bytes.Buffer
			err := sandbox.Tour(context.Background(), w, s.run, s.key(tc.keyID), &out)
			if err == nil || !strings.Contains(err.Error(), tc.step) || fault.ClassOf(err) != fault.Internal {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTourCannotRun(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	broken := errors.New("no such program")
	run := func(context.Context, ...string) (sandbox.Output, error) { return sandbox.Output{}, broken }
	err := sandbox.Tour(context.Background(), w, run, nil, &bytes.Buffer{})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	s := &standIn{w: w}
	noKey := func(context.Context, string) (ssh.Signer, error) { return nil, broken }
	if err := sandbox.Tour(context.Background(), w, s.run, noKey, &bytes.Buffer{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
