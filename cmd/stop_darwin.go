package cmd

import "golang.org/x/sys/unix"

// sStop is SSTOP of sys/proc.h: a process that is stopped.
const sStop = 4

// stopped reports whether a child is stopped. Waiting for that would take its
// end from whoever waits for it, so its state is looked up.
func stopped(pid int) bool {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && info.Proc.P_stat == sStop
}
