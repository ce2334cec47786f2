package audit_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jitaccess/jit/pkg/audit"
)

// signs stands for a signature that verifies.
func signs(_, signature []byte, _ time.Time) error {
	if string(signature) != "signed\n" {
		return errors.New("not by carol")
	}
	return nil
}

// checkpoint adds a checkpoint of the log as it is.
func checkpoint(t *testing.T, files fstest.MapFS, before *audit.CheckpointRef) audit.SignedCheckpoint {
	t.Helper()
	serial := uint64(0)
	if before != nil {
		serial = before.Serial
	}
	c := audit.NewCheckpoint(verify(t, files, audit.Options{}), "file:///log", before, epoch.Add(time.Duration(serial)*time.Hour))
	statement, err := c.Statement()
	if err != nil {
		t.Fatal(err)
	}
	data := slices.Concat(statement, []byte("signed\n"))
	files[audit.CheckpointName(c.Serial)] = &fstest.MapFile{Data: data}
	signed, err := audit.ParseCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestACheckpointProvesWhatItSigned(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	ada := chainOf(t, files, "ada", 5)
	chainOf(t, files, "bob", 3)
	c := checkpoint(t, files, nil)
	extend(t, files, ada, plainEvent(9))
	chainOf(t, files, "carol", 1)
	forged := fstest.MapFS{}
	extend(t, forged, audit.Ref{Writer: "ada", Hash: audit.FirstPrev}, plainEvent(77))
	for seq := uint64(2); seq <= 6; seq++ {
		extend(t, forged, audit.Ref{Writer: "ada", Seq: seq - 1, Hash: audit.Hash(forged[audit.Name("ada", seq-1)].Data)}, plainEvent(int(seq)))
	}
	cut := func(f fstest.MapFS, from, to uint64) {
		for seq := from; seq <= to; seq++ {
			delete(f, audit.Name("ada", seq))
		}
	}
	for name, tc := range map[string]struct {
		spoil  func(f fstest.MapFS)
		want   []string
		proven uint64 // of ada
	}{
		"whole":                     {func(fstest.MapFS) {}, nil, 5},
		"cut after it":              {func(f fstest.MapFS) { cut(f, 6, 6) }, nil, 5},
		"cut before it":             {func(f fstest.MapFS) { cut(f, 4, 6) }, []string{"ada 4 truncated"}, 0},
		"a chain that is replaced":  {func(f fstest.MapFS) { maps.Copy(f, forged) }, []string{"ada 5 replaced"}, 0},
		"a chain that is gone":      {func(f fstest.MapFS) { cut(f, 1, 6) }, []string{"ada 1 truncated"}, 0},
		"a record that is edited":   {func(f fstest.MapFS) { edit(f, "ada/0000000002.json", `,"time"`, `, "time"`) }, []string{"ada 2 edited"}, 0},
		"the head that was edited":  {func(f fstest.MapFS) { edit(f, "ada/0000000005.json", `,"time"`, `, "time"`); cut(f, 6, 6) }, []string{"ada 5 replaced"}, 0},
		"a gap, and nothing behind": {func(f fstest.MapFS) { cut(f, 5, 5) }, []string{"ada 5 gap"}, 0},
	} {
		f := maps.Clone(files)
		tc.spoil(f)
		r := verify(t, f, audit.Options{Checkpoint: &c})
		if got := found(r); !slices.Equal(got, tc.want) || r.OK != (tc.want == nil) || *r.Checkpoint != c.Ref() {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		for _, chain := range r.Chains {
			if want := map[string]uint64{"ada": tc.proven, "bob": 3}[chain.Writer]; chain.Proven != want {
				t.Errorf("%s: %s is proven up to %d, want %d", name, chain.Writer, chain.Proven, want)
			}
		}
	}
}

func TestWhatIsWrongWithCheckpoints(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "ada", 2)
	var refs []audit.CheckpointRef
	var before *audit.CheckpointRef
	for range 4 {
		ref := checkpoint(t, files, before).Ref()
		refs, before = append(refs, ref), &ref
	}
	other := audit.CheckpointRef{Serial: 2, Hash: audit.Hash(nil), Time: epoch}
	name := audit.CheckpointName
	for what, tc := range map[string]struct {
		spoil  func(f fstest.MapFS)
		known  []audit.CheckpointRef
		want   string
		newest uint64
	}{
		"all is well":        {func(fstest.MapFS) {}, refs, "", 4},
		"a gap":              {func(f fstest.MapFS) { delete(f, name(2)) }, nil, "2 gap", 4},
		"no beginning":       {func(f fstest.MapFS) { delete(f, name(1)) }, nil, "1 gap", 4},
		"a signature":        {func(f fstest.MapFS) { edit(f, name(4), "signed", "forged") }, nil, "4 signature", 3},
		"no signature":       {func(f fstest.MapFS) { edit(f, name(4), "signed\n", "") }, nil, "4 signature", 3},
		"another before":     {func(f fstest.MapFS) { edit(f, name(2), `,"time"`, `, "time"`) }, nil, "3 broken", 4},
		"an older one again": {func(f fstest.MapFS) { f[name(4)] = f[name(3)] }, nil, "4 misplaced", 3},
		"cut off":            {func(f fstest.MapFS) { delete(f, name(4)) }, refs, "4 older", 3},
		"none left": {func(f fstest.MapFS) {
			maps.DeleteFunc(f, func(n string, _ *fstest.MapFile) bool { return n[0] == '_' })
		}, refs[3:], "4 older", 0},
		"not as it was seen": {func(fstest.MapFS) {}, []audit.CheckpointRef{other}, "2 replaced", 4},
		"no checkpoint":      {func(f fstest.MapFS) { f[name(4)] = &fstest.MapFile{Data: []byte("x\n")} }, nil, "4 malformed", 3},
		"a foreign file":     {func(f fstest.MapFS) { f["_checkpoints/notes"] = &fstest.MapFile{} }, nil, "0 foreign", 4},
	} {
		f := maps.Clone(files)
		tc.spoil(f)
		got, err := audit.ReadCheckpoints(t.Context(), audit.FS(f), audit.CheckpointOptions{Verify: signs, Known: tc.known})
		if err != nil {
			t.Fatal(err)
		}
		problems := strings.ReplaceAll(strings.Join(found(audit.Report{Problems: got.Problems}), ", "), audit.CheckpointDir+" ", "")
		newest := uint64(0)
		if got.Newest != nil {
			newest = got.Newest.Serial
		}
		if problems != tc.want || newest != tc.newest {
			t.Errorf("%s: %q and the newest is %d, want %q and %d", what, problems, newest, tc.want, tc.newest)
		}
	}
}

func TestNoByteOfAStatementIsFree(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	chainOf(t, files, "ada", 1)
	c := checkpoint(t, files, nil)
	for i := range c.Statement[:len(c.Statement)-1] {
		data := bytes.Clone(c.Statement)
		data[i] ^= 1
		if changed, err := audit.ParseCheckpoint(data); err == nil && changed.Hash == c.Hash {
			t.Errorf("byte %d does not count", i)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	c := audit.NewCheckpoint(audit.Report{Chains: []audit.Chain{{Writer: "ada", Records: 1, OK: true, Head: &audit.Ref{Writer: "ada", Seq: 1, Hash: audit.Hash(nil)}}}}, "file:///log", nil, epoch)
	statement, err := c.Statement()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(statement, "signed\n"...))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := audit.ParseCheckpoint(data)
		if err != nil {
			return
		}
		if !bytes.Equal(slices.Concat(c.Statement, c.Signature), data) || c.Hash != audit.Hash(c.Statement) {
			t.Fatalf("%q is %+v", data, c)
		}
	})
}
