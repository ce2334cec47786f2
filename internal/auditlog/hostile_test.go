package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// However many bad records somebody puts on top of a chain, and wherever, the
// continuation names the last good one.
func TestTheLastGoodRecordIsFound(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		good uint64
		bad  func(yield func(seq uint64))
	}{
		"nine":        {5, func(y func(uint64)) { each(6, 14, y) }},
		"a thousand":  {5, func(y func(uint64)) { each(6, 1005, y) }},
		"thousands":   {1300, func(y func(uint64)) { each(1301, 5000, y) }},
		"after one":   {1, func(y func(uint64)) { each(2, 300, y) }},
		"far away":    {40, func(y func(uint64)) { each(audit.MaxSeq-20, audit.MaxSeq, y) }},
		"both":        {40, func(y func(uint64)) { each(41, 90, y); each(audit.MaxSeq-20, audit.MaxSeq, y) }},
		"with a hole": {40, func(y func(uint64)) { each(60, 90, y) }},
		"spread out": {70, func(y func(uint64)) {
			for s := uint64(128); s < audit.MaxSeq; s *= 2 {
				y(s)
			}
		}},
		"nothing good": {0, func(y func(uint64)) { each(1, 50, y) }},
		"and far away": {0, func(y func(uint64)) { each(audit.MaxSeq-20, audit.MaxSeq, y) }},
	} {
		m := fakeChain(t, upTo(tc.good))
		bad := uint64(0)
		tc.bad(func(seq uint64) {
			key := "jit/" + audit.Name("ada", seq)
			m.objects[key], m.keys = []byte("x"), append(m.keys, key)
			bad = seq
		})
		l := openMemory(t, m, "")
		got, err := l.lastGood(t.Context(), "ada", bad)
		want := audit.Ref{Writer: "ada", Hash: audit.FirstPrev}
		if tc.good > 0 {
			want = audit.Ref{Writer: "ada", Seq: tc.good, Hash: audit.Hash(fakeRecord(t, tc.good, 3))}
		}
		if err != nil || got != want {
			t.Errorf("%s: %+v, want %+v, %v", name, got, want, err)
		}
		if _, gets, lists := m.counts(); gets > 80 || lists > 120 {
			t.Errorf("%s: %d gets, %d lists", name, gets, lists)
		}
	}
}

func each(from, to uint64, yield func(seq uint64)) {
	for seq := from; seq <= to; seq++ {
		yield(seq)
	}
}

func TestADirectoryInARecordsPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := appendTo(t, openDir(t, dir, ""), 0)
	inTheWay := filepath.Join(dir, "ada", "0000000002.json")
	if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantGoesOn(t, dir, first)
}

// wantGoesOn requires of a log in whose second record's place something is that
// can be no record: that the chain goes on as ada.2, and that verify tells.
func wantGoesOn(t *testing.T, dir string, first audit.Ref) {
	t.Helper()
	l := openDir(t, dir, "")
	ref := appendTo(t, l, 1)
	r, err := l.Record(t.Context(), ref.Writer, ref.Seq)
	if err != nil || ref.Writer != "ada.2" || ref.Seq != 1 || r.Continues == nil || *r.Continues != first {
		t.Errorf("%+v continues %+v, %v", ref, r.Continues, err)
	}
	if got := codes(t, l); len(got) != 1 || got[0] != "ada malformed" {
		t.Errorf("verify finds %q", got)
	}
	n, bad := 0, 0
	for _, err := range l.List(t.Context(), Filter{}) {
		if n++; err != nil {
			bad++
		}
	}
	if n != 3 || bad != 1 {
		t.Errorf("listed are %d, %d of them bad", n, bad)
	}
	if _, err := l.Record(t.Context(), "ada", 2); fault.ClassOf(err) != fault.Audit || !strings.Contains(fault.HintOf(err), "audit verify") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}

// stuck is a store that does not mind a context, as a file system that hangs.
type stuck struct {
	backend
	release chan struct{}
}

