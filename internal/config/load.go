package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
)

// maxFile bounds a configuration file, in bytes. A page of YAML is enough; a
// megabyte is a mistake.
const maxFile = 1 << 20

// Load reads the configuration at path, lays the administrator's at system
// over it where that exists, and checks the result. A file that is not there
// is an error for path and none for system. Errors are of class Config.
func Load(path, system string, env Env) (*Config, error) {
	c := &Config{Path: path}
	if err := c.read(path, env); err != nil {
		if errors.Is(err, fs.ErrNotExist) && exists(system) {
			c.Path = system // an administrator may have set everything
			return c.finish(system, env)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Config, "there is no configuration at %s", path).
				WithHint("run jit init to write one, or jit sandbox to try jit without one")
		}
		return nil, err
	}
	return c.finish(system, env)
}

// dangling refuses an administrator's file that is a link to nothing, such as
// one on a share that is not mounted: without it, the user's would rule alone.
func dangling(system string) error {
	for _, path := range []string{system, filepath.Dir(system)} {
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if _, err := os.Stat(system); err != nil {
				return fault.New(fault.Config, "%s leads to nothing, so the administrator's configuration is missing", path).
					WithHint("ask whoever put it there")
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// finish lays the administrator's file over c and checks the result.
func (c *Config) finish(system string, env Env) (*Config, error) {
	if !c.Sandbox {
		if err := c.overlay(system, env); err != nil {
			return nil, err
		}
	}
	if err := c.check(env); err != nil {
		return nil, err
	}
	return c, nil
}

// overlay lays the administrator's file over c: a key that the file sets wins,
// one that it leaves out stays.
func (c *Config) overlay(system string, env Env) error {
	switch err := c.read(system, env); {
	case errors.Is(err, fs.ErrNotExist):
		return dangling(system)
	case err != nil:
		return err
	case c.Sandbox:
		return fault.New(fault.Config, "%s: sandbox cannot be set for the whole machine", system).
			WithHint("take sandbox: out of %s", system)
	}
	c.System = system
	return nil
}

// read decodes the file into c, keeping what it does not set. A relative policy
// is beside the file that names it.
func (c *Config) read(path string, env Env) error {
	data, err := readChecked(path)
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil
	}
	if err := yaml.Load(data, c, yaml.WithKnownFields()); err != nil {
		return describe(path, err)
	}
	c.Policy = env.Expand(c.Policy, filepath.Dir(path))
	return nil
}

// readChecked reads a file that nobody else could have written.
func readChecked(path string) ([]byte, error) { return ownership.ReadFile(path, maxFile) }

// describe turns the decoder's error into lines of FILE:LINE:COL: message.
func describe(path string, err error) error {
	var found []*yaml.LoadError
	if list, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		found = list.Errors
	} else if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		found = []*yaml.LoadError{one}
	}
	lines := make([]string, 0, len(found))
	for _, e := range found {
		// What concerns the file as a whole has no position.
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", path, max(e.Mark.Line, 1), max(e.Mark.Column, 1), inOurWords(e.Message)))
	}
	if len(lines) == 0 {
		lines = append(lines, path+": "+err.Error())
	}
	return fault.New(fault.Config, "%s", strings.Join(lines, "\n")).
		WithHint("the keys of a configuration are described in docs/configuration.md")
}

// inOurWords takes the decoder's own terms and our types out of its messages,
// which mean nothing to a reader.
func inOurWords(msg string) string {
	msg, _, _ = strings.Cut(msg, " in type ")
	if key, ok := strings.CutPrefix(msg, "field "); ok {
		return "unknown key " + strings.TrimSuffix(key, " not found")
	}
	return strings.NewReplacer(
		"yaml: ", "", "cannot construct ", "expected another type here, not ",
		"!!seq", "a list", "!!map", "a map", "!!str", "the text", "!!int", "the number", "!!bool", "the truth value", "!!null", "nothing",
		" into string", ", for a text", " into bool", ", for true or false", " into map[string]string", ", for a map",
	).Replace(msg)
}
