package audit_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/jitaccess/jit/pkg/audit"
)

// What is under a record's name and no regular file is not opened, whatever it
// has to say.
func TestOnlyRegularFilesAreRecords(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]fs.FileMode{
		"a pipe": fs.ModeNamedPipe, "a device": fs.ModeDevice, "a socket": fs.ModeSocket, "a directory": fs.ModeDir, "irregular": fs.ModeIrregular,
	} {
		files := fstest.MapFS{}
		chainOf(t, files, "ada", 3)
		files["ada/0000000003.json"].Mode = mode | 0o700
		if got := found(verify(t, files, audit.Options{})); !slices.Equal(got, []string{"ada 3 malformed"}) {
			t.Errorf("%s: %q", name, got)
		}
		_, err := audit.FS(files).Read(t.Context(), "ada/0000000003.json")
		if !errors.Is(err, audit.ErrNotRegular) || !audit.IsSpoiled(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	files := fstest.MapFS{"ada/0000000001.json/x": {}}
	if got := found(verify(t, files, audit.Options{})); !slices.Equal(got, []string{"ada 1 malformed"}) {
		t.Errorf("a directory with a file: %q", got)
	}
}

// A link may lead out of the log, to what nobody meant to show.
func TestALinkIsNoRecord(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "ada", 2)
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	second, moved := filepath.Join(dir, "ada", "0000000002.json"), filepath.Join(outside, "record")
	if err := errors.Join(os.Rename(second, moved), os.Symlink(moved, second)); err != nil {
		t.Skipf("no links here: %v", err)
	}
	r, err := audit.Verify(t.Context(), audit.FS(os.DirFS(dir)), audit.Options{})
	if err != nil || !slices.Equal(found(r), []string{"ada 2 malformed"}) {
		t.Errorf("%q, %v", found(r), err)
	}
	if err := errors.Join(os.Remove(second), os.Rename(moved, second), os.Symlink(outside, filepath.Join(dir, "bob"))); err != nil {
		t.Fatal(err)
	}
	if r, err = audit.Verify(t.Context(), audit.FS(os.DirFS(dir)), audit.Options{}); err != nil || !slices.Equal(found(r), []string{"0 foreign"}) {
		t.Errorf("a writer's folder that is a link: %q, %v", found(r), err)
	}
}

