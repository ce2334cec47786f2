//go:build unix

package cmd

import (
	"os"
	"os/signal"
	"syscall"
)

// watchStops begins to note that a child stops or that jit goes on. It must have
// begun before the child does, which may stop at once.
func watchStops() chan os.Signal {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGCONT)
	return signals
}

// stopWith stops jit whenever its child was stopped alone, as by ssh's ~^Z or a
// shell's suspend, so that the shell that started jit has the terminal back; and
// has the child go on when jit does. It ends with the child.
func stopWith(child *os.Process, signals chan os.Signal, ended <-chan struct{}) {
	defer signal.Stop(signals)
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGCONT {
				_ = child.Signal(syscall.SIGCONT)
			} else if stopped(child.Pid) {
				// Not SIGSTOP: a stop that no shell could end must not happen,
				// and the kernel drops this one there.
				_ = syscall.Kill(os.Getpid(), syscall.SIGTSTP)
			}
		case <-ended:
			return
		}
	}
}
