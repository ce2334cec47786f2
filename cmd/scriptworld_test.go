package cmd

import (
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// verb is one way to change the embedded world: world NAME ARG…
type verb struct {
	args int
	do   func(ts *testscript.TestScript, w *sandbox.World, all *output, args []string) error
}

func verbs() map[string]verb {
	return map[string]verb{
		// The log's directory becomes a file: no record can be written.
		"spoil-log": {0, func(_ *testscript.TestScript, w *sandbox.World, _ *output, _ []string) error {
			return errors.Join(os.RemoveAll(w.AuditDir()), os.WriteFile(w.AuditDir(), nil, 0o600))
		}},
		// transition KEY STATUS, assign KEY USER, move KEY PROJECT, delete KEY
		"transition": {2, func(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
			return w.Jira.Transition(args[0], args[1], "carol")
		}},
		"assign": {2, func(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
			return w.Jira.Assign(args[0], args[1], "carol")
		}},
		"move": {2, func(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
			_, err := w.Jira.Move(args[0], args[1], "carol")
			return err
		}},
		// change BY KEY FIELD VALUE
		"change": {4, func(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
			return w.Change(args[1], args[0], args[2], args[3])
		}},
		"delete": {1, func(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
			w.Jira.Delete(args[0])
			return nil
		}},
		"ticket":   {2, spoilTicket},
		"jira":     {1, jiraAnswers},
		"token":    {1, newToken},
		"role":     {1, role},
		"sts":      {1, stsFails},
		"base":     {1, base},
		"session":  {0, session},
		"kms":      {1, kmsKey},
		"s3":       {1, s3},
		"write-s3": {2, writeS3},
	}
}

func world(ts *testscript.TestScript, neg bool, args []string, all *output) {
	w, ok := ts.Value(worldKey{}).(*sandbox.World)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf("usage: world VERB ...")
	}
	v, ok := verbs()[args[0]]
	if !ok || len(args) != v.args+1 {
		ts.Fatalf("what is %q?", args)
	}
	ts.Check(v.do(ts, w, all, args[1:]))
}

// spoilTicket: ticket KEY archived|hidden|no-category.
func spoilTicket(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	const odd = "10077" // a status whose category has no key
	w.Jira.AddStatus(fakejira.Status{ID: odd, Name: "Odd", Untranslated: "Odd"})
	ok := w.Jira.Update(args[0], func(i *fakejira.Issue) {
		switch args[1] {
		case "archived":
			i.Archived = true
		case "hidden":
			i.Hidden = true
		case "no-category":
			i.Status = odd
		}
	})
	if !ok {
		return fmt.Errorf("there is no %s", args[0])
	}
	return nil
}

// jiraAnswers: jira 429|503|html|redirect|{}|null|huge|cut|well.
func jiraAnswers(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	answer := func(status int, contentType, body string, header ...string) error {
		w.Jira.Hook(func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.Header().Set("Content-Type", contentType)
			for i := 0; i+1 < len(header); i += 2 {
				rw.Header().Set(header[i], header[i+1])
			}
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(body)) // a client that has had enough goes away
			return true
		})
		return nil
	}
	const plain, html = "application/json", "text/html"
	switch args[0] {
	case "429", "503": // longer than anybody waits, so it is told at once
		return answer(map[string]int{"429": 429, "503": 503}[args[0]], plain, `{}`, "Retry-After", "3600")
	case "html":
		return answer(200, html, "<html><title>Log in to the proxy</title></html>")
	case "redirect":
		return answer(302, html, "", "Location", "https://login.acme.example/?to=jira")
	case "{}", "null":
		return answer(200, plain, args[0])
	case "cut":
		return answer(200, plain, `{"accountId":"7120`)
	case "huge":
		return answer(200, plain, `{"x":"`+strings.Repeat("x", 24<<20)+`"}`)
	case "escapes":
		return answer(403, plain, `{"errorMessages":["\u001b]0;owned\u0007\u001b[31mno"]}`)
	case "well":
		w.Jira.Hook(nil)
		return nil
	}
	return fmt.Errorf("how does Jira answer %s?", args[0])
}

// newToken sets JIT_JIRA_TOKEN: token scoped|narrow|expired|captcha|good|bob.
func newToken(ts *testscript.TestScript, w *sandbox.World, all *output, args []string) error {
	t := fakejira.Token{Value: sigv4.UniqueID("ATATT-" + args[0]), UserID: w.Edition().ID(sandbox.User)}
	switch args[0] {
	case "scoped":
		t.Scopes = []string{"read:jira-user", "read:jira-work"}
	case "narrow":
		t.Scopes = []string{"read:jira-user"}
	case "expired":
		t.Expired = true
	case "captcha":
		t.Captcha = true
	case "bob":
		t.UserID = w.Edition().ID("bob")
	}
	w.Jira.AddToken(t)
	all.secret(t.Value, args[0]+" Jira token")
	ts.Setenv("JIT_JIRA_TOKEN", t.Value)
	return nil
}

