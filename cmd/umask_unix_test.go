//go:build unix

package cmd

import "syscall"

// usualUmask keeps the files of the scripts from being writable for a group,
// which jit refuses, wherever the tests are run.
func usualUmask() { syscall.Umask(0o022) }
