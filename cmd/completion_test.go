package cmd

import (
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

// What the scripts of cobra have no more must not go unnoticed: what was mended
// would be evaluated again.
func TestScriptsOfAnotherCobraAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "ask __completeNoDesc", "ask __complete, ask __complete"} {
		if _, err := mended(text, []mend{{"ask @ASK@", "x"}}, "__complete"); fault.ClassOf(err) != fault.Internal {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := completionScript(newRootCmd(&app{}), "cobol", true); fault.ClassOf(err) != fault.Internal {
		t.Errorf("a shell without completion: %v", err)
	}
}

func TestWhatFitsIsToldOnce(t *testing.T) {
	t.Parallel()
	got := fitting([]string{"demo-aws\tDEMO-1, 9m left", "demo-aws\tDEMO-1, 12m left", "Demo-x\ta\x1b[2Jb\u202e", "demo", "other\tx"}, "demo-")
	want := []string{"demo-aws\tDEMO-1, 9m left", "Demo-x\ta[2Jb"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", strings.Join(got, "|"))
	}
}
