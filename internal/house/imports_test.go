package house_test

import (
	"slices"
	"strings"
	"testing"
)

// room is one part of the house: which packages of the module it may reach,
// directly or through others, and why no more.
type room struct {
	name string   // a package, or with /... a package and all below it
	may  []string // rooms that it may reach beside itself
	why  string
}

// domain is what the outside world is described in. Each word may know those
// before it, so that a ticket can be read without knowing policies exist.
func domain() []string {
	return []string{"internal/fault", "internal/ownership", "internal/ticket", "internal/policy/...", "internal/grant", "internal/credential", "pkg/audit"}
}

const adapterWhy = "an adapter knows one outside system and the domain; the use cases know it only through a port that they declare themselves"

func rooms() []room {
	domain := domain()
	adapter := func(name string) room {
		return room{name, append([]string{"internal/keyring"}, domain...), adapterWhy}
	}
	return []room{
		{"internal/fault", nil, "everything fails with it, so it can depend on nothing"},
		{"internal/ownership", domain[:1], "who may write a file does not depend on what is in it"},
		{"internal/sshsig", nil, "a signature means the same whatever was signed, and whoever asks"},
		{"pkg/audit", nil, "strangers import it to read a bucket, so it must drag nothing internal along"},
		{"internal/ticket", domain[:1], "what Jira said is a fact, before any rule about it"},
		{"internal/policy/...", domain[:3], "deciding is pure: it sees tickets, never grants or the world"},
		{"internal/trial", domain[:4:4], "it tries a policy on what is written down, so it needs no world and no grant"},
		{"internal/policydiff", append(domain[:4:4], "internal/trial"), "it compares two policies by what they say"},
		{"internal/grant", append(domain[:4:4], "pkg/audit"), "a grant follows from a decision, and is minted later"},
		{"internal/credential", append(domain[:5:5], "pkg/audit"), "a credential is minted for a grant, and does not know the use case"},
		{"internal/access", domain, "the use cases declare ports; whoever implements them depends on nothing here, and so can be replaced"},
		{"internal/access/accesstest", append([]string{"internal/access"}, domain...), "contract suites check ports, not one adapter"},
		{"internal/keyring/keyringtest", append([]string{"internal/keyring"}, domain...), "it starts a keyring, for whoever's tests need one"},

		adapter("internal/jira"),
		adapter("internal/awssts"),
		adapter("internal/awsconsole"),
		adapter("internal/sshca"),
		adapter("internal/auditlog"),
		adapter("internal/wallet"),

		{"internal/keyring", domain, "what the operating system keeps means nothing to it"},
		{"internal/recent", domain, "it remembers tickets to show; who finds them is not its matter"},
		{"internal/config", domain, "it reads files and the environment; what is built from them is for cmd to wire"},
		{"internal/terminal", domain, "it talks to a person, whatever it is about"},
		{"internal/dotfile", domain, "it edits text of the user's, whatever the text is for"},
		{"internal/manifest", append([]string{"internal/sshsig"}, domain...), "it says which policy was signed, and not what it decides"},
		{"internal/iam", domain, "it writes down what must be in place for a policy, and changes nothing"},
		{"internal/awsprofile", domain, "it writes a format of AWS's, and knows nothing of who asks for it"},
		{"internal/sshclient", domain, "it runs the user's ssh with a credential, wherever that came from"},
		{"internal/browser", domain, "it opens an address, whatever it leads to"},
		{"internal/shell", domain, "prompt hooks read a state file, and so need nothing that runs"},
		{"internal/tui", append([]string{"internal/access", "internal/terminal"}, domain...), "it returns domain values; what becomes of them is for cmd"},
		{"internal/broker", append([]string{"internal/access"}, domain...), "it puts the same use cases behind HTTP, over ports that cmd fills"},
		{"internal/sandbox/...", domain, "it plays the outside world, so it must not share code with the adapters that it tests"},
		{"internal/house", nil, "it looks at sources only"},

		{"cmd", []string{"..."}, "wire.go is where everything meets"},
		{"main", []string{"..."}, "it starts cmd"},
	}
}

