package cmd

import (
	"os"
	"os/signal"
	"slices"
)

// notIgnored leaves out the signals that whoever started jit has it ignore, as
// nohup does. To be told of one would be to take it back, and so for a program
// that jit becomes or starts.
func notIgnored(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}
