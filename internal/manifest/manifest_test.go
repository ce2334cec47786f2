package manifest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/manifest"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshsig"
)

var now = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

const text = `version: 1
entitlements:
  ro:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro", session_policy_file: ro.json}
`

// world is a policy in a directory, and a key that may sign it.
type world struct {
	t      *testing.T
	dir    string
	signer ssh.Signer
	trust  manifest.Trust
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), signer: newSigner(t)}
	allowed, err := sshsig.ParseSigner("ops@acme.example " + string(ssh.MarshalAuthorizedKey(w.signer.PublicKey())))
	if err != nil {
		t.Fatal(err)
	}
	w.trust = manifest.Trust{Signers: []sshsig.Signer{allowed}, Seen: filepath.Join(w.dir, "state", "seen.json"), Now: now}
	w.write("p/a.yaml", text)
	w.write("p/ro.json", `{"Statement":[]}`)
	return w
}

func (w *world) path() string { return filepath.Join(w.dir, "p") }

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// sign signs the policy as it is, with a change to the manifest.
func (w *world) sign(serial uint64, change ...func(*manifest.Manifest)) {
	w.t.Helper()
	p, err := policy.Load(w.path())
	if err != nil {
		w.t.Fatal(err)
	}
	m := manifest.Manifest{Serial: serial, NotAfter: now.Add(time.Hour), Files: p.Sums()}
	for _, c := range change {
		c(&m)
	}
	w.seal(m.Encode(), w.signer, manifest.Namespace)
}

func (w *world) seal(data []byte, signer ssh.Signer, namespace string) {
	w.t.Helper()
	signature, err := sshsig.Sign(signer, namespace, data)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("p/policy.manifest", string(data))
	w.write("p/policy.manifest.sig", string(signature))
}

func (w *world) verify() (manifest.Signed, error) {
	w.t.Helper()
	p, err := policy.Load(w.path())
	if err != nil {
		w.t.Fatal(err)
	}
	return manifest.Verify(w.path(), p, w.trust)
}

func TestSignedPolicyIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sign(7)
	for range 2 {
		got, err := w.verify()
		if err != nil || got.Serial != 7 || len(got.Files) != 2 || len(got.Hash) != 64 || !strings.Contains(got.Signer.String(), "ops@acme.example") {
			t.Fatalf("%+v, %v", got, err)
		}
	}
}

func TestWhatWasNotSignedSoIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*world)
		want  string
	}{
		"unsigned":         {func(w *world) { os.Remove(filepath.Join(w.path(), "policy.manifest")) }, "is not signed: there is no"},
		"no signature":     {func(w *world) { os.Remove(filepath.Join(w.path(), "policy.manifest.sig")) }, "is not signed: there is no"},
		"a changed policy": {func(w *world) { w.write("p/a.yaml", text+"# more\n") }, "a.yaml is not the file that was signed"},
		"a changed file":   {func(w *world) { w.write("p/ro.json", `{"Statement":[{}]}`) }, "ro.json is not the file that was signed"},
		"another file":     {func(w *world) { w.write("p/b.yaml", strings.Replace(text, "ro:", "rw:", 1)) }, "b.yaml is not in the signed manifest"},
		"a file less":      {func(w *world) { w.write("p/a.yaml", strings.Replace(text, ", session_policy_file: ro.json", "", 1)) }, "was changed after it was signed"},
		"a changed manifest": {func(w *world) {
			w.write("p/policy.manifest", strings.Replace(w.read("p/policy.manifest"), "serial 7", "serial 8", 1))
		}, "is not signed by anybody who may"},
		"somebody else":       {func(w *world) { w.seal([]byte(w.read("p/policy.manifest")), newSigner(w.t), manifest.Namespace) }, "is not signed by anybody who may"},
		"for another purpose": {func(w *world) { w.seal([]byte(w.read("p/policy.manifest")), w.signer, "jit-checkpoint") }, "is not signed by anybody who may"},
		"nobody may":          {func(w *world) { w.trust.Signers = nil }, "is not signed by anybody who may"},
		"ended":               {func(w *world) { w.trust.Now = now.Add(time.Hour) }, "the signed policy ended at 2026-03-02T04:00:00Z"},
		"below the least":     {func(w *world) { w.trust.MinSerial = 8 }, "policy_min_serial is 8"},
		"older than before":   {func(w *world) { w.sign(8); w.must(); w.sign(7) }, "has the serial 7, and 8 was used here before"},
		"another of a serial": {func(w *world) {
			w.must()
			w.sign(7, func(m *manifest.Manifest) { m.NotAfter = now.Add(2 * time.Hour) })
		}, "another policy with the serial 7"},
		"a spoiled memory": {func(w *world) { w.write("state/seen.json", "x") }, "does not tell which policies were used"},
	} {
		w := newWorld(t)
		w.sign(7)
		tc.spoil(w)
		if _, err := w.verify(); fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), tc.want) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q), want %q", name, err, fault.HintOf(err), tc.want)
		}
	}
}

func (w *world) must() {
	w.t.Helper()
	if _, err := w.verify(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// A manifest has one spelling, so that no two texts with one meaning have two
// signatures.
func TestDecodeTakesWhatEncodeWrites(t *testing.T) {
	t.Parallel()
	m := manifest.Manifest{Serial: 3, NotAfter: now, Files: []policy.FileSum{
		{Name: "b c.yaml", SHA256: strings.Repeat("ab", 32)}, {Name: "a.yaml", SHA256: strings.Repeat("01", 32)},
	}}
	data := m.Encode()
	got, err := manifest.Decode(data)
	if err != nil || got.Serial != 3 || !got.NotAfter.Equal(now) || len(got.Files) != 2 || got.Files[0].Name != "a.yaml" || !slices.Equal(got.Encode(), data) {
		t.Fatalf("%+v, %v", got, err)
	}
	good := string(data)
	for name, bad := range map[string]string{
		"empty": "", "no end": strings.TrimSuffix(good, "\n"), "more": good + "\n", "CRLF": strings.ReplaceAll(good, "\n", "\r\n"),
		"serial 0": strings.Replace(good, "serial 3", "serial 0", 1), "serial 03": strings.Replace(good, "serial 3", "serial 03", 1),
		"no serial": strings.Replace(good, "serial 3", "serial", 1), "a zone": strings.Replace(good, "T03:00:00Z", "T05:00:00+02:00", 1),
		"upper case": strings.Replace(good, "ab", "AB", 1), "short hash": strings.Replace(good, "0101", "01", 1),
		"unsorted": strings.Replace(strings.Replace(good, "a.yaml", "z.yaml", 1), "b c", "b", 1), "another version": strings.Replace(good, "manifest 1", "manifest 2", 1),
		"no files": strings.Join(strings.SplitAfter(good, "\n")[:3], ""),
	} {
		if _, err := manifest.Decode([]byte(bad)); fault.ClassOf(err) != fault.Config {
			t.Errorf("%s was taken: %v", name, err)
		}
	}
}