// Of a chain that was deleted, its continuation tells.
func TestAContinuationOfNothing(t *testing.T) {
	t.Parallel()
	continuing := func(writer string, from *audit.Ref) fstest.MapFS {
		f, e := fstest.MapFS{}, plainEvent(1)
		e.Continues = from
		extend(t, f, extend(t, f, audit.Ref{Writer: writer, Hash: audit.FirstPrev}, e), plainEvent(2))
		return f
	}
	none := &audit.Ref{Writer: "ada", Hash: audit.FirstPrev}
	for name, tc := range map[string]struct {
		files fstest.MapFS
		spoil func(f fstest.MapFS)
		want  []string
	}{
		"nothing was good":      {continuing("ada.2", none), nil, []string{"ada.2 1 broken"}},
		"a lone third part":     {continuing("ada.3", &audit.Ref{Writer: "ada.2", Hash: audit.FirstPrev}), nil, []string{"ada.3 1 broken"}},
		"a record is named":     {continuing("ada.2", &audit.Ref{Writer: "ada", Seq: 7, Hash: audit.FirstPrev}), nil, []string{"ada.2 1 broken"}},
		"an empty folder":       {continuing("ada.2", none), func(f fstest.MapFS) { f["ada"] = &fstest.MapFile{Mode: fs.ModeDir} }, []string{"ada.2 1 broken"}},
		"only foreign names":    {continuing("ada.2", none), func(f fstest.MapFS) { f["ada/x"] = &fstest.MapFile{} }, []string{"ada 0 foreign", "ada.2 1 broken"}},
		"a file":                {continuing("ada.2", none), func(f fstest.MapFS) { f["ada"] = &fstest.MapFile{} }, []string{"0 foreign", "ada.2 1 broken"}},
		"its own first is bad":  {continuing("ada.2", none), func(f fstest.MapFS) { f["ada.2/0000000001.json"].Data = nil }, []string{"ada.2 1 broken", "ada.2 1 malformed", "ada.2 1 edited"}},
		"its own first is gone": {continuing("ada.2", none), func(f fstest.MapFS) { delete(f, "ada.2/0000000001.json") }, []string{"ada.2 2 broken", "ada.2 1 gap"}},
		"something is there":    {continuing("ada.2", none), func(f fstest.MapFS) { f["ada/0000000004.json"] = &fstest.MapFile{} }, []string{"ada 1 gap", "ada 4 malformed"}},
		"no record of either":   {fstest.MapFS{"ada.2": {Mode: fs.ModeDir}}, nil, nil},
	} {
		if tc.spoil != nil {
			tc.spoil(tc.files)
		}
		if got := found(verify(t, tc.files, audit.Options{})); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	files := continuing("ada.2", none)
	if got := found(verify(t, files, audit.Options{Writers: []string{"ada.2"}})); !slices.Equal(got, []string{"ada.2 1 broken"}) {
		t.Errorf("asked for alone: %q", got)
	}
}

// Two known records of one number: whichever is there, the other was lost.
func TestKnownRecordsThatContradict(t *testing.T) {
	t.Parallel()
	files, others := fstest.MapFS{}, fstest.MapFS{}
	first := chainOf(t, files, "ada", 1)
	there := extend(t, files, first, plainEvent(8))
	lost := extend(t, others, first, plainEvent(9))
	for _, known := range [][]audit.Ref{{there, lost}, {lost, there}, {lost, lost, there}} {
		if got := found(verify(t, files, audit.Options{Known: known})); !slices.Equal(got, []string{"ada 2 known"}) {
			t.Errorf("%+v: %q", known, got)
		}
	}
	delete(files, "ada/0000000002.json")
	both := []audit.Ref{there, lost, there}
	if got := found(verify(t, files, audit.Options{Known: both})); !slices.Equal(got, []string{"ada 2 known", "ada 2 known"}) {
		t.Errorf("both gone: %q", got)
	}
	if got := found(verify(t, fstest.MapFS{}, audit.Options{Known: both})); !slices.Equal(got, []string{"ada 2 known", "ada 2 known"}) {
		t.Errorf("with the chain: %q", got)
	}
}

func TestPrincipalsAreChecked(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{} // all records are about 557058:ada
	for _, w := range []string{"557058=3Aada", "AIDA", "host"} {
		chainOf(t, files, w, 1)
	}
	for name, tc := range map[string]struct {
		o    audit.Options
		want []string
	}{
		"nothing asked":     {audit.Options{}, nil},
		"checked":           {audit.Options{CheckPrincipals: true}, []string{"AIDA 1 principal", "host 1 principal"}},
		"an empty map":      {audit.Options{CheckPrincipals: true, Principals: map[string]string{}}, []string{"AIDA 1 principal", "host 1 principal"}},
		"one let be":        {audit.Options{CheckPrincipals: true, AnyPrincipal: []string{"host"}}, []string{"AIDA 1 principal"}},
		"one let be, a map": {audit.Options{Principals: map[string]string{"host": "bob"}, AnyPrincipal: []string{"host"}}, []string{"AIDA 1 principal", "host 1 principal"}},
		"mapped":            {audit.Options{CheckPrincipals: true, Principals: map[string]string{"host": "557058:ada", "AIDA": "557058:ada"}}, nil},
	} {
		if got := found(verify(t, files, tc.o)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestAWriterThatIsNotThere(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"carol": {Mode: fs.ModeDir}}
	chainOf(t, files, "ada", 1)
	for writer, want := range map[string][]string{
		"ada": nil, "adda": {"adda 0 absent"}, "ada.2": {"ada.2 0 absent"}, "carol": {"carol 0 absent"}, "../x": {"../x 0 absent"},
	} {
		r := verify(t, files, audit.Options{Writers: []string{writer}})
		if got := found(r); !slices.Equal(got, want) || r.OK != (want == nil) {
			t.Errorf("%s: %q, want %q", writer, got, want)
		}
	}
}
