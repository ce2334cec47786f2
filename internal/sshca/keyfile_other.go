//go:build !unix

package sshca

import (
	"io/fs"
	"os"
)

func openKeyFile(path string) (*os.File, error) { return os.Open(path) }

// checkPrivate has nothing to look at: Windows guards files by access lists,
// which a mode does not show, and a profile's files are private by default.
func checkPrivate(string, fs.FileInfo) error { return nil }
