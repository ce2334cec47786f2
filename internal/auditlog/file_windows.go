package auditlog

import (
	"errors"
	"os"
	"syscall"
)

// Codes of winerror.h that package syscall does not name.
const (
	errorInvalidFunction = syscall.Errno(1) // FAT has no hard links
	errorHandleDiskFull  = syscall.Errno(39)
	errorDiskFull        = syscall.Errno(112)
)

// syncDir does nothing: Windows journals names, and has no call for it.
func syncDir(string) error { return nil }

func isDiskFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}

func isLinkRefused(err error) bool {
	link, ok := errors.AsType[*os.LinkError](err)
	return ok && (errors.Is(link.Err, errorInvalidFunction) || errors.Is(link.Err, errors.ErrUnsupported))
}
