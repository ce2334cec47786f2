package config

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/fault"
)

// LoadPrincipals reads a YAML map of the log's writers to the principals that
// each may write about.
func LoadPrincipals(path string) (map[string]string, error) {
	data, err := readChecked(path)
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "cannot read the map of writers")
	}
	principals := map[string]string{}
	if err := yaml.Load(data, &principals); err != nil {
		return nil, describe(path, fmt.Errorf("%w", err))
	}
	return principals, nil
}
