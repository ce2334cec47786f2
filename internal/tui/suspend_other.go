//go:build !unix

package tui

// resumable reports whether a shell waits that could have us go on.
func resumable() bool { return false }
