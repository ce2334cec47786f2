package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jitaccess/jit/pkg/audit"
)

func verify(t *testing.T, files fstest.MapFS, o audit.Options) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), audit.FS(files), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// found are a report's problems as WRITER SEQ CODE.
func found(r audit.Report) []string {
	var list []string
	problems := r.Problems
	for _, c := range r.Chains {
		problems = append(problems, c.Problems...)
		if c.OK != (len(c.Problems) == 0) {
			list = append(list, c.Writer+" contradicts itself")
		}
	}
	for _, p := range problems {
		list = append(list, strings.TrimSpace(strings.Join([]string{p.Writer, audit.FileName(p.Seq)[9:10], string(p.Code)}, " ")))
	}
	return list
}

func TestSoundLog(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"_checkpoints/1": {}, "_state": {}, ".tmp": {}, "ada/.new-1": {Data: []byte("{")}}
	ada := chainOf(t, files, "ada", 100)
	bob := chainOf(t, files, "bob", 1)
	r := verify(t, files, audit.Options{Known: []audit.Ref{ada, bob}, Parallel: 3})
	if !r.OK || r.Records != 101 || len(r.Chains) != 2 || *r.Chains[0].Head != ada || *r.Chains[1].Head != bob || len(found(r)) != 0 {
		t.Errorf("%+v", r)
	}
	if r := verify(t, fstest.MapFS{}, audit.Options{}); !r.OK {
		t.Errorf("an empty log: %+v", r)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	other := fstest.MapFS{}
	chainOf(t, other, "bob", 5)
	for name, tc := range map[string]struct {
		spoil func(f fstest.MapFS)
		want  []string
	}{
		"a gap":            {func(f fstest.MapFS) { delete(f, "ada/0000000003.json") }, []string{"ada 3 gap"}},
		"no beginning":     {func(f fstest.MapFS) { delete(f, "ada/0000000001.json") }, []string{"ada 1 gap"}},
		"no JSON":          {func(f fstest.MapFS) { f["ada/0000000003.json"].Data = []byte("x\n") }, []string{"ada 3 malformed", "ada 3 edited"}},
		"an empty file":    {func(f fstest.MapFS) { f["ada/0000000005.json"].Data = nil }, []string{"ada 5 malformed"}},
		"too large":        {func(f fstest.MapFS) { f["ada/0000000003.json"].Data = make([]byte, audit.MaxRecord+1) }, []string{"ada 3 malformed"}},
		"a space":          {func(f fstest.MapFS) { edit(f, "ada/0000000002.json", `,"time"`, `, "time"`) }, []string{"ada 2 edited"}},
		"another's record": {func(f fstest.MapFS) { f["ada/0000000003.json"] = other["bob/0000000003.json"] }, []string{"ada 3 misplaced", "ada 3 edited"}},
		"one record twice": {func(f fstest.MapFS) { f["ada/0000000004.json"] = f["ada/0000000002.json"] }, []string{"ada 4 reordered"}},
		"two swapped":      {func(f fstest.MapFS) { swap(f, "ada/0000000003.json", "ada/0000000004.json") }, []string{"ada 3 reordered", "ada 4 reordered"}},
		"a fork":           {func(f fstest.MapFS) { fork(t, f) }, []string{"ada 4 fork"}},
		"a foreign file":   {func(f fstest.MapFS) { f["ada/notes.txt"] = &fstest.MapFile{} }, []string{"ada 0 foreign"}},
		"a foreign folder": {func(f fstest.MapFS) { f["ada/x/0000000001.json"] = &fstest.MapFile{} }, []string{"ada 0 foreign"}},
		"a writer's file":  {func(f fstest.MapFS) { f["bob"] = &fstest.MapFile{} }, []string{"0 foreign"}},
		"no writer's name": {func(f fstest.MapFS) { f["b_b/0000000001.json"] = &fstest.MapFile{} }, []string{"0 foreign"}},
		"an orphan":        {func(f fstest.MapFS) { f["ada.2/0000000001.json"] = f["ada/0000000001.json"] }, []string{"ada.2 1 broken", "ada.2 1 misplaced"}},
	} {
		files := fstest.MapFS{}
		chainOf(t, files, "ada", 5)
		tc.spoil(files)
		r := verify(t, files, audit.Options{})
		got := found(r)
		slices.Sort(got)
		slices.Sort(tc.want)
		if r.OK || !slices.Equal(got, tc.want) {
			t.Errorf("%s: found %q, want %q", name, got, tc.want)
		}
	}
}

