package audit_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jitaccess/jit/pkg/audit"
)

// benchRecords is how many records BenchmarkVerify verifies.
const benchRecords = 100_000

// writeChain writes a chain of n records into a directory.
func writeChain(b *testing.B, dir string, n int) {
	b.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "ada"), 0o700); err != nil {
		b.Fatal(err)
	}
	prev := audit.FirstPrev
	for i := range n {
		data := encode(b, plainEvent(i), "ada", uint64(i+1), prev)
		if err := os.WriteFile(filepath.Join(dir, audit.Name("ada", uint64(i+1))), data, 0o600); err != nil {
			b.Fatal(err)
		}
		prev = audit.Hash(data)
	}
}

// BenchmarkVerify compares Verify with the least that any verifier must do:
// read each record, hash it and parse it, one after the other. A ratio of 1
// says that the two are as fast; at least 0.5 is wanted.
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	writeChain(b, dir, benchRecords)
	var least, whole float64
	b.Run("sha256+json", func(b *testing.B) {
		for b.Loop() {
			for i := range benchRecords {
				data, err := os.ReadFile(filepath.Join(dir, audit.Name("ada", uint64(i+1))))
				if err != nil {
					b.Fatal(err)
				}
				var v map[string]any
				if err := json.Unmarshal(data, &v); err != nil || audit.Hash(data) == "" {
					b.Fatal(err)
				}
			}
		}
		least = float64(b.Elapsed()) / float64(b.N)
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			r, err := audit.Verify(b.Context(), audit.FS(os.DirFS(dir)), audit.Options{})
			if err != nil || !r.OK || r.Records != benchRecords {
				b.Fatalf("%+v, %v", r, err)
			}
		}
		whole = float64(b.Elapsed()) / float64(b.N)
		b.ReportMetric(benchRecords/(whole/1e9), "records/s")
		if least > 0 {
			b.ReportMetric(least/whole, "of-sha256+json")
		}
	})
}

// endless is a store with a chain that is computed as it is read.
type endless struct {
	audit.Store
	n       uint64
	data    []byte
	largest atomic.Uint64
}

func (e *endless) Top(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("ada/", nil) }
}

func (e *endless) Files(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for seq := uint64(1); seq <= e.n; seq++ {
			if seq%1000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				e.largest.Store(max(e.largest.Load(), m.HeapAlloc))
			}
			if !yield(audit.FileName(seq), nil) {
				return
			}
		}
	}
}

func (e *endless) Read(context.Context, string) ([]byte, error) {
	if e.data == nil {
		return nil, fs.ErrNotExist
	}
	return append([]byte(nil), e.data...), nil
}

// The same records twenty times over must not take more memory.
func TestMemoryIsFlat(t *testing.T) {
	data := encode(t, plainEvent(1), "ada", 1, audit.FirstPrev)
	measure := func(n uint64) uint64 {
		e := &endless{n: n, data: data}
		if r, err := audit.Verify(t.Context(), e, audit.Options{}); err != nil || r.Records != n {
			t.Fatalf("%+v, %v", r, err)
		}
		return e.largest.Load()
	}
	short, long := measure(1000), measure(20_000)
	if long > short+1<<20 {
		t.Errorf("%d bytes for 1,000 records and %d for 20,000", short, long)
	}
}
