package cmd

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// mandoc reads the pages as a manual reader would, and tells what it stumbles
// over.
func TestManPagesAreWellFormed(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		requireOrSkip(t, "man", "mandoc is not installed")
	}
	pages, err := filepath.Glob("../docs/man/*.1")
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	// What is below an error is a matter of style, which the generator has.
	if out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "error"}, pages...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