func swap(f fstest.MapFS, a, b string) { f[a], f[b] = f[b], f[a] }

// fork makes records 4 and 5 follow record 2, as record 3 does.
func fork(t *testing.T, f fstest.MapFS) {
	t.Helper()
	data := encode(t, plainEvent(7), "ada", 4, audit.Hash(f["ada/0000000002.json"].Data))
	f["ada/0000000004.json"] = &fstest.MapFile{Data: data}
	extend(t, f, audit.Ref{Writer: "ada", Seq: 4, Hash: audit.Hash(data)}, plainEvent(8))
}

func edit(f fstest.MapFS, name, old, with string) {
	f[name] = &fstest.MapFile{Data: bytes.Replace(f[name].Data, []byte(old), []byte(with), 1)}
}

// Whatever single byte of whatever record is changed, lost or doubled, it is
// noticed; of the last record by whoever knows it.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	head := audit.Ref{Writer: "ada", Hash: audit.FirstPrev}
	for _, e := range []audit.Event{{Kind: audit.Denied, Time: epoch}, plainEvent(1), {Kind: audit.Probe, Time: epoch}} {
		head = extend(t, files, head, e)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		whole := files[name].Data
		for i := range whole {
			for what, data := range map[string][]byte{
				"flipped": slices.Concat(whole[:i], []byte{whole[i] ^ 1}, whole[i+1:]),
				"cased":   slices.Concat(whole[:i], []byte{whole[i] ^ ' '}, whole[i+1:]),
				"lost":    slices.Concat(whole[:i], whole[i+1:]),
				"doubled": slices.Concat(whole[:i], whole[i:i+1], whole[i:]),
			} {
				files[name] = &fstest.MapFile{Data: data}
				o := audit.Options{}
				if name == audit.Name(head.Writer, head.Seq) {
					o.Known = []audit.Ref{head}
				}
				if r := verify(t, files, o); r.OK {
					t.Fatalf("%s: byte %d %s is not noticed", name, i, what)
				}
			}
		}
		files[name] = &fstest.MapFile{Data: whole}
	}
}

func TestKnownRecords(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	ada, bob := chainOf(t, files, "ada", 3), chainOf(t, files, "bob", 2)
	known := audit.Options{Known: []audit.Ref{ada, bob}}
	delete(files, "ada/0000000003.json")
	if r := verify(t, files, audit.Options{}); !r.OK {
		t.Errorf("a cut end shows without being known: %+v", r)
	}
	if got := found(verify(t, files, known)); !slices.Equal(got, []string{"ada 3 known"}) {
		t.Errorf("a cut end: %q", got)
	}
	delete(files, "bob/0000000001.json")
	delete(files, "bob/0000000002.json")
	if got := found(verify(t, files, known)); !slices.Equal(got, []string{"bob 2 known", "ada 3 known"}) {
		t.Errorf("a chain that is gone: %q", got)
	}
	known.Writers = []string{"ada"}
	if got := found(verify(t, files, known)); !slices.Equal(got, []string{"ada 3 known"}) {
		t.Errorf("of ada alone: %q", got)
	}
}

