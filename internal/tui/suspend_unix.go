//go:build unix

package tui

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// resumable reports whether a shell waits that could have us go on. In the group
// that leads its session, as under ssh -t or a multiplexer that starts jit itself,
// the kernel drops the signal that stops us, and we would wait for the one after it
// for ever.
func resumable() bool {
	session, err := unix.Getsid(0)
	return err == nil && session != unix.Getpgrp() && !signal.Ignored(syscall.SIGTSTP)
}
