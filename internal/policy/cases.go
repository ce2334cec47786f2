package policy

import (
	"io"
	"os"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// IsCasesName reports whether a file's name is that of cases which a policy
// beside it is tested with: *.test.yaml or *.test.yml. They are no part of the
// policy nor of its hash.
func IsCasesName(name string) bool {
	return strings.HasSuffix(name, ".test.yaml") || strings.HasSuffix(name, ".test.yml")
}

// IsCases reports whether a file says that it holds cases. The name alone must
// not decide: a policy file that is passed over because of what it is called
// would be missed by nobody until its access is needed. So the first line that
// holds anything must begin with `tests:`, a key that no policy has, and no file
// can be both.
func IsCases(data []byte) bool {
	// Each of these ends a line, and so a comment, for the reader of YAML.
	breaks := func(r rune) bool { return strings.ContainsRune("\n\r\u0085\u2028\u2029", r) }
	for line := range strings.FieldsFuncSeq(string(data), breaks) {
		line = strings.TrimRight(line, " \t")
		if line == "" || strings.HasPrefix(line, "#") || line == "---" {
			continue
		}
		return strings.HasPrefix(line, "tests:")
	}
	return false
}

// begin is how much of a file is looked at for its first line with a key.
const begin = 16 << 10

// checkCases refuses a file that has the name of cases and does not begin like
// them. It may be written by others: nothing is decided by what it says.
func checkCases(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fault.Wrap(fault.Config, err, "cannot look at a file of the policy directory")
	}
	if !info.Mode().IsRegular() {
		return fault.New(fault.Config, "%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fault.Wrap(fault.Config, err, "cannot read a file of the policy directory")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, begin))
	if err != nil {
		return fault.Wrap(fault.Config, err, "cannot read a file of the policy directory")
	}
	if !IsCases(data) {
		return fault.New(fault.Config, "%s has the name of cases to test a policy with, and does not begin with tests: 1", path).
			WithHint("give it another name if it is a part of the policy, or begin it with tests: 1")
	}
	return nil
}
