//go:build !windows

package auditlog

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isLinkRefused tells a file system without hard links (FAT answers EPERM) from
// a directory that is not ours to write.
func isLinkRefused(err error) bool {
	link, ok := errors.AsType[*os.LinkError](err)
	return ok && (errors.Is(link.Err, syscall.EPERM) || errors.Is(link.Err, errors.ErrUnsupported) ||
		errors.Is(link.Err, syscall.EMLINK))
}
