package wallet

import (
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/grant"
)

// BenchmarkUse is what credential-process does with the wallet: it opens it,
// lists what is in force, and opens one grant, with a fresh process' memory.
func BenchmarkUse(b *testing.B) {
	dir := stateDir(b)
	held, _ := mustPut(b, fileWallet(b, dir), grant.AWS, 1, epoch.Add(time.Hour))
	for b.Loop() {
		w := fileWallet(b, dir)
		if list, err := w.List(b.Context(), epoch); err != nil || len(list) != 1 {
			b.Fatal(list, err)
		}
		if _, err := w.Open(b.Context(), held.Grant.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPut is one durable change.
func BenchmarkPut(b *testing.B) {
	w := fileWallet(b, stateDir(b))
	for b.Loop() {
		mustPut(b, w, grant.AWS, 1, epoch.Add(time.Hour))
	}
}
