//go:build unix

package cmd

import "syscall"

// detached has a process leave the terminal and the job of whoever starts it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
