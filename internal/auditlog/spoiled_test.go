package auditlog

import (
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/pkg/audit"
)

// codes are what is wrong with a log, as WRITER CODE.
func codes(t *testing.T, s audit.Store) []string {
	t.Helper()
	r, err := audit.Verify(t.Context(), s, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range r.Chains {
		for _, p := range c.Problems {
			list = append(list, c.Writer+" "+string(p.Code))
		}
	}
	return list
}

func TestASpoiledChainGoesOn(t *testing.T) {
	t.Parallel()
	other := newMemory()
	appendTo(t, openMemory(t, other, ""), 99)
	for name, tc := range map[string]struct {
		spoil func(m *memory)
		from  uint64 // the last good record
		want  []string
	}{
		"no JSON":          {func(m *memory) { m.replace("jit/ada/0000000003.json", "x") }, 2, []string{"ada malformed"}},
		"empty":            {func(m *memory) { m.replace("jit/ada/0000000003.json", "") }, 2, []string{"ada malformed"}},
		"a later, bad one": {func(m *memory) { m.replace("jit/ada/0000000004.json", "x") }, 3, []string{"ada malformed"}},
		"the last number":  {func(m *memory) { m.replace("jit/ada/9999999999.json", "x") }, 3, []string{"ada gap", "ada malformed"}},
		"another's record": {func(m *memory) {
			m.replace("jit/ada/0000000003.json", string(other.objects["jit/ada/0000000001.json"]))
		}, 2, []string{"ada reordered"}},
		"a hole":             {func(m *memory) { m.remove("jit/ada/0000000002.json") }, 1, []string{"ada gap"}},
		"its predecessor":    {func(m *memory) { m.replace("jit/ada/0000000002.json", "x") }, 1, []string{"ada malformed", "ada edited"}},
		"too large":          {func(m *memory) { m.replace("jit/ada/0000000003.json", strings.Repeat(" ", audit.MaxRecord+1)) }, 2, []string{"ada malformed"}},
		"nothing of it good": {func(m *memory) { m.keys = nil; m.replace("jit/ada/0000000001.json", "x") }, 0, []string{"ada malformed"}},
	} {
		m := newMemory()
		first := openMemory(t, m, "")
		for n := range 3 {
			appendTo(t, first, n)
		}
		tc.spoil(m)
		l := openMemory(t, m, "")
		ref := appendTo(t, l, 4)
		if ref.Writer != "ada.2" || ref.Seq != 1 {
			t.Errorf("%s: the record is %+v", name, ref)
			continue
		}
		r, err := l.Record(t.Context(), ref.Writer, ref.Seq)
		if err != nil || r.Continues == nil || r.Continues.Writer != "ada" || r.Continues.Seq != tc.from {
			t.Errorf("%s: it continues %+v, want %d; %v", name, r.Continues, tc.from, err)
		}
		// Others find the continuation, cached or not.
		m.counts()
		if ref := appendTo(t, l, 5); ref.Writer != "ada.2" || ref.Seq != 2 {
			t.Errorf("%s: then %+v", name, ref)
		}
		if puts, gets, lists := m.counts(); puts != 1 || gets+lists > 0 {
			t.Errorf("%s: the cached continuation cost %d, %d, %d", name, puts, gets, lists)
		}
		third := appendTo(t, openMemory(t, m, ""), 6)
		if r, err := l.Record(t.Context(), third.Writer, third.Seq); third.Writer != "ada.2" || third.Seq != 3 || err != nil || r.Continues != nil {
			t.Errorf("%s: at last %+v continues %+v, %v", name, third, r.Continues, err)
		}
		if head, err := l.Head(t.Context(), "ada"); err != nil || head != third {
			t.Errorf("%s: the head is %+v, %v", name, head, err)
		}
		if got := codes(t, l); !slices.Equal(got, tc.want) {
			t.Errorf("%s: verify finds %q, want %q", name, got, tc.want)
		}
	}
}

func TestASpoiledContinuationGoesOnToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newMemory()
	appendTo(t, openMemory(t, m, ""), 0)
	for n, spoiled := range []string{"ada", "ada.2", "ada.3"} {
		m.replace("jit/"+spoiled+"/0000000002.json", "x")
		ref := appendTo(t, openMemory(t, m, dir), n)
		if ref.Writer != audit.ContinuedBy(spoiled) || ref.Seq != 1 {
			t.Errorf("after %s: %+v", spoiled, ref)
		}
	}
	if ref := appendTo(t, openMemory(t, m, ""), 9); ref.Writer != "ada.4" || ref.Seq != 2 {
		t.Errorf("from the beginning: %+v", ref)
	}
	if got := codes(t, openMemory(t, m, "")); !slices.Equal(got, []string{"ada malformed", "ada.2 malformed", "ada.3 malformed"}) {
		t.Errorf("verify finds %q", got)
	}
}

// A head that was cached is behind a record that does not follow it.
func TestACachedHeadThatDoesNotHold(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l := openMemory(t, m, "")
	head := appendTo(t, l, 0)
	stray, err := audit.Encode(accesstest.LogEvent(5), "ada", 2, audit.Hash([]byte("else")))
	if err != nil {
		t.Fatal(err)
	}
	m.replace("jit/ada/0000000002.json", string(stray))
	ref := appendTo(t, l, 1)
	if ref.Writer != "ada.2" || ref.Seq != 1 {
		t.Errorf("%+v", ref)
	}
	r, err := l.Record(t.Context(), ref.Writer, ref.Seq)
	if err != nil || *r.Continues != head {
		t.Errorf("it continues %+v, want %+v, %v", r.Continues, head, err)
	}
}