// mfaCode is what the embedded MFA device shows.
const mfaCode = "736151"

// role replaces the demonstration's: role open|mfa|long|no-tags|no-source|untrusted|external.
func role(_ *testscript.TestScript, w *sandbox.World, all *output, args []string) error {
	r := fakests.Role{ARN: sandbox.Role}
	switch args[0] {
	case "mfa":
		r.MFASerial, r.MFACode = "arn:aws:iam::"+sandbox.Account+":mfa/ada", mfaCode
		all.secret(mfaCode, "MFA code")
	case "long":
		r.MaxSession = 12 * time.Hour
	case "no-tags":
		r.DenyTags = true
	case "no-source":
		r.DenySourceIdentity = true
	case "untrusted":
		r.Trusted = []string{"arn:aws:iam::" + sandbox.Account + ":user/nobody"}
	case "external":
		r.ExternalID = "acme-external-id"
	}
	w.STS.AddRole(r)
	return nil
}

// stsFails: sts drop|drop-once|throttle|broken|well, of AssumeRole.
func stsFails(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	faults := map[string]*fakests.Fault{
		"drop":      {Action: "AssumeRole", Drop: true},
		"drop-once": {Action: "AssumeRole", Drop: true, Times: 1},
		"packed":    {Action: "AssumeRole", Code: "PackedPolicyTooLarge", Message: "Packed size of session tags consumes 112% of allotted space."},
		"escapes":   {Action: "AssumeRole", Code: "ValidationError", Message: "1 validation error \x1b[31mred"},
		"well":      nil,
	}
	f, ok := faults[args[0]]
	if !ok {
		return fmt.Errorf("how does STS fail by %s?", args[0])
	}
	w.STS.Inject(f)
	return nil
}

// base changes the AWS identity of the environment: base session|expired|user.
func base(ts *testscript.TestScript, w *sandbox.World, all *output, args []string) error {
	key := w.Base
	until := map[string]time.Duration{"session": time.Hour, "expired": -time.Hour}
	if d, ok := until[args[0]]; ok {
		key = w.Keys.NewSessionKey(sigv4.Identity{
			ARN: "arn:aws:sts::" + sandbox.Account + ":assumed-role/base/ada", UserID: "AROABASE:ada", Account: sandbox.Account, Assumed: true,
		}, time.Now().Add(d))
		all.secret(key.Secret, "base session's secret")
		all.secret(key.Token, "base session's token")
	}
	ts.Setenv("AWS_ACCESS_KEY_ID", key.ID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", key.Secret)
	ts.Setenv("AWS_SESSION_TOKEN", key.Token)
	return nil
}

// session writes what AssumeRole last minted to session.json, without its key.
func session(ts *testscript.TestScript, w *sandbox.World, _ *output, _ []string) error {
	sessions := w.STS.Sessions()
	if len(sessions) == 0 {
		return errors.New("nothing was minted")
	}
	last := sessions[len(sessions)-1]
	data, err := json.MarshalIndent(map[string]any{
		"role": last.RoleARN, "name": last.Name, "source": last.SourceIdentity, "tags": last.Tags,
		"policy": last.Policy, "arns": last.PolicyARNs, "duration": last.Duration.String(), "chained": last.Chained,
	}, "", " ")
	return errors.Join(err, os.WriteFile(ts.MkAbs("session.json"), data, 0o600))
}

// kmsKey disables and enables the CA's key in the KMS: kms off|on.
func kmsKey(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	return w.KMS.SetEnabled(sandbox.CAAlias, args[0] == "on")
}

// s3 requires of the log's bucket that it has objects, or none: s3 empty|full.
func s3(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	keys := w.S3.Keys(sandbox.Bucket)
	if len(keys) == 0 == slices.Contains(args, "full") {
		return fmt.Errorf("the bucket has %q", keys)
	}
	return nil
}

// writeS3 puts an object into the log's bucket as an intruder: write-s3 KEY TEXT.
func writeS3(_ *testscript.TestScript, w *sandbox.World, _ *output, args []string) error {
	w.S3.Put(sandbox.Bucket, args[0], []byte(args[1]))
	return nil
}

// variable is one that expand replaces, where it is set.
var variable = regexp.MustCompile(`\$[A-Z][A-Z0-9_]*`)

// expand replaces $VARIABLE in files of the archive.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, name := range args {
		text := variable.ReplaceAllStringFunc(ts.ReadFile(name), func(v string) string {
			return cmp.Or(ts.Getenv(v[1:]), v)
		})
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// encryptedKey is a new Ed25519 key in OpenSSH's format under a passphrase.
func encryptedKey(passphrase string) []byte {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(block)
}
