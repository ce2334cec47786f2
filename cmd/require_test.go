package cmd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// requireOrSkip skips a test, or fails it where JIT_REQUIRE has the word.
func requireOrSkip(t *testing.T, word, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), word) {
		t.Fatal(why)
	}
	t.Skip(why)
}
