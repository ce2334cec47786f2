package sshclient_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshclient"
)

var began = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// newKey is a grant's key that expires an hour after began.
func newKey(t *testing.T) (credential.SSH, *ssh.Certificate) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: key, CertType: ssh.UserCert, KeyId: "jit OPS-7 ada " + rand.Text()}
	if err := cert.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return credential.SSH{
		PrivateKey:  credential.NewSecret(string(pem.EncodeToMemory(block))),
		Certificate: string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(cert))),
		KeyID:       cert.KeyId, ExpiresAt: began.Add(time.Hour),
	}, cert
}

// shortDir is a directory whose path leaves room for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// client speaks to the agent on a socket as ssh does.
func client(t *testing.T, socket string) agent.ExtendedAgent {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return agent.NewClient(conn)
}

// clock can be put forward while others read it.
type clock chan time.Time

func newClock() clock { c := make(clock, 1); c <- began; return c }

func (c clock) now() time.Time {
	now := <-c
	c <- now
	return now
}

func (c clock) forward(d time.Duration) { c <- (<-c).Add(d) }

func TestServedKeySignsUntilItExpiresAndTakesNoChanges(t *testing.T) {
	t.Parallel()
	key, cert := newKey(t)
	now := newClock()
	dir := shortDir(t)
	a, err := sshclient.Serve(t.Context(), dir, key, now.now)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for path, mode := range map[string]fs.FileMode{filepath.Dir(a.Socket()): 0o700, a.Public(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if got := read(t, a.Public()); got != key.Certificate+"\n" {
		t.Errorf("the public file has %q", got)
	}
	c := client(t, a.Socket())
	list, err := c.List()
	if err != nil || len(list) != 1 || !bytes.Equal(list[0].Blob, cert.Marshal()) {
		t.Fatalf("%v, %v", list, err)
	}
	signature, err := c.Sign(cert, []byte("a session"))
	if err != nil || cert.Key.Verify([]byte("a session"), signature) != nil {
		t.Fatalf("%v, %v", signature, err)
	}
	if _, err := c.Sign(cert.Key, []byte("a session")); err == nil {
		t.Error("it signs for the bare key")
	}
	other, _ := newKey(t)
	private, err := ssh.ParseRawPrivateKey([]byte(other.PrivateKey.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"add": c.Add(agent.AddedKey{PrivateKey: private}), "remove": c.Remove(cert), "remove all": c.RemoveAll(),
		"lock": c.Lock([]byte("x")), "unlock": c.Unlock([]byte("x")),
	} {
		if err == nil {
			t.Errorf("%s: not refused", what)
		}
	}
	now.forward(key.ExpiresAt.Sub(began))
	if list, err := c.List(); err != nil || len(list) != 0 {
		t.Errorf("expired: %v, %v", list, err)
	}
	if _, err := c.Sign(cert, []byte("a session")); err == nil {
		t.Error("it signs after the expiry")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOptionsOfferTheCertificateAlone(t *testing.T) {
	t.Parallel()
	key, cert := newKey(t)
	a, err := sshclient.Serve(t.Context(), shortDir(t), key, newClock().now)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	options := a.Options()
	for _, want := range []string{"IdentityAgent=\"" + a.Socket() + "\"", "IdentitiesOnly=yes", "PubkeyAcceptedKeyTypes=" + cert.Type()} {
		if !slices.Contains(options, want) {
			t.Errorf("no %s in %q", want, options)
		}
	}
}

// Only what is surely of an agent that was killed goes: people keep things beside
// it, some of them by such a name.
func TestServeSweepsWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	dir, now := shortDir(t), newClock()
	living, err := sshclient.Serve(t.Context(), dir, key, now.now)
	if err != nil {
		t.Fatal(err)
	}
	defer living.Close()
	// left is a directory as a killed agent leaves it: its socket is there, and
	// nobody behind it.
	left := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(path, "agent")})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		write(t, filepath.Join(path, "id-cert.pub"), "x", 0o600)
		return path
	}
	dead, young, named, foreign, open := left("jit-ssh-1"), left("jit-ssh-2"), left("jit-ssh-notes"), left("jit-ssh-3"), left("jit-ssh-4")
	write(t, filepath.Join(foreign, "precious"), "x", 0o600)
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "jit-ssh-5")
	if err := os.Symlink(named, link); err != nil {
		t.Fatal(err)
	}
	old := began.Add(-time.Hour)
	for _, path := range []string{dead, named, foreign, open, filepath.Dir(living.Socket())} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(young, began, began); err != nil {
		t.Fatal(err)
	}
	next, err := sshclient.Serve(t.Context(), dir, key, now.now)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a killed one left: %v", err)
	}
	for _, path := range []string{
		filepath.Join(young, "agent"), filepath.Join(named, "agent"), filepath.Join(foreign, "precious"),
		filepath.Join(foreign, "agent"), filepath.Join(open, "agent"), link, living.Socket(), next.Socket(),
	} {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestRivals(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	other, _ := newKey(t)
	a, err := sshclient.Serve(t.Context(), shortDir(t), key, newClock().now)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	home := t.TempDir()
	write(t, filepath.Join(home, "id-cert.pub"), other.Certificate+"\n", 0o600)
	write(t, filepath.Join(home, "plain.pub"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJd2Yxq7IoQ3Lw1Pz1nZp8bJt2Qm0h0iM2oYd3u7i3aX\n", 0o600)
	files := []string{a.Public(), "~/id", "~/id-cert.pub", filepath.Join(home, "plain.pub"), "~/gone"}
	if got := a.Rivals(files, home); len(got) != 1 || got[0] != filepath.Join(home, "id-cert.pub") {
		t.Errorf("%q", got)
	}
}

func TestServeRefusesWhatDoesNotReadBack(t *testing.T) {
	t.Parallel()
	good, _ := newKey(t)
	other, _ := newKey(t)
	for name, spoil := range map[string]func(*credential.SSH){
		"no key":         func(k *credential.SSH) { k.PrivateKey = credential.NewSecret("x") },
		"no certificate": func(k *credential.SSH) { k.Certificate = "x" },
		"another's":      func(k *credential.SSH) { k.Certificate = other.Certificate },
		"a bare public key": func(k *credential.SSH) {
			k.Certificate = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJd2Yxq7IoQ3Lw1Pz1nZp8bJt2Qm0h0iM2oYd3u7i3aX"
		},
	} {
		key, dir := good, shortDir(t)
		spoil(&key)
		if _, err := sshclient.Serve(t.Context(), dir, key, newClock().now); fault.ClassOf(err) != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestServeSaysThatAPathIsTooLong(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	dir := filepath.Join(shortDir(t), string(bytes.Repeat([]byte("x"), 120)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := sshclient.Serve(t.Context(), dir, key, newClock().now)
	if fault.ClassOf(err) != fault.Internal || fault.HintOf(err) == "" {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestServeAllHasWhatIsInForceWhenAsked(t *testing.T) {
	t.Parallel()
	first, firstCert := newKey(t)
	second, secondCert := newKey(t)
	second.ExpiresAt = began.Add(2 * time.Hour)
	held := make(chan []credential.SSH, 1)
	held <- nil
	set := func(keys ...credential.SSH) { <-held; held <- keys }
	now := newClock()
	var failed error
	keys := func(context.Context) ([]credential.SSH, error) {
		k := <-held
		held <- k
		return k, failed
	}
	socket := filepath.Join(shortDir(t), "agent")
	if err := os.WriteFile(socket, nil, 0o600); err != nil { // what a killed one left
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sshclient.ServeAll(ctx, socket, keys, now.now) }()
	for !sshclient.Answers(t.Context(), socket) {
		time.Sleep(time.Millisecond)
	}
	c := client(t, socket)
	lists := func(want ...*ssh.Certificate) {
		t.Helper()
		list, err := c.List()
		if err != nil || len(list) != len(want) {
			t.Fatalf("%v, %v; want %d", list, err, len(want))
		}
		for i, k := range list {
			if !bytes.Equal(k.Blob, want[i].Marshal()) {
				t.Errorf("key %d is another one", i)
			}
		}
	}
	lists()
	set(second, first)
	lists(secondCert, firstCert)
	for _, cert := range []*ssh.Certificate{firstCert, secondCert} {
		signature, err := c.Sign(cert, []byte("a session"))
		if err != nil || cert.Key.Verify([]byte("a session"), signature) != nil {
			t.Errorf("%v, %v", signature, err)
		}
	}
	now.forward(time.Hour)
	lists(secondCert)
	if _, err := c.Sign(firstCert, []byte("a session")); err == nil {
		t.Error("it signs after the expiry")
	}
	set() // revoked
	lists()
	if _, err := c.Sign(secondCert, []byte("a session")); err == nil {
		t.Error("it signs for what was revoked")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := sshclient.ServeAll(t.Context(), filepath.Join(shortDir(t), "no", "agent"), keys, now.now); fault.HintOf(err) == "" {
		t.Errorf("a place that is not there: %v", err)
	}
}
