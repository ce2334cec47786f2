//go:build !unix

package ownership

import (
	"io/fs"
	"os"
)

// judge accepts everything: mode bits say nothing where access lists decide.
func judge(string, fs.FileInfo, part) error { return nil }

// trace looks no further than at what the path leads to.
func trace(path string) (string, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, unreadable(path, err)
	}
	return path, info, nil
}

func open(path string) (*os.File, error) { return os.Open(path) }
