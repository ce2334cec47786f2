package auditlog

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// logOf is a log with records of three writers, whose times are in seconds
// after the epoch of accesstest.LogEvent.
func logOf(t *testing.T, m *memory) *Log {
	t.Helper()
	l := openMemory(t, m, "")
	for n := range 60 {
		writer := []string{"ada", "bob", "ada-2"}[n%7%3]
		e := accesstest.LogEvent(n)
		if n%10 == 3 {
			e.Kind, e.Grant = audit.Denied, ""
		}
		if n == 41 {
			e.Kind, e.Grant = audit.Revoked, "grant-5"
		}
		if _, err := l.Append(t.Context(), writer, e); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// seconds are the times of the records of a list, and "bad" for what is none.
func seconds(t *testing.T, l *Log, f Filter) []string {
	t.Helper()
	start := accesstest.LogEvent(0).Time
	var list []string
	for r, err := range l.List(t.Context(), f) {
		if err != nil {
			if fault.ClassOf(err) != fault.Audit || r.Seq == 0 {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintf("bad %s/%d", r.Writer, r.Seq))
			continue
		}
		list = append(list, fmt.Sprint(r.Time.Sub(start).Seconds()))
	}
	return list
}

func numbers(from, to int, keep func(n int) bool) []string {
	var list []string
	for n := from; n < to; n++ {
		if keep == nil || keep(n) {
			list = append(list, fmt.Sprint(n))
		}
	}
	return list
}

func TestList(t *testing.T) {
	t.Parallel()
	l := logOf(t, newMemory())
	start := accesstest.LogEvent(0).Time
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	for name, tc := range map[string]struct {
		filter Filter
		want   []string
	}{
		"all":       {Filter{}, numbers(0, 60, nil)},
		"a writer":  {Filter{Writer: "bob"}, numbers(0, 60, func(n int) bool { return n%7%3 == 1 })},
		"a kind":    {Filter{Kind: audit.Denied}, numbers(0, 60, func(n int) bool { return n%10 == 3 })},
		"a grant":   {Filter{Grant: "grant-5"}, []string{"5", "41"}},
		"a ticket":  {Filter{Ticket: "OPS-8"}, nil},
		"a time":    {Filter{Since: at(10), Until: at(20)}, numbers(10, 20, nil)},
		"no writer": {Filter{Writer: "carol"}, nil},
	} {
		for _, oldest := range []bool{true, false} {
			tc.filter.Oldest = oldest
			want := slices.Clone(tc.want)
			if !oldest {
				slices.Reverse(want)
			}
			if got := seconds(t, l, tc.filter); !slices.Equal(got, want) {
				t.Errorf("%s, oldest %v: %q, want %q", name, oldest, got, want)
			}
		}
	}
}

func TestListStopsWhenAsked(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l := logOf(t, m)
	for _, oldest := range []bool{true, false} {
		m.counts()
		for range l.List(t.Context(), Filter{Oldest: oldest}) {
			break
		}
		if _, gets, lists := m.counts(); gets > 3*aheadOf || lists > 4 {
			t.Errorf("one record took %d gets and %d lists", gets, lists)
		}
	}
}

func TestListGoesOverWhatIsSpoiled(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l := openMemory(t, m, "")
	for n := range 40 {
		appendTo(t, l, n)
	}
	for seq := uint64(11); seq <= 30; seq++ {
		m.remove("jit/" + audit.Name("ada", seq))
	}
	m.replace("jit/ada/0000000035.json", "x")
	m.replace("jit/ada/notes.txt", "x")
	m.replace("jit/notes/x/y.txt", "x")
	m.replace("jit/_state/0000000001.json", "x")
	want := slices.Concat(numbers(0, 10, nil), numbers(30, 34, nil), []string{"bad ada/35"}, numbers(35, 40, nil))
	if got := seconds(t, l, Filter{Oldest: true}); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	slices.Reverse(want)
	if got := seconds(t, l, Filter{}); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l := logOf(t, m)
	records, err := l.Find(t.Context(), "grant-5")
	if err != nil || len(records) != 2 || records[0].Kind != audit.Issued || records[1].Kind != audit.Revoked {
		t.Errorf("%+v, %v", records, err)
	}
	if records, err := l.Find(t.Context(), "grant-none"); err != nil || len(records) != 0 {
		t.Errorf("%+v, %v", records, err)
	}
	m.replace("jit/ada/0000000002.json", "x")
	if _, err := l.Find(t.Context(), "grant-none"); fault.ClassOf(err) != fault.Audit {
		t.Errorf("a grant that may be in a spoiled record: %v", err)
	}
	if records, err := l.Find(t.Context(), "grant-59"); err != nil || len(records) != 1 {
		t.Errorf("%+v, %v", records, err)
	}
}

func TestReadingFails(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"lists", "gets"} {
		m := newMemory()
		l := logOf(t, m)
		if what == "lists" {
			m.onList = apiError(403, "AccessDenied")
		} else {
			m.onGet = apiError(403, "AccessDenied")
		}
		for _, oldest := range []bool{true, false} {
			n, last := 0, error(nil)
			for _, err := range l.List(t.Context(), Filter{Oldest: oldest}) {
				n, last = n+1, err
			}
			if n != 1 || fault.ClassOf(last) != fault.Audit || fault.HintOf(last) == "" {
				t.Errorf("%s, oldest %v: %d items, %v", what, oldest, n, last)
			}
		}
		if _, err := l.Find(t.Context(), "x"); fault.ClassOf(err) != fault.Audit {
			t.Errorf("%s: Find: %v", what, err)
		}
		if _, err := l.Head(t.Context(), "ada"); fault.ClassOf(err) != fault.Audit {
			t.Errorf("%s: Head: %v", what, err)
		}
		if _, err := l.Record(t.Context(), "ada", 1); what == "gets" && fault.ClassOf(err) != fault.Audit {
			t.Errorf("Record: %v", err)
		}
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	event := audit.Event{Kind: audit.Probe, Time: accesstest.LogEvent(0).Time}
	m := newMemory()
	for name, l := range map[string]*Log{"S3": openMemory(t, m, ""), "file": openDir(t, t.TempDir(), "")} {
		for n := range 2 {
			if ref, err := l.Probe(t.Context(), "ada", event); err != nil || ref.Seq != uint64(n+1) {
				t.Errorf("%s: %+v, %v", name, ref, err)
			}
		}
		wantLog(t, l, 2)
	}
	m.blind = true
	if _, err := openMemory(t, m, "").Probe(t.Context(), "bob", event); fault.ClassOf(err) != fault.Audit || fault.HintOf(err) == "" {
		t.Errorf("a store that overwrites: %v", err)
	}
	m.blind = false
	m.faults(putFault{err: apiError(403, "AccessDenied")})
	if _, err := openMemory(t, m, "").Probe(t.Context(), "bob", event); fault.ClassOf(err) != fault.Audit {
		t.Errorf("no right to write: %v", err)
	}
	m.onGet = errors.New("down")
	if _, err := openMemory(t, m, "").Probe(t.Context(), "carol", event); fault.ClassOf(err) != fault.Audit {
		t.Errorf("no right to read: %v", err)
	}
}
