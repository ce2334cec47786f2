//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// completing is a shell with jit's completion where a package or a person puts
// it.
type completing struct {
	name   string
	script string            // as it is in completions
	at     string            // where it is in the home directory
	files  map[string]string // rc files
	start  string
	// hostile are lines of which a part would run if Tab evaluated it. Each ends
	// in what completes to demo-aws.
	hostile []string
}

// bashCompletion is where Debian and others put the package bash-completion.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

func completingShells() []completing {
	const one = "PS1='me> '\nbind 'set show-all-if-ambiguous on'\nbind 'set completion-query-items 0'\nbind 'set enable-bracketed-paste off'\n"
	posix := []string{
		`jit request --reason "$(touch ran)" -e demo-a`,
		"jit request --reason \"`touch ran`\" -e demo-a",
		`jit request --reason 'it; touch ran' -e demo-a`,
		`jit request --reason <(touch ran) -e demo-a`,
		`jit request --reason $(touch ran) --entitlement=demo-a`,
	}
	return []completing{
		{
			"bash", "jit.bash", ".local/share/bash-completion/completions/jit",
			map[string]string{"rc": one + ". " + bashCompletion + "\n"},
			"bash --rcfile rc -i", append(posix, `jit request >ran -e demo-a`),
		},
		{
			"bash", "jit.bash", "jit.bash",
			map[string]string{"rc": one + ". ./jit.bash\n"},
			"bash --noprofile --rcfile rc -i", append(posix, `jit request >ran -e demo-a`),
		},
		{
			"zsh", "jit.zsh", "functions/_jit",
			map[string]string{".zshrc": "PS1='me> '\nfpath=($PWD/functions $fpath)\nautoload -Uz compinit && compinit -u\nbindkey -e\n"},
			"env ZDOTDIR=$PWD zsh -i", append(posix, `jit request >ran -e demo-a`),
		},
		{
			"fish", "jit.fish", ".config/fish/completions/jit.fish",
			map[string]string{".config/fish/config.fish": "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt; echo -n 'me> '; end\n"},
			"fish",
			[]string{
				`jit request --reason "$(touch ran)" -e demo-a`,
				`jit request --reason (touch ran) -e demo-a`,
				`jit request --reason '(touch ran); touch ran' -e demo-a`,
				`jit request --reason '$(touch ran)' --entitlement=demo-a`,
				`jit request --reason a\;touch\ ran -e demo-a`,
				`jit request >ran -e demo-a`,
			},
		},
	}
}

// summary is one that somebody else wrote into a ticket.
const summary = "a:b \"q\" 'p' $(touch ran) `touch ran` (touch ran);touch ran|\ttab \\n %F{red} \x1b[2J*~"

// shownSummary is what of it may be on a screen.
const shownSummary = "a:b \"q\" 'p' $(touch ran) `touch ran`"

