// Package sandbox is a world to try jit in and to test it with: a Jira, an STS,
// an S3, a KMS, an SSH server and a log directory, in one process, on loopback
// and in one directory.
package sandbox

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
	"github.com/jitaccess/jit/internal/sandbox/fakekms"
	"github.com/jitaccess/jit/internal/sandbox/fakes3"
	"github.com/jitaccess/jit/internal/sandbox/fakesignin"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
	"github.com/jitaccess/jit/internal/sandbox/sshd"
)

// What is in every world.
const (
	Account = "111122223333"
	Region  = "eu-west-1"
	Role    = "arn:aws:iam::" + Account + ":role/jit-demo"
	Bucket  = "jit-sandbox"      // for logs under s3://jit-sandbox/…
	CAAlias = "alias/jit-ssh-ca" // the CA's key, held by the KMS too
	Host    = "demo-host"        // in the ssh_config
	SSHUser = "demo"
	User    = "ada" // whose token the world's environment has
)

// Options say what world to start. The zero value is a Cloud site in a
// directory of its own.
type Options struct {
	// Dir must be empty or missing; Close removes it. "" makes one in the
	// system's place for temporary files.
	Dir string
	// Now is the clock of all servers; nil takes the system's.
	Now func() time.Time
	// Exe is linked as DIR/bin/jit where it is not "".
	Exe string
	// DataCenter makes the Jira a Data Center under the context path /jira.
	DataCenter bool
}

// World is a sandbox that runs. Its servers are there for tests to change.
type World struct {
	Dir  string // absolute, without symbolic links
	Jira *fakejira.Server
	STS  *fakests.Server
	S3   *fakes3.Server
	KMS  *fakekms.Server
	SSH  *sshd.Server

	Signin *fakesignin.Server
	Keys   *sigv4.Keyring

	JiraURL string // with the context path, as in the configuration
	STSURL  string
	S3URL   string
	KMSURL  string

	SigninURL string // of the AWS console

	Base       sigv4.Key // the throw-away AWS key of the environment
	JiraToken  string    // ada's
	AdminToken string    // of the URLs under AdminURL
	AdminURL   string

	CA      ssh.PublicKey
	HostKey ssh.PublicKey

	now   func() time.Time
	dc    bool
	ca    ed25519.PrivateKey
	webs  []*http.Server
	wg    sync.WaitGroup
	once  sync.Once
	ended error
}

// Start starts a world, which ends with Close or, but for its directory, with
// ctx. The error is of class Config where the directory cannot be used, Cancelled
// where ctx is over, else Internal.
func Start(ctx context.Context, o Options) (*World, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Cancelled, err, "the sandbox was not started")
	}
	dir, err := makeDir(o.Dir)
	if err != nil {
		return nil, err
	}
	w := &World{Dir: dir, now: o.Now, dc: o.DataCenter, JiraToken: rand.Text(), AdminToken: rand.Text(), Keys: sigv4.NewKeyring()}
	if w.now == nil {
		w.now = time.Now
	}
	for _, step := range []func(context.Context) error{w.makeKeys, w.startJira, w.startAWS, w.startSSH} {
		if err := step(ctx); err != nil {
			return nil, w.abandon(err)
		}
	}
	if err := w.writeFiles(); err != nil {
		return nil, w.abandon(err)
	}
	if err := w.link(o.Exe); err != nil {
		return nil, w.abandon(err)
	}
	context.AfterFunc(ctx, func() { _ = w.stop() }) // Close reports it
	return w, nil
}

// abandon takes down what was started of a world that cannot be.
func (w *World) abandon(err error) error {
	return fault.Wrap(fault.Internal, errors.Join(err, w.Close()), "the sandbox cannot start")
}

func makeDir(dir string) (string, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "jit-sandbox-")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err == nil {
		// A temporary directory behind a symbolic link, as on macOS, would
		// look as if it were outside of itself.
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fault.Wrap(fault.Config, err, "the sandbox has no directory")
	}
	if err := ownership.Check(dir); err != nil {
		return "", err // jit would refuse the world's files
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fault.Wrap(fault.Config, err, "the sandbox cannot read its directory")
	}
	if len(entries) > 0 {
		return "", fault.New(fault.Config, "%s is not empty, and a sandbox removes its directory", dir).
			WithHint("name a directory that does not exist yet")
	}
	return dir, nil
}

func (w *World) makeKeys(context.Context) error {
	_, ca, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	w.ca = ca
	w.CA, err = ssh.NewPublicKey(ca.Public())
	w.Base = w.Keys.NewUserKey(Account, User)
	return err
}

func (w *World) startJira(ctx context.Context) error {
	o := fakejira.Options{Now: w.now}
	if w.dc {
		o.Edition, o.ContextPath = fakejira.DataCenter, "/jira"
	}
	w.Jira = fakejira.New(o)
	w.Jira.AddToken(fakejira.Token{Value: w.JiraToken, UserID: o.Edition.ID(User)})
	mux := http.NewServeMux()
	mux.Handle("/", w.Jira)
	mux.Handle(adminPath, w.admin())
	url, err := w.serve(ctx, mux)
	w.JiraURL, w.AdminURL = url+o.ContextPath, url+adminPath
	return err
}

func (w *World) startAWS(ctx context.Context) error {
	w.STS = fakests.New(w.Keys, w.now)
	w.STS.AddRole(fakests.Role{ARN: Role})
	w.S3 = fakes3.New(w.Keys, w.now)
	w.S3.CreateBucket(Bucket)
	w.KMS = fakekms.New(w.Keys, Account, Region, w.now)
	if _, err := w.KMS.Add(CAAlias, w.ca); err != nil {
		return err
	}
	w.Signin = fakesignin.New(w.Keys, w.now)
	for _, service := range []struct {
		url     *string
		handler http.Handler
	}{{&w.STSURL, w.STS}, {&w.S3URL, w.S3}, {&w.KMSURL, w.KMS}, {&w.SigninURL, w.Signin}} {
		url, err := w.serve(ctx, service.handler)
		if err != nil {
			return err
		}
		*service.url = url
	}
	return nil
}

func (w *World) startSSH(ctx context.Context) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	host, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		return err
	}
	w.HostKey = host.PublicKey()
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	w.SSH = sshd.Serve(l, sshd.Options{HostKey: host, CA: w.CA, Now: w.now})
	return nil
}

func listen(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", "127.0.0.1:0")
}

// serve serves a handler on a port of its own and returns its URL.
func (w *World) serve(ctx context.Context, h http.Handler) (string, error) {
	l, err := listen(ctx)
	if err != nil {
		return "", err
	}
	web := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.webs = append(w.webs, web)
	w.wg.Go(func() { _ = web.Serve(l) }) // it returns when it is closed
	return "http://" + l.Addr().String(), nil
}

// stop ends all servers and waits for them.
func (w *World) stop() error {
	w.once.Do(func() {
		for _, web := range w.webs {
			w.ended = errors.Join(w.ended, web.Close())
		}
		if w.SSH != nil {
			w.ended = errors.Join(w.ended, w.SSH.Close())
		}
		w.wg.Wait()
	})
	return w.ended
}

// Close takes everything down and removes the directory.
func (w *World) Close() error {
	return errors.Join(w.stop(), os.RemoveAll(w.Dir))
}
