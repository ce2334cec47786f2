package auditlog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jitaccess/jit/pkg/audit"
)

// headFile is the one file that caches a head below a state directory.
func headFile(t testing.TB, state string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "heads", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".lock" })
	if len(files) != 1 {
		t.Fatalf("cached: %q", files)
	}
	return files[0]
}

// A cache that lies, in whatever byte, costs time and nothing else.
func TestADamagedCacheIsHarmless(t *testing.T) {
	t.Parallel()
	m, state := newMemory(), t.TempDir()
	for n := range 3 {
		appendTo(t, openMemory(t, m, state), n)
	}
	path := headFile(t, state)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{nil, {}, []byte("null"), []byte("{}"), whole[:len(whole)/2], append(bytes.Clone(whole), 'x')}
	for i := range whole {
		d := bytes.Clone(whole)
		d[i] ^= 1
		damaged = append(damaged, d)
	}
	for i, d := range damaged {
		if err := os.WriteFile(path, d, 0o600); err != nil {
			t.Fatal(err)
		}
		if ref := appendTo(t, quick(openMemory(t, m, state)), i); ref.Seq != uint64(i+4) {
			t.Fatalf("with the cache %q: %+v", d, ref)
		}
	}
	wantLog(t, openMemory(t, m, ""), uint64(len(damaged)+3))
}

func TestAnOldCacheIsHarmless(t *testing.T) {
	t.Parallel()
	m, state := newMemory(), t.TempDir()
	appendTo(t, openMemory(t, m, state), 0)
	old, err := os.ReadFile(headFile(t, state))
	if err != nil {
		t.Fatal(err)
	}
	for behind := range 12 {
		for range behind {
			appendTo(t, quick(openMemory(t, m, "")), behind)
		}
		if err := os.WriteFile(headFile(t, state), old, 0o600); err != nil {
			t.Fatal(err)
		}
		m.counts()
		appendTo(t, quick(openMemory(t, m, state)), behind)
		if puts, gets, lists := m.counts(); puts > 4 || gets > 5 || lists > 1 {
			t.Errorf("%d behind: %d puts, %d gets, %d lists", behind, puts, gets, lists)
		}
	}
	l := openMemory(t, m, "")
	head, err := l.Head(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	wantLog(t, l, head.Seq, head)
}

func TestACacheThatCannotBeKept(t *testing.T) {
	t.Parallel()
	m := newMemory()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := openMemory(t, m, file) // no directory can be made in it
	for n := range 3 {
		appendTo(t, l, n)
	}
	if puts, gets, lists := m.counts(); puts != 3 || gets+lists != 0 {
		t.Errorf("memory was not used: %d, %d, %d", puts, gets, lists)
	}
	wantLog(t, l, 3)
}

func TestCachesAreApart(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	a, b := newHeads(state, "s3://a/"), newHeads(state, "s3://b/")
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	refs := map[string]audit.Ref{}
	for i, w := range []string{"ada", "bob"} {
		refs[w] = audit.Ref{Writer: w, Seq: uint64(i + 7), Hash: audit.FirstPrev}
		a.set(w, refs[w])
	}
	again := newHeads(state, "s3://a/")
	for w, want := range refs {
		if got, ok := again.get(w); !ok || got != want {
			t.Errorf("%s: %+v, %v", w, got, ok)
		}
		if got, ok := b.get(w); ok {
			t.Errorf("another log's %s: %+v", w, got)
		}
	}
	if got := again.all(); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if got := b.all(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	// One chain's file in another's place proves nothing.
	data, err := os.ReadFile(a.path("ada"))
	if err == nil {
		err = os.WriteFile(a.path("bob"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := newHeads(state, "s3://a/").get("bob"); ok {
		t.Errorf("%+v", got)
	}
}

func TestKnownFindsACutLog(t *testing.T) {
	t.Parallel()
	m, state := newMemory(), t.TempDir()
	l := openMemory(t, m, state)
	for n := range 4 {
		appendTo(t, l, n)
	}
	m.remove("jit/ada/0000000004.json")
	r, err := audit.Verify(t.Context(), l, audit.Options{Known: openMemory(t, m, state).Known()})
	if err != nil || r.OK || r.Chains[0].Problems[0].Code != audit.CodeKnown {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestLater(t *testing.T) {
	t.Parallel()
	order := []audit.Ref{{Writer: "ada", Seq: 9}, {Writer: "ada", Seq: 10}, {Writer: "ada.2", Seq: 1}, {Writer: "ada.10", Seq: 1}}
	for i, a := range order {
		for j, b := range order {
			if later(a, b) != (i > j) {
				t.Error(fmt.Sprint(a, b, later(a, b)))
			}
		}
	}
}
