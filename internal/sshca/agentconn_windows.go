package sshca

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// PipeSocket is where the agent of Windows' own OpenSSH listens.
const PipeSocket = `\\.\pipe\openssh-ssh-agent`

func dialSocket(ctx context.Context, socket string) (io.ReadWriteCloser, error) {
	if strings.HasPrefix(strings.ReplaceAll(socket, "/", `\`), `\\.\pipe\`) {
		// Overlapped, so that closing the pipe ends a read that waits.
		return os.OpenFile(socket, os.O_RDWR|syscall.FILE_FLAG_OVERLAPPED, 0)
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", socket)
}
