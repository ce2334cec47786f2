package sshclient

import "os"

// owned is not told here, where no agent is served either.
func owned(os.FileInfo) bool { return false }