func (s *stuck) Read(ctx context.Context, name string) ([]byte, error) {
	<-s.release
	return s.backend.Read(ctx, name)
}

func TestAppendEndsWhateverAReadDoes(t *testing.T) {
	t.Parallel()
	m := newMemory()
	appendTo(t, openMemory(t, m, ""), 0)
	synctest.Test(t, func(t *testing.T) {
		l := openMemory(t, m, "")
		s := &stuck{backend: l.backend, release: make(chan struct{})}
		l.backend = s
		for range 2 { // the second waits for the first's turn
			begun := time.Now()
			_, err := l.Append(t.Context(), "ada", accesstest.LogEvent(1))
			if took := time.Since(begun); took > AppendLimit {
				t.Errorf("it took %v", took)
			}
			if fault.ClassOf(err) != fault.Audit || fault.HintOf(err) == "" {
				t.Errorf("%v, hint %q", err, fault.HintOf(err))
			}
		}
		close(s.release)
		synctest.Wait()
	})
	wantLog(t, openMemory(t, m, ""), 1)
	l := openMemory(t, m, "")
	if ref := appendTo(t, l, 2); ref.Seq != 2 {
		t.Errorf("then %+v", ref)
	}
}

// A cached head of somebody else's chain would put the record there.
func TestACachedHeadOfAnotherChain(t *testing.T) {
	t.Parallel()
	for _, writer := range []string{"bob", "bob.2", "ada.1", "ada.x", "ada/../bob", "", "adam"} {
		m, state := newMemory(), t.TempDir()
		l := openMemory(t, m, state)
		first := appendTo(t, l, 0)
		c := cached{Log: l.heads.log, Writer: "ada", Head: audit.Ref{Writer: writer, Seq: 1, Hash: first.Hash}}
		c.Sum = c.sum()
		data, err := json.Marshal(c)
		if err == nil {
			err = os.WriteFile(headFile(t, state), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		again := openMemory(t, m, state)
		if known := again.Known(); len(known) != 0 {
			t.Errorf("%q: known are %+v", writer, known)
		}
		if ref := appendTo(t, again, 1); ref.Writer != "ada" || ref.Seq != 2 {
			t.Errorf("%q: %+v", writer, ref)
		}
	}
	state := t.TempDir()
	h := newHeads(state, "s3://a/")
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	want := audit.Ref{Writer: "ada.3", Seq: 1, Hash: audit.FirstPrev}
	h.set("ada", want)
	if got, ok := newHeads(state, "s3://a/").get("ada"); !ok || got != want {
		t.Errorf("of a continuation: %+v, %v", got, ok)
	}
}

func TestNoSecretOfAnAddressIsShown(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
	for _, address := range []string{
		"s3://bucket/p?region=eu-west-1&secret_access_key=" + secret, "s3://bucket/p?" + secret, "s3://bucket/p?" + secret + "=x",
		"s3://bucket/p?region=" + secret, "s3://bucket/p?region=a&region=" + secret, "s3://AKIAEXAMPLE:" + secret + "@bucket/p",
		"s3://AKIAEXAMPLE:" + secret[:10] + "/" + secret + "@bucket/p", "s3:AKIAEXAMPLE:" + secret + "@bucket", "s3://bucket/p#" + secret,
		"s3://bucket/p?a=b;" + secret, "s3://bucket/a//" + secret + "@x", "file:///var/log?" + secret, "file://user:" + secret + "@/var",
	} {
		_, err := parseURL(address)
		if shown := fmt.Sprint(err, fault.HintOf(err)); err == nil || strings.Contains(shown, secret) {
			t.Errorf("%s: %s", address, shown)
		}
	}
	if _, err := parseURL("s3://bucket/p?regoin=" + secret); err == nil || !strings.Contains(err.Error(), "regoin=") {
		t.Errorf("the name is not told: %v", err)
	}
}
