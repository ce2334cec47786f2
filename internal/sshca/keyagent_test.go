package sshca

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// recorder is an agent that remembers what it was given, and can refuse it.
type recorder struct {
	agent.Agent
	mu      sync.Mutex
	added   []agent.AddedKey
	refuse  func(agent.AddedKey) bool
	keyOnly bool // take the key and drop its certificate
	stuck   bool // refuse to remove anything
}

// Add remembers.
func (r *recorder) Add(k agent.AddedKey) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.added = append(r.added, k)
	if r.refuse != nil && r.refuse(k) {
		return errors.New("refused")
	}
	if r.keyOnly {
		k.Certificate = nil
	}
	return r.Agent.Add(k)
}

// Remove removes, unless it was told not to.
func (r *recorder) Remove(k ssh.PublicKey) error {
	if r.stuck {
		return errors.New("refused")
	}
	return r.Agent.Remove(k)
}

func newRecorder() *recorder { return &recorder{Agent: agent.NewKeyring()} }

// sshKey mints a key whose grant ends at end and has an id of its own.
func sshKey(t testing.TB, end time.Time, id byte) *credential.SSH {
	t.Helper()
	start := end.Add(-time.Hour)
	o := sshOrder(start, nil)
	o.Grant.ID = grant.ID(strings.Repeat(string(id), grant.IDLength))
	cred, _ := mint(t, fileIssuer(t, fixed(start), newPrivate(t, "ed25519")), o)
	return cred
}

func keyIDs(t testing.TB, a agent.Agent) []string {
	t.Helper()
	held, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range held {
		ids = append(ids, k.Comment)
	}
	slices.Sort(ids) // the order in an agent tells nothing
	return ids
}

func TestAddPutsKeyAndCertificateIntoTheAgent(t *testing.T) {
	t.Parallel()
	ring := newRecorder()
	key := sshKey(t, epoch.Add(time.Hour), 'a')
	now := epoch.Add(90*time.Second + 500*time.Millisecond)
	if err := NewKeyAgent(serveAgent(t, ring)).Add(t.Context(), key, now); err != nil {
		t.Fatal(err)
	}
	if len(ring.added) != 1 {
		t.Fatalf("%d keys were added", len(ring.added))
	}
	added := ring.added[0]
	if added.LifetimeSecs != 3509 || added.Comment != key.KeyID || added.ConfirmBeforeUse {
		t.Errorf("lifetime %d, comment %q", added.LifetimeSecs, added.Comment)
	}
	if added.Certificate == nil || added.Certificate.Serial != key.Serial {
		t.Errorf("certificate %+v", added.Certificate)
	}
	signers, err := ring.Signers()
	if err != nil || len(signers) != 1 || signers[0].PublicKey().Type() != ssh.CertAlgoED25519v01 {
		t.Errorf("the agent offers %v, %v", signers, err)
	}
}

