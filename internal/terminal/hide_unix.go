//go:build unix

package terminal

import "golang.org/x/sys/unix"

// hideTyping turns the terminal's echo off. term.ReadPassword does so too, but
// only once the question is on the screen, and who pastes is faster.
func hideTyping(fd int) error {
	t, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, setTermios, t)
}
