package policy

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
)

// Limits on what is read, all of our own choosing: far above any policy that
// people can review, and low enough that a wrong path does no harm.
const (
	maxFile      = 1 << 20  // bytes of one policy file
	maxNamedFile = 64 << 10 // bytes of a file that a policy names, before white space is dropped
	maxFiles     = 256      // policy files in a directory
)

// Load reads and compiles a policy: a file, or the *.yaml and *.yml of a
// directory (not of those below it, not hidden ones, and not the cases that the
// policy is tested with). Nothing of it may be
// writable by others. Every error is of class Config; mistakes inside the files
// come all at once, as Errors.
func Load(path string) (*Policy, error) {
	if path == "" {
		return nil, fault.New(fault.Config, "no policy is named").
			WithHint("set policy: in the configuration to a file or a directory of *.yaml")
	}
	paths, err := sourcePaths(path)
	if err != nil {
		return nil, err
	}
	sources := make([]Source, 0, len(paths))
	for _, p := range paths {
		data, err := ownership.ReadFile(p, maxFile)
		if err != nil {
			return nil, err
		}
		sources = append(sources, Source{Name: p, Data: data})
	}
	return Compile(sources, func(path string) ([]byte, error) { return ownership.ReadFile(path, maxNamedFile) })
}

// sourcePaths are the files that make up the policy at path.
func sourcePaths(path string) ([]string, error) {
	if !isDirectory(path) {
		return []string{path}, nil
	}
	if err := ownership.Check(path); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "cannot list the policy directory")
	}
	var paths []string
	for _, e := range entries {
		at := filepath.Join(path, e.Name())
		switch {
		case !isPolicyName(e.Name()):
		case !IsCasesName(e.Name()):
			paths = append(paths, at)
		default:
			if err := checkCases(at); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case len(paths) == 0:
		return nil, fault.New(fault.Config, "the policy directory %s has no *.yaml", path).
			WithHint("put a policy file there, or set policy: in the configuration to another path")
	case len(paths) > maxFiles:
		return nil, fault.New(fault.Config, "the policy directory %s has more than %d files", path, maxFiles)
	}
	return paths, nil
}

// isDirectory takes what it cannot see for a file: reading that tells what is
// wrong.
func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isPolicyName(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".")
}