func TestAddTakesExpiredOnesOut(t *testing.T) {
	t.Parallel()
	ring := newRecorder()
	a := NewKeyAgent(serveAgent(t, ring))
	old, older := sshKey(t, epoch, 'a'), sshKey(t, epoch.Add(-time.Second), 'b')
	current := sshKey(t, epoch.Add(time.Second), 'c')
	for _, k := range []*credential.SSH{old, older, current} {
		if err := a.Add(t.Context(), k, epoch.Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	foreign := foreignCert(t, ring, "jit and others", epoch.Add(-time.Hour))
	plain := newPrivate(t, "ed25519")
	if err := ring.Agent.Add(agent.AddedKey{PrivateKey: plain, Comment: old.KeyID}); err != nil {
		t.Fatal(err)
	}
	next := sshKey(t, epoch.Add(time.Hour), 'd')
	if err := a.Add(t.Context(), next, epoch); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{old.KeyID, current.KeyID, next.KeyID, foreign}, "\n")
	if got := strings.Join(keyIDs(t, ring), "\n"); got != want {
		t.Errorf("the agent holds\n%s\nwant\n%s", got, want)
	}
	if n, err := a.Purge(t.Context(), epoch.Add(time.Second)); n != 1 || err != nil {
		t.Errorf("Purge: %d, %v", n, err)
	}
	if n, err := a.Purge(t.Context(), time.Unix(-5, 0)); n != 0 || err != nil {
		t.Errorf("Purge before time began: %d, %v", n, err)
	}
}

// foreignCert adds an expired certificate that is not ours.
func foreignCert(t *testing.T, ring *recorder, keyID string, end time.Time) string {
	t.Helper()
	key := newPrivate(t, "ed25519")
	signer, err := ssh.NewSignerFromSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: signer.PublicKey(), KeyId: keyID, CertType: ssh.UserCert, ValidBefore: uint64(end.Unix())}
	if err := cert.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	if err := ring.Agent.Add(agent.AddedKey{PrivateKey: key, Certificate: cert, Comment: keyID}); err != nil {
		t.Fatal(err)
	}
	return keyID
}