// matches reports whether a package is the one that pattern names or, with
// /... at its end, below it.
func matches(pattern, short string) bool {
	prefix, below := strings.CutSuffix(pattern, "/...")
	return pattern == "..." || short == prefix || below && strings.HasPrefix(short, prefix+"/")
}

func (r room) mayReach(short string) bool {
	return matches(r.name, short) ||
		slices.ContainsFunc(r.may, func(pattern string) bool { return matches(pattern, short) })
}

func roomOf(short string) (room, bool) {
	for _, r := range rooms() {
		if matches(r.name, short) {
			return r, true
		}
	}
	return room{}, false
}

func TestEveryPackageReachesOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	for _, p := range load(t).packages {
		r, ok := roomOf(p.short())
		if !ok {
			t.Errorf("%s is in no room: give it a line in rooms(), with its reason", p.short())
			continue
		}
		for _, dep := range p.Deps {
			if own(dep) && !r.mayReach(shorten(dep)) {
				t.Errorf("%s reaches %s%s, but %s", p.short(), shorten(dep), through(p, dep), r.why)
			}
		}
	}
}

// through says whether the import is the package's own.
func through(p pkg, dep string) string {
	if slices.Contains(p.Imports, dep) {
		return ""
	}
	return " (through another package)"
}

func TestNobodyImportsTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, p := range load(t).packages {
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, dep := range imports {
				if dep == modulePath+"/cmd" && p.short() != "main" && p.short() != "cmd" {
					t.Errorf("%s imports cmd: what two commands and a package share belongs below cmd", p.short())
				}
			}
		}
	}
}

// Tests may go further than the code that they test: they name the port that
// an adapter fills, run its contract suite, and play the outside world with the
// sandbox. None is tested with the adapter of another system.
func TestTestsOfAdaptersStayInTheirRoom(t *testing.T) {
	t.Parallel()
	for _, p := range load(t).packages {
		r, _ := roomOf(p.short())
		if r.why != adapterWhy {
			continue
		}
		for _, dep := range append(p.TestImports, p.XTestImports...) {
			short := shorten(dep)
			forTests := isForTests(short) || short == "internal/access" || matches("internal/sandbox/...", short)
			if !own(dep) || r.mayReach(short) || forTests {
				continue
			}
			t.Errorf("the tests of %s import %s, but %s", p.short(), short, r.why)
		}
	}
}

// A package NAMEtest is for tests, and so is held to the rules for tests.
func TestNoCodeNeedsWhatIsForTests(t *testing.T) {
	t.Parallel()
	for _, p := range load(t).packages {
		for _, dep := range p.Imports {
			if own(dep) && isForTests(shorten(dep)) && !isForTests(p.short()) {
				t.Errorf("%s imports %s outside its tests", p.short(), shorten(dep))
			}
		}
	}
}

func isForTests(short string) bool { return strings.HasSuffix(short, "test") }

// The rules above are worth what they refuse.
func TestRoomsRefuse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ from, to string }{
		{"internal/fault", "internal/ticket"},
		{"pkg/audit", "internal/fault"},
		{"internal/ticket", "internal/policy"},
		{"internal/policy", "internal/grant"},
		{"internal/policy", "pkg/audit"},
		{"internal/grant", "internal/credential"},
		{"internal/credential", "internal/access"},
		{"internal/access", "internal/jira"},
		{"internal/access", "internal/access/accesstest"},
		{"internal/jira", "internal/access"},
		{"internal/jira", "internal/awssts"},
		{"internal/sandbox/fakests", "internal/awssts"},
		{"internal/tui", "internal/wallet"},
		{"internal/broker", "cmd"},
	} {
		if r, ok := roomOf(tc.from); !ok || r.mayReach(tc.to) {
			t.Errorf("%s may reach %s", tc.from, tc.to)
		}
	}
}
