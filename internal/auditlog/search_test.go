package auditlog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/pkg/audit"
)

// mostListings is what the search for the end of a chain may cost.
const mostListings = 40

// fakeChain is a bucket with records of ada at these numbers, whose bytes are
// made when they are read. A record's prev is that of nothing but the one
// before it.
func fakeChain(t testing.TB, seqs []uint64) *memory {
	t.Helper()
	m := newMemory()
	for _, seq := range seqs {
		m.keys = append(m.keys, "jit/"+audit.Name("ada", seq))
	}
	m.computed = func(key string) []byte {
		var seq uint64
		if _, err := fmt.Sscanf(key, "jit/ada/%d.json", &seq); err != nil {
			return nil
		}
		return fakeRecord(t, seq, 3)
	}
	return m
}

// fakeRecord is record seq of a chain whose record seq-depth has a made-up prev:
// enough for whoever looks at the last few only.
func fakeRecord(t testing.TB, seq uint64, depth int) []byte {
	t.Helper()
	prev := audit.FirstPrev
	switch {
	case seq > 1 && depth == 0:
		prev = audit.Hash([]byte("made up"))
	case seq > 1:
		prev = audit.Hash(fakeRecord(t, seq-1, depth-1))
	}
	data, err := audit.Encode(accesstest.LogEvent(int(seq)), "ada", seq, prev)
	if err != nil {
		t.Error(err)
	}
	return data
}

func upTo(n uint64) []uint64 {
	seqs := make([]uint64, n)
	for i := range seqs {
		seqs[i] = uint64(i + 1)
	}
	return seqs
}

func TestTheEndOfAChainIsFoundInFewListings(t *testing.T) {
	t.Parallel()
	million := upTo(1_000_000)
	for _, n := range []uint64{1, 2, 999, 1000, 1001, 1002, 2000, 2001, 5000, 5001, 65_536, 524_289, 999_999, 1_000_000} {
		m := fakeChain(t, million[:n])
		b := &s3Backend{loc: location{bucket: "b", prefix: "jit/"}, client: m}
		for _, from := range []uint64{0, 1, n / 2, n} {
			m.counts()
			got, err := b.last(t.Context(), "ada", from, audit.MaxSeq+1)
			if _, _, lists := m.counts(); err != nil || got != n || lists > mostListings {
				t.Errorf("%d records, from %d: %d in %d listings, %v", n, from, got, lists, err)
			}
		}
	}
}

func TestAnAppendToAMillionRecords(t *testing.T) {
	t.Parallel()
	m := fakeChain(t, upTo(1_000_000))
	// The two records that the append reads must follow each other.
	for _, seq := range []uint64{999_999, 1_000_000} {
		m.objects["jit/"+audit.Name("ada", seq)] = fakeRecord(t, seq, int(seq-999_998))
	}
	ref := appendTo(t, openMemory(t, m, ""), 7)
	puts, gets, lists := m.counts()
	if ref.Writer != "ada" || ref.Seq != 1_000_001 || puts != 2 || gets != 2 || lists > mostListings {
		t.Errorf("%+v after %d puts, %d gets, %d lists", ref, puts, gets, lists)
	}
	t.Logf("%d listings", lists)
}

// Whatever records are missing, whatever else is there, and below whatever
// bound, the search finds the greatest number.
func TestTheSearchIsNotFooled(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		n := random.Uint64N(20_000) + 1
		seqs := slices.DeleteFunc(upTo(n), func(uint64) bool { return random.IntN(4) == 0 })
		if round%3 == 0 && n > 5000 { // a hole longer than a page
			seqs = slices.DeleteFunc(seqs, func(s uint64) bool { return s > 1500 && s < n-10 })
		}
		m := fakeChain(t, seqs)
		for range round % 7 * 30 {
			foreign := fmt.Sprintf("jit/ada/%010d.json%s", random.Uint64N(2*n), []string{"", ".bak", "x", "/y"}[random.IntN(3)+1])
			if i, found := slices.BinarySearch(m.keys, foreign); !found {
				m.keys = slices.Insert(m.keys, i, foreign)
			}
		}
		m.keys = append(m.keys, "jit/ada/notes.txt", "jit/adb/0000000001.json", "jit/bob/9999999999.json")
		b := &s3Backend{loc: location{bucket: "b", prefix: "jit/"}, client: m}
		below := uint64(audit.MaxSeq + 1)
		if round%2 == 0 {
			below = random.Uint64N(n) + 1
		}
		want := uint64(0)
		for _, s := range seqs {
			if s < below {
				want = s
			}
		}
		got, err := b.last(t.Context(), "ada", 0, below)
		if _, _, lists := m.counts(); err != nil || got != want || lists > mostListings {
			t.Fatalf("round %d, %d records, below %d: %d, want %d, in %d listings, %v", round, n, below, got, want, lists, err)
		}
	}
}

func TestManyForeignNames(t *testing.T) {
	t.Parallel()
	m := fakeChain(t, upTo(5))
	for i := range 3000 {
		m.keys = append(m.keys, fmt.Sprintf("jit/ada/0000000005.json.%04d", i))
	}
	m.keys = append(m.keys, "jit/ada/0000000006.json", "jit/ada/zzz")
	b := &s3Backend{loc: location{bucket: "b", prefix: "jit/"}, client: m}
	if got, err := b.last(t.Context(), "ada", 0, audit.MaxSeq+1); err != nil || got != 6 {
		t.Errorf("%d, %v", got, err)
	}
}

func TestWritersAreListedPageByPage(t *testing.T) {
	t.Parallel()
	m := newMemory()
	var want []string
	for i := range 2500 {
		want = append(want, fmt.Sprintf("w%04d/", i))
		m.keys = append(m.keys, fmt.Sprintf("jit/w%04d/0000000001.json", i), fmt.Sprintf("jit/w%04d/0000000002.json", i))
	}
	var got []string
	for name, err := range openMemory(t, m, "").Top(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d names, want %d: %s", len(got), len(want), strings.Join(got[:5], " "))
	}
}