func TestRemoveTakesOneGrantOut(t *testing.T) {
	t.Parallel()
	ring := newRecorder()
	a := NewKeyAgent(serveAgent(t, ring))
	one, two := sshKey(t, epoch.Add(time.Hour), 'a'), sshKey(t, epoch.Add(time.Hour), 'b')
	for _, k := range []*credential.SSH{one, two} {
		if err := a.Add(t.Context(), k, epoch); err != nil {
			t.Fatal(err)
		}
	}
	foreignCert(t, ring, "somebody's", epoch)
	for range 2 {
		if err := a.Remove(t.Context(), one.KeyID); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Remove(t.Context(), "somebody's"); err != nil {
		t.Fatal(err)
	}
	if ids := keyIDs(t, ring); len(ids) != 2 || ids[0] != two.KeyID || ids[1] != "somebody's" {
		t.Errorf("the agent holds %q", ids)
	}
}

func TestAgentsThatTakeNoKey(t *testing.T) {
	t.Parallel()
	key := sshKey(t, epoch.Add(time.Hour), 'a')
	lifetimes := &recorder{Agent: agent.NewKeyring(), refuse: func(k agent.AddedKey) bool { return k.LifetimeSecs != 0 }}
	err := NewKeyAgent(serveAgent(t, lifetimes)).Add(t.Context(), key, epoch)
	wantFault(t, err, fault.Config, "refused the key", "lifetimes", "certificates", "jit ssh")
	if len(lifetimes.added) != 1 || len(keyIDs(t, lifetimes)) != 0 {
		t.Errorf("it was given the key %d times and holds %q", len(lifetimes.added), keyIDs(t, lifetimes))
	}

	halves := &recorder{Agent: agent.NewKeyring(), keyOnly: true}
	err = NewKeyAgent(serveAgent(t, halves)).Add(t.Context(), key, epoch)
	wantFault(t, err, fault.Config, "without its certificate")
	if ids := keyIDs(t, halves); len(ids) != 0 {
		t.Errorf("the plain key stayed: %q", ids)
	}

	err = NewKeyAgent("").Add(t.Context(), key, epoch)
	wantFault(t, err, fault.Issuer, "no ssh-agent is running")
	_, err = NewKeyAgent("").Purge(t.Context(), epoch)
	wantFault(t, err, fault.Issuer, "no ssh-agent is running")
	err = NewKeyAgent(serveSocket(t, func(net.Conn) {})).Remove(t.Context(), key.KeyID)
	wantFault(t, err, fault.Config, "does not list")
}

func TestAgentRefusalsAreNamed(t *testing.T) {
	t.Parallel()
	for socket, word := range map[string]string{
		"/run/user/1000/gnupg/S.gpg-agent.ssh": "gpg-agent takes no certificates",
		`\\.\pipe\openssh-ssh-agent`:           "agent of Windows",
		"/tmp/ssh-x/agent.1":                   "ssh-agent refused",
	} {
		conn := &agentConn{wire: &wire{reply: []byte(failureReply)}, over: func() error { return nil }}
		wantFault(t, NewKeyAgent(socket).notAdded(conn, errors.New("agent: failure")), fault.Config, word)
	}
}

func TestAgentThatHangsUpIsNotARefusal(t *testing.T) {
	t.Parallel()
	key := sshKey(t, epoch.Add(time.Hour), 'a')
	const emptyList, success = "\x00\x00\x00\x05\x0c\x00\x00\x00\x00", "\x00\x00\x00\x01\x06"
	for name, replies := range map[string][]string{"at once": {emptyList}, "after it": {emptyList, success}} {
		err := NewKeyAgent(serveSocket(t, answers(replies...))).Add(t.Context(), key, epoch)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		wantFault(t, err, fault.Config, "did not answer")
	}
}

// An agent that drops a certificate by itself between the listing and the
// removal refuses the removal.
func TestPurgeOfWhatHasGone(t *testing.T) {
	t.Parallel()
	ring := newRecorder()
	a := NewKeyAgent(serveAgent(t, ring))
	if err := a.Add(t.Context(), sshKey(t, epoch, 'a'), epoch.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	ring.stuck = true
	if n, err := a.Purge(t.Context(), epoch); n != 0 || err != nil {
		t.Errorf("Purge: %d, %v", n, err)
	}
}

func TestKeysThatAreNotAdded(t *testing.T) {
	t.Parallel()
	ring := newRecorder()
	a := NewKeyAgent(serveAgent(t, ring))
	good, other := sshKey(t, epoch.Add(time.Hour), 'a'), sshKey(t, epoch.Add(time.Hour), 'b')
	change := func(f func(*credential.SSH)) *credential.SSH {
		k := *good
		f(&k)
		return &k
	}
	for name, c := range map[string]struct {
		key   *credential.SSH
		now   time.Time
		class fault.Class
	}{
		"expired":           {good, epoch.Add(time.Hour), fault.NoGrant},
		"almost expired":    {good, epoch.Add(time.Hour - 900*time.Millisecond), fault.NoGrant},
		"a lease cut short": {change(func(k *credential.SSH) { k.ExpiresAt = epoch }), epoch, fault.NoGrant},
		"no key":            {change(func(k *credential.SSH) { k.PrivateKey = credential.Secret{} }), epoch, fault.Internal},
		"key of another":    {change(func(k *credential.SSH) { k.PrivateKey = other.PrivateKey }), epoch, fault.Internal},
		"no certificate":    {change(func(k *credential.SSH) { k.Certificate = "" }), epoch, fault.Internal},
		"a plain key": {change(func(k *credential.SSH) {
			k.Certificate = authorizedKey(sshPublic(t, newPrivate(t, "ed25519")))
		}), epoch, fault.Internal},
	} {
		err := a.Add(t.Context(), c.key, c.now)
		if err == nil {
			t.Errorf("%s: added", name)
			continue
		}
		wantFault(t, err, c.class)
	}
	// A wallet that says a later expiry than the certificate does not stretch it.
	if err := a.Add(t.Context(), change(func(k *credential.SSH) { k.ExpiresAt = epoch.Add(48 * time.Hour) }), epoch); err != nil {
		t.Fatal(err)
	}
	if n := ring.added[0].LifetimeSecs; n != 3600 {
		t.Errorf("lifetime %d", n)
	}
}

func TestRealAgentKeepsTheKey(t *testing.T) {
	t.Parallel()
	socket := realAgent(t)
	now := time.Now()
	a := NewKeyAgent(socket)
	key := sshKey(t, now.Add(time.Hour), 'a')
	if err := a.Add(t.Context(), key, now); err != nil {
		t.Fatal(err)
	}
	list := func() string {
		cmd := exec.Command(tool(t, "ssh-add"), "-L")
		cmd.Env = []string{"SSH_AUTH_SOCK=" + socket}
		out, err := cmd.Output()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed { // it exits 1 for an empty agent
			t.Fatal(err)
		}
		return string(out)
	}
	if out := list(); !strings.Contains(out, key.Certificate) {
		t.Errorf("ssh-add -L: %s", out)
	}
	if err := a.Remove(t.Context(), key.KeyID); err != nil {
		t.Fatal(err)
	}
	if out := list(); strings.Contains(out, "ssh-ed25519") {
		t.Errorf("still there: %s", out)
	}
}

// A locked agent refuses additions, and says so instead of failing oddly.
func TestRealAgentThatIsLocked(t *testing.T) {
	t.Parallel()
	socket := realAgent(t)
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := agent.NewClient(c).Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	err = NewKeyAgent(socket).Add(t.Context(), sshKey(t, now.Add(time.Hour), 'a'), now)
	wantFault(t, err, fault.Config, "locked")
}

func TestRealGPGAgentTakesNoCertificate(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("gpg-agent")
	if err != nil {
		t.Skip("gpg-agent is not installed")
	}
	home, err := os.MkdirTemp("", "jit")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	// It detaches once it listens, and ends when its socket is removed.
	if err := exec.Command(program, "--homedir", home, "--enable-ssh-support", "--daemon", "--quiet").Run(); err != nil {
		t.Skipf("gpg-agent does not start here: %v", err)
	}
	a := NewKeyAgent(filepath.Join(home, "S.gpg-agent.ssh"))
	err = a.Add(t.Context(), sshKey(t, epoch.Add(time.Hour), 'a'), epoch)
	wantFault(t, err, fault.Config, "gpg-agent takes no certificates", "jit ssh")
}

// An agent without lifetimes gets the key only once something will take it out.
func TestAgentWithoutLifetimesIsEmptiedByAnother(t *testing.T) {
	ring := &recorder{Agent: agent.NewKeyring(), refuse: func(k agent.AddedKey) bool { return k.LifetimeSecs != 0 }}
	a, started := NewKeyAgent(serveAgent(t, ring)), 0
	now := time.Now()
	key := sshKey(t, now.Add(time.Hour), 'a')
	failing := a.EmptiedBy(func() error { return errors.New("it does not start") })
	if err := failing.Add(t.Context(), key, now); err == nil || len(keyIDs(t, ring)) != 0 {
		t.Fatalf("%v; it holds %q", err, keyIDs(t, ring))
	}
	a = a.EmptiedBy(func() error { started++; return nil })
	if err := a.Add(t.Context(), key, now); err != nil || started != 1 || len(keyIDs(t, ring)) == 0 {
		t.Fatalf("%v; started %d times; it holds %q", err, started, keyIDs(t, ring))
	}
	if n, err := a.Purge(t.Context(), now.Add(2*time.Hour)); err != nil || n != 1 || len(keyIDs(t, ring)) != 0 {
		t.Errorf("%d, %v; it holds %q", n, err, keyIDs(t, ring))
	}
}

func TestRemoveSaysWhatIsStillThere(t *testing.T) {
	ring := newRecorder()
	a := NewKeyAgent(serveAgent(t, ring))
	now := time.Now()
	key := sshKey(t, now.Add(time.Hour), 'a')
	if err := a.Add(t.Context(), key, now); err != nil {
		t.Fatal(err)
	}
	ring.stuck = true
	wantFault(t, a.Remove(t.Context(), key.KeyID), fault.Config, "refuses to give the key up")
	if err := NewKeyAgent(t.TempDir()+"/gone").Remove(t.Context(), key.KeyID); err != nil {
		t.Errorf("no agent at all: %v", err)
	}
}
