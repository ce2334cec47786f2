package sshclient

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// staleAfter is how old a directory is before it may be swept: one that is
// younger may have no socket yet.
const staleAfter = time.Minute

// sweep removes directories of agents that nobody serves any more. Whatever is not
// surely one of them is left: the place is one where everybody keeps things.
func sweep(ctx context.Context, parent string, now time.Time) {
	found, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || now.Sub(info.ModTime()) < staleAfter || !madeByUs(dir, info) {
			continue
		}
		if !Answers(ctx, filepath.Join(dir, socketName)) {
			tidy(dir)
		}
	}
}

// madeByUs reports whether a directory is as Serve makes one: its name, its mode,
// its owner, and nothing in it but what Serve puts there.
func madeByUs(dir string, info os.FileInfo) bool {
	named, err := regexp.MatchString(`^`+dirPrefix+`[0-9]+$`, filepath.Base(dir))
	if err != nil || !named || !info.IsDir() || info.Mode().Perm() != 0o700 || !owned(info) {
		return false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		isSocket := e.Name() == socketName && e.Type() == os.ModeSocket
		isPublic := e.Name() == publicName && e.Type().IsRegular()
		if !isSocket && !isPublic {
			return false
		}
	}
	return true
}

// clear removes what Serve has made, by name and no more: a file that somebody
// adds meanwhile keeps the directory.
func tidy(dir string) {
	for _, path := range []string{filepath.Join(dir, socketName), filepath.Join(dir, publicName), dir} {
		_ = os.Remove(path)
	}
}