// completer opens the shell in a world with a ticket that is not harmless.
func completer(t *testing.T, sh completing, edit ...func(*sandbox.World)) *screen {
	t.Helper()
	installed(t, sh.name)
	if _, err := os.Stat(bashCompletion); err != nil && strings.Contains(sh.files["rc"], bashCompletion) {
		requireOrSkip(t, "shells", "bash-completion is not installed")
	}
	s := open(t, sandbox.Options{}, edit...)
	s.w.Jira.AddIssue(fakejira.Issue{
		Project: "DEMO", Type: "Incident", Summary: summary, Status: fakejira.StatusInProgress, Assignee: s.w.Edition().ID(sandbox.User),
	})
	script, err := os.ReadFile(filepath.Join("..", "completions", sh.script))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{sh.at: string(script), ".ssh/config": "Host demo-web demo-db other\n"}
	for name, text := range sh.files {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(s.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// tab types a line and Tab, on a screen without the line before, and waits for
// what that shows.
func (s *screen) tab(line, want string) string {
	s.t.Helper()
	s.key("C-u")
	s.fresh("true")
	s.wait(`true\n(.*\n)*me>$`)
	s.tmux("send-keys", "-l", line)
	s.wait(regexp.QuoteMeta(strings.TrimRight(line[max(0, len(line)-12):], " ")))
	s.key("Tab")
	return s.wait(want)
}

// ran reports whether something was run, or a file made, that only was there to
// be read.
func (s *screen) ran() bool {
	_, err := os.Stat(filepath.Join(s.dir, "ran"))
	return err == nil
}

func TestTerminalCompletion(t *testing.T) {
	t.Parallel()
	for n, sh := range completingShells() {
		t.Run(fmt.Sprintf("%s-%d", sh.name, n), func(t *testing.T) {
			t.Parallel()
			s := completer(t, sh)
			s.run("jit request DEMO-1 -e demo-aws; jit request DEMO-1 -e demo-aws; jit request DEMO-1 -e demo-ssh")
			s.ends(exitOK)
			s.typed(sh.start)
			s.wait(`me>$`)
			for _, c := range []struct{ typed, want string }{
				{"jit expl", `me> jit explain$`},
				{"jit re", `(?s)request +[-(]* ?Ask for access.*revoke +[-(]* ?End grants`},
				{"jit request --rea", `me> jit request --reason$`},
				{"jit request --", `(?s)--dry-run +[-(]* ?\w.*--reason +[-(]* ?\w`},
				{"jit request DEMO-", `(?s)DEMO-6 +[-(]* ?` + regexp.QuoteMeta(shownSummary) + `.*DEMO-1 +[-(]* ?Checkout answers slowly in eu-west-1`},
				{"jit request -e demo-", `(?s)demo-aws +[-(]* ?The demonstration role.*demo-ssh +[-(]* ?Log in`},
				{"jit request --entitlement=demo-a", `me> jit request --entitlement=demo-aws$`},
				{"jit request 'DEMO-1' -e demo-a", `me> jit request 'DEMO-1' -e demo-aws$`},
				{"jit request --reason x:y=z --entitlement=demo-a", `me> jit request --reason x:y=z --entitlement=demo-aws$`},
				{"jit --config $JIT_CONFIG request -e demo-a", `demo-aws$`},
				{"jit exec -e demo-a", `me> jit exec -e demo-aws$`}, // twice in force
				{"jit env --shell fi", `me> jit env --shell fish$`},
				{"jit revoke ", `(?s)DEMO-1 +[-(]* ?all that was given for it.*DEMO-1 demo-(aws.*DEMO-1 demo-ssh|ssh.*DEMO-1 demo-aws)`},
				{"jit ssh demo-", `(?s)demo-(web|db) +([-(]* ?demo-ssh for DEMO-1.*demo-(web|db)|demo-(web|db) +-- demo-ssh for DEMO-1)`},
			} {
				s.tab(c.typed, c.want)
			}
			for _, line := range []string{"jit --config $HOME/nowhere.yaml request -e demo-a", "jit hook ni", "jit explain OPS-"} {
				s.tab(line, `me>`)
				s.tmux("send-keys", "-l", "%")
				s.wait(regexp.QuoteMeta(line) + `%$`)
			}
			for _, line := range sh.hostile {
				s.tab(line, `demo-aws$`)
				if s.ran() {
					t.Fatalf("Tab ran a part of %s", line)
				}
			}
		})
	}
}

// A Jira that never answers costs a moment, and completes nothing.
func TestTerminalCompletionIsNotHeldUp(t *testing.T) {
	t.Parallel()
	for n, sh := range completingShells() {
		t.Run(fmt.Sprintf("%s-%d", sh.name, n), func(t *testing.T) {
			t.Parallel()
			s := completer(t, sh)
			var asked atomic.Bool
			s.w.Jira.Hook(hangs(&asked))
			s.typed(sh.start)
			s.wait(`me>$`)
			s.tab("jit request DE", `DE`)
			if !until(20*time.Millisecond, asked.Load) {
				t.Fatal("Jira was never asked")
			}
			start := time.Now()
			s.tmux("send-keys", "-l", "MO-1 -")
			s.wait(`me> jit request DEMO-1 -$`)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("the shell took keys again after %v", took)
			}
		})
	}
}

// hangs is a Jira that takes calls, and tells so, but answers none.
func hangs(asked *atomic.Bool) func(http.ResponseWriter, *http.Request) bool {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		asked.Store(true)
		<-r.Context().Done()
		return true
	}
}

// A command that prints the token may ask somebody. Tab does not run it, and
// offers what the picker found last, however long ago.
func TestTerminalCompletionRunsNoTokenCommand(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	config, err := os.ReadFile(s.w.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	command := fmt.Sprintf("jira:\n  token_command: touch %s/ran; cat %s/token\n", s.dir, s.dir)
	for path, text := range map[string]string{
		s.w.ConfigPath(): strings.NewReplacer("sandbox: true\n", "", "jira:\n", command).Replace(string(config)), filepath.Join(s.dir, "token"): s.w.JiraToken,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.run("unset JIT_JIRA_TOKEN; jit __complete request ''")
	if text := s.ends(exitOK); strings.Contains(text, "DEMO-1") || s.ran() {
		t.Errorf("without a list, %v:\n%s", s.ran(), text)
	}
	s.run("jit request")
	s.wait(`✓ unlocked  DEMO-1`)
	kept := filepath.Join(s.state(), "tickets.json")
	if !until(20*time.Millisecond, func() bool { _, err := os.Stat(kept); return err == nil }) {
		t.Fatal("what was found is not kept")
	}
	s.key("C-c")
	s.ends(exitCancelled)
	list, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	old := regexp.MustCompile(`"at":"[^"]*"`).ReplaceAll(list, []byte(`"at":"2020-01-01T00:00:00Z"`))
	if err := errors.Join(os.WriteFile(kept, old, 0o600), os.Remove(filepath.Join(s.dir, "ran"))); err != nil {
		t.Fatal(err)
	}
	s.run("jit __complete request ''")
	if text := s.ends(exitOK); !strings.Contains(text, "DEMO-1") || s.ran() {
		t.Errorf("with an old list, %v:\n%s", s.ran(), text)
	}
}
