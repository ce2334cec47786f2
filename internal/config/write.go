package config

import (
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/google/renameio/v2/maybe"

	"github.com/jitaccess/jit/internal/fault"
)

// Write puts the configuration at path as a new or replaced 0600 file, whole
// or not at all. It makes the directory where that is missing.
func (c *Config) Write(path string) error {
	data, err := yaml.Dump(c, yaml.WithIndent(2))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.Wrap(fault.Config, err, "cannot make the configuration's directory")
	}
	if err := maybe.WriteFile(path, data, 0o600); err != nil {
		return fault.Wrap(fault.Config, err, "cannot write the configuration").
			WithHint("is %s writable for you?", filepath.Dir(path))
	}
	return nil
}

// CheckURL checks an https URL as Load does; loopback may use http.
func CheckURL(key, value string) error { return checkHTTP(key, value) }
