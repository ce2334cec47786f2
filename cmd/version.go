package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release; a build by go install has the
// module's version instead.
var version string

func newVersionCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version, the Go release that built it and the platform." + exitCodes(),
		Example: "  jit version\n  jit version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if asJSON {
				return writeJSON(a.io.Out, map[string]string{"version": v, "go": runtime.Version(), "platform": platform})
			}
			_, err := fmt.Fprintf(a.io.Out, "jit %s %s %s\n", v, runtime.Version(), platform)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