func TestContinuations(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "ada", 3)
	good := audit.Ref{Writer: "ada", Seq: 2, Hash: audit.Hash(files["ada/0000000002.json"].Data)}
	files["ada/0000000003.json"] = &fstest.MapFile{Data: []byte("{\n")}
	for name, tc := range map[string]struct {
		from *audit.Ref
		want []string
	}{
		"sound":          {&good, []string{"ada 3 malformed"}},
		"nothing good":   {&audit.Ref{Writer: "ada", Hash: audit.FirstPrev}, []string{"ada 3 malformed", "ada.2 1 fork"}},
		"of nothing":     {nil, []string{"ada 3 malformed", "ada.2 1 broken"}},
		"of bob":         {&audit.Ref{Writer: "bob", Seq: 1, Hash: good.Hash}, []string{"ada 3 malformed", "ada.2 1 broken"}},
		"of no record":   {&audit.Ref{Writer: "ada", Seq: 4, Hash: good.Hash}, []string{"ada 3 malformed", "ada.2 1 broken"}},
		"of an old one":  {&audit.Ref{Writer: "ada", Seq: 1, Hash: audit.Hash(files["ada/0000000001.json"].Data)}, []string{"ada 3 malformed", "ada.2 1 fork"}},
		"of another one": {&audit.Ref{Writer: "ada", Seq: 1, Hash: good.Hash}, []string{"ada 3 malformed", "ada.2 1 broken"}},
	} {
		f := maps.Clone(files)
		e := plainEvent(9)
		e.Continues = tc.from
		second := extend(t, f, audit.Ref{Writer: "ada.2", Hash: audit.FirstPrev}, e)
		third := plainEvent(10)
		third.Continues = &second
		extend(t, f, audit.Ref{Writer: "ada.3", Hash: audit.FirstPrev}, third)
		if got := found(verify(t, f, audit.Options{})); !slices.Equal(got, tc.want) {
			t.Errorf("%s: found %q, want %q", name, got, tc.want)
		}
	}
	f := fstest.MapFS{}
	e := plainEvent(1)
	e.Continues = &good
	extend(t, f, audit.Ref{Writer: "ada", Hash: audit.FirstPrev}, e)
	if got := found(verify(t, f, audit.Options{})); !slices.Equal(got, []string{"ada 1 broken"}) {
		t.Errorf("a first chain that continues: %q", got)
	}
}

func TestWritersAndPrincipals(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "557058=3Aada", 2) // all records are about 557058:ada
	chainOf(t, files, "AIDA", 2)
	extend(t, files, audit.Ref{Writer: "host", Hash: audit.FirstPrev}, audit.Event{Kind: audit.Probe, Time: epoch})
	for name, tc := range map[string]struct {
		principals map[string]string
		want       []string
	}{
		"no map":     {nil, nil},
		"right":      {map[string]string{"AIDA": "557058:ada"}, nil},
		"bob's":      {map[string]string{"AIDA": "557058:bob"}, []string{"AIDA 1 principal", "AIDA 2 principal"}},
		"not in map": {map[string]string{"x": "y"}, []string{"AIDA 1 principal", "AIDA 2 principal"}},
	} {
		if got := found(verify(t, files, audit.Options{Principals: tc.principals})); !slices.Equal(got, tc.want) {
			t.Errorf("%s: found %q, want %q", name, got, tc.want)
		}
	}
}

func TestOnlySomeWriters(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for _, w := range []string{"ada", "ada.2", "ada.10", "bob"} {
		chainOf(t, files, w, 1)
	}
	var got []string
	for _, c := range verify(t, files, audit.Options{Writers: []string{"ada"}}).Chains {
		got = append(got, c.Writer)
	}
	if !slices.Equal(got, []string{"ada", "ada.2", "ada.10"}) {
		t.Errorf("%q", got)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for i := range 250 {
		files["ada/"+audit.FileName(uint64(i+1))] = &fstest.MapFile{}
	}
	c := verify(t, files, audit.Options{}).Chains[0]
	if len(c.Problems) != 100 || c.Records != 250 || uint64(len(c.Problems))+c.More < 250 {
		t.Errorf("%d problems, %d more, %d records", len(c.Problems), c.More, c.Records)
	}
}

func TestReportIsJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(verify(t, fstest.MapFS{"x": {}}, audit.Options{}))
	if want := `{"ok":false,"records":0,"chains":[],"problems":[{"code":"foreign","text":"\"x\" is no writer's"}],"versions":"none kept"}`; err != nil || string(data) != want {
		t.Errorf("%s, %v", data, err)
	}
}

