package cmd

import "golang.org/x/sys/unix"

// stopped reports whether a child has been stopped since the last question, and
// leaves its end for whoever waits for that.
func stopped(pid int) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG, nil)
	return err == nil && info.Signo == int32(unix.SIGCHLD) // 0 where there is nothing to tell
}
