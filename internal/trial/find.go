package trial

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
)

// maxFile is the largest file of cases, in bytes, as of a policy.
const maxFile = 1 << 20

// Beside are the files of cases that stand beside a policy, and an error of class
// Config where there are none.
func Beside(path string) ([]string, error) {
	found := Found(path)
	if len(found) > 0 {
		return found, nil
	}
	where := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".test.yaml"
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		where = "a NAME.test.yaml there"
	}
	return nil, fault.New(fault.Config, "%s has no cases to test it with", path).
		WithHint("put them into %s, or name a file of them with --cases", where)
}

// Found are the files of cases that stand beside a policy: all of its directory
// or, for one file NAME.yaml, NAME.test.yaml. Where nothing can be looked at there
// is none; whoever reads the policy tells why.
func Found(path string) []string {
	var found []string
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		entries, _ := os.ReadDir(path)
		for _, e := range entries {
			if policy.IsCasesName(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				found = append(found, filepath.Join(path, e.Name()))
			}
		}
		return found
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	for _, ext := range []string{".test.yaml", ".test.yml"} {
		if _, err := os.Stat(stem + ext); err == nil {
			found = append(found, stem+ext)
		}
	}
	return found
}

// Load reads files of cases. They decide nothing, so that, unlike a policy, they
// may be writable by others.
func Load(paths []string) ([]*File, error) {
	sources := make([]strict.Source, 0, len(paths))
	for _, path := range paths {
		data, err := read(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, strict.Source{Name: path, Data: data})
	}
	return Parse(sources)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		cause := err
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			cause = pe.Err
		}
		return nil, fault.Wrap(fault.Config, cause, "cannot read %s", path).WithHint("check the path, or create the file")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Config, err, "cannot read %s", path)
	case len(data) > maxFile:
		return nil, fault.New(fault.Config, "%s is larger than %d bytes", path, maxFile)
	}
	return data, nil
}
