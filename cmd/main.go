// Package cmd is the command line: one file a command, wire.go to build the
// adapters, exit.go to turn errors into exit codes.
package cmd

// Main runs the command line and returns its exit code.
func Main() int { return 0 }