func TestProblemString(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]audit.Problem{
		"x":                          {Text: "x"},
		"ada: x":                     {Writer: "ada", Text: "x"},
		"ada.2/0000000007.json: bad": {Writer: "ada.2", Seq: 7, Text: "bad"},
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Whoever can write records cannot make a verifier print what they like.
func TestNoEscapesInReports(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"ada/\x1b[2J": {}, "\x1b[2J": {}, "ada/0000000002.json": {Data: []byte("\x1b[2J\n")}}
	e := plainEvent(1)
	e.Continues = &audit.Ref{Writer: "\x1b[2J", Seq: 1, Hash: "\x1b[2J"}
	e.Principal.ID = "\x1b[2J"
	extend(t, files, audit.Ref{Writer: "ada", Hash: audit.FirstPrev}, e)
	extend(t, files, audit.Ref{Writer: "ada.2", Hash: audit.FirstPrev}, e)
	e.Continues.Writer = "ada"
	extend(t, files, audit.Ref{Writer: "ada.3", Hash: audit.FirstPrev}, e)
	r := verify(t, files, audit.Options{Principals: map[string]string{"x": "y"}})
	for _, c := range r.Chains {
		for _, p := range append(c.Problems, r.Problems...) {
			if strings.Contains(p.String(), "\x1b") {
				t.Errorf("%q", p)
			}
		}
	}
	if len(found(r)) < 8 {
		t.Errorf("%q", found(r))
	}
}

// failing is a store that fails at one place, and counts concurrent reads.
type failing struct {
	audit.Store
	top, files, read error
	reading, most    atomic.Int64
}

func (f *failing) Top(ctx context.Context) iter.Seq2[string, error] {
	if f.top != nil {
		return func(yield func(string, error) bool) { yield("", f.top) }
	}
	return f.Store.Top(ctx)
}

func (f *failing) Files(ctx context.Context, writer string) iter.Seq2[string, error] {
	if f.files != nil {
		return func(yield func(string, error) bool) { yield("", f.files) }
	}
	return f.Store.Files(ctx, writer)
}

func (f *failing) Read(ctx context.Context, name string) ([]byte, error) {
	n := f.reading.Add(1)
	defer f.reading.Add(-1)
	for most := f.most.Load(); n > most && !f.most.CompareAndSwap(most, n); most = f.most.Load() {
	}
	if f.read != nil && name == "ada/0000000003.json" {
		return nil, f.read
	}
	return f.Store.Read(ctx, name)
}

func TestAStoreThatFailsIsNoVerdict(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "ada", 50)
	chainOf(t, files, "bob", 50)
	down := errors.New("down")
	for name, store := range map[string]*failing{"top": {top: down}, "files": {files: down}, "read": {read: down}} {
		store.Store = audit.FS(files)
		if _, err := audit.Verify(t.Context(), store, audit.Options{}); !errors.Is(err, down) {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := &failing{Store: audit.FS(files), read: fs.ErrNotExist}
	if r, err := audit.Verify(t.Context(), gone, audit.Options{}); err != nil || !slices.Equal(found(r), []string{"ada 3 malformed"}) {
		t.Errorf("a record that is listed and not there: %+v, %v", r, err)
	}
	bounded := &failing{Store: audit.FS(files)}
	if _, err := audit.Verify(t.Context(), bounded, audit.Options{Parallel: 4}); err != nil || bounded.most.Load() > 4 {
		t.Errorf("%d reads at once, %v", bounded.most.Load(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Verify(ctx, audit.FS(files), audit.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
