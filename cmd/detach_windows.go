package cmd

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached has a process leave the console of whoever starts it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
