// Command jit gives short-lived access that a Jira ticket justifies.
package main

import (
	"os"

	"github.com/jitaccess/jit/cmd"
)

func main() { os.Exit(cmd.Main()) }
