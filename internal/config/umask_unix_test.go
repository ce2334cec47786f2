//go:build unix

package config_test

import (
	"syscall"
	"testing"
)

// TestMain makes files that only their owner can write, as the tests expect,
// on systems where a person's group could write them too.
func TestMain(m *testing.M) {
	syscall.Umask(0o022)
	m.Run()
}
