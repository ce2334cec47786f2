package tui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

var update = flag.Bool("update", false, "write the golden screens anew")

const rules = `version: 1
entitlements:
  bastion:
    description: Log in to the bastions
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    when: request.reason != ""
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
  prod-readonly:
    description: Read-only in the production account
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro"}
`

func compiled(t testing.TB) *policy.Policy {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte(rules)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// candidate is a ticket of ada's, decided for by the policy.
func candidate(p *policy.Policy, key, category, summary string) access.Candidate {
	ada := ticket.Person{ID: "712020:ada", Name: "Ada", Type: "atlassian"}
	project, _, _ := strings.Cut(key, "-")
	t := ticket.Ticket{
		ID: "1", Key: ticket.Key(key), ProjectID: "1", Project: project, Summary: summary, Assignee: &ada,
		Status:  ticket.Status{ID: "3", Name: "Under way", Untranslated: "In Progress", Category: category},
		Present: map[ticket.Field]bool{"assignee": true, "project": true, "status": true, "summary": true},
	}
	in := policy.Input{Ticket: t, Principal: ticket.Principal{Person: ada}, At: noon}
	return access.Candidate{Input: in, Decisions: p.DecideAll(in)}
}

func tickets(p *policy.Policy) []access.Candidate {
	return []access.Candidate{
		candidate(p, "OPS-7", "indeterminate", "Disk failing on db-3"),
		candidate(p, "OPS-8", "done", "Rotate the certificates of the load balancers before they expire at the end of the month"),
		candidate(p, "OPS-9", "indeterminate", "データベースの障害 🔥👩‍💻 e\u0301t\u0301"),
		candidate(p, "OPS-10", "indeterminate", "שרת מסד הנתונים \u202eנפל\x1b[31m"),
	}
}

func started(t testing.TB, known Choice) *picker {
	p := compiled(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	m := newPicker(ctx, Options{Policy: p, Known: known, Source: func(context.Context, func([]access.Candidate) error) (bool, error) { return false, nil }, Decide: (&access.Service{Policy: p, Now: func() time.Time { return noon }}).Again, Lookup: func(_ context.Context, key ticket.Key) (access.Candidate, error) {
		if key == "OPS-404" {
			return access.Candidate{}, fault.New(fault.Ticket, "OPS-404 was not found").WithHint("check the key")
		}
		return candidate(p, string(key), "indeterminate", "Named by its key"), nil
	}})
	return m
}

func key(name string) tea.KeyPressMsg {
	switch name {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "backspace":
		return tea.KeyPressMsg{Code: tea.KeyBackspace}
	case "ctrl+c", "ctrl+o", "ctrl+u":
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// press sends keys, and the message of the last command that they led to.
func press(m *picker, names ...string) tea.Msg {
	var last tea.Msg
	for _, n := range names {
		_, cmd := m.Update(key(n))
		if cmd == nil {
			continue
		}
		last = cmd()
		m.Update(last)
	}
	return last
}

func typed(m *picker, text string) {
	for _, r := range text {
		press(m, string(r))
	}
}

func TestDefaultsTakeFiveEnters(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "enter", "down", "enter", "enter", "enter")
	if m.stage != stageSummary {
		t.Fatalf("stage %d", m.stage)
	}
	if _, quits := press(m, "enter").(tea.QuitMsg); !quits || m.stage != stageDone {
		t.Errorf("stage %d", m.stage)
	}
	if want := (Choice{Key: "OPS-7", Entitlement: "prod-readonly", TTL: 30 * time.Minute}); m.choice != want {
		t.Errorf("%+v", m.choice)
	}
}

func TestWhatIsKnownIsNotAsked(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Key: "OPS-7", Entitlement: "prod-readonly", TTL: time.Hour, Reason: "disk"})
	m.Update(m.Init()())
	if m.stage != stageSummary {
		t.Fatalf("stage %d, %q", m.stage, m.note)
	}
	m = started(t, Choice{Key: "OPS-7"})
	m.Update(m.Init()())
	if m.stage != stageEntitlement {
		t.Fatalf("stage %d, %q", m.stage, m.note)
	}
}

func TestDurationsOutOfBoundsAreRefusedInPlace(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Entitlement: "prod-readonly"})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "enter")
	for typing, want := range map[string]string{"3h": "longer than the 2h", "14m": "shorter than the 15m", "soon": "such as 30m", "1.5s": "such as 30m"} {
		press(m, "ctrl+u")
		typed(m, typing)
		press(m, "enter")
		if m.stage != stageDuration || !strings.Contains(m.note, want) || !strings.Contains(m.screen(), want) {
			t.Errorf("%s: stage %d, %q", typing, m.stage, m.note)
		}
	}
	press(m, "ctrl+u")
	typed(m, "2h")
	if press(m, "enter"); m.stage != stageReason || m.choice.TTL != 2*time.Hour {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

func TestAReasonIsWantedWhereThePolicyReadsIt(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Entitlement: "bastion"})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "enter", "enter", "enter")
	if m.stage != stageReason || !strings.Contains(m.note, "wants a reason") {
		t.Fatalf("stage %d, %q", m.stage, m.note)
	}
	m.Update(tea.PasteMsg{Content: "disk\x1b[2J is\nfull"})
	if press(m, "enter"); m.stage != stageSummary || m.choice.Reason != "disk[2J is full" {
		t.Errorf("stage %d, %q", m.stage, m.choice.Reason)
	}
}

func TestAReasonThatIsTooLongIsRefusedInPlace(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Entitlement: "prod-readonly"})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "enter", "enter")
	m.Update(tea.PasteMsg{Content: strings.Repeat("x", access.MaxReason+1)})
	if !strings.Contains(m.screen(), fmt.Sprintf("at most %d bytes", access.MaxReason)) {
		t.Errorf("the screen shows\n%s", m.screen())
	}
	if m.Update(tea.PasteMsg{Content: "disk"}); m.note != "" || m.reason.String() != "disk" {
		t.Errorf("%q, %q", m.note, m.reason.String())
	}
}

func TestLockedTicketsAreNotTaken(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "down", "enter")
	if m.stage != stageTicket || !strings.Contains(m.note, "OPS-8 is locked") {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
	if c, _ := m.list.selected(); c.Ticket.Key != "OPS-8" {
		t.Errorf("%s is selected", c.Ticket.Key)
	}
}

func TestFilterKeepsWhatMatchesAndPagesKeepTheSelection(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	all := tickets(m.o.Policy)
	m.Update(pageMsg(all[:2]))
	press(m, "down")
	m.Update(pageMsg(all[2:]))
	if c, _ := m.list.selected(); c.Ticket.Key != "OPS-8" {
		t.Errorf("a page moved the selection to %s", c.Ticket.Key)
	}
	typed(m, "dskdb3")
	if c, ok := m.list.selected(); !ok || c.Ticket.Key != "OPS-7" || len(m.list.shown) != 1 {
		t.Errorf("%+v, %v", c.Ticket.Key, m.list.shown)
	}
	if press(m, "esc"); len(m.list.shown) != 4 || m.filter.String() != "" {
		t.Error("esc keeps the filter")
	}
}

func TestAKeyCanBeTypedWhereTheListFails(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(readMsg{err: fault.New(fault.Auth, "Jira did not accept the token").WithHint("run jit login")})
	for _, want := range []string{"error: Jira did not accept the token", "hint: run jit login; or type"} {
		if !strings.Contains(m.screen(), want) {
			t.Errorf("no %q in\n%s", want, m.screen())
		}
	}
	typed(m, "ops-404")
	if press(m, "enter"); m.stage != stageTicket || !strings.Contains(m.screen(), "OPS-404 was not found") {
		t.Errorf("stage %d\n%s", m.stage, m.screen())
	}
	press(m, "ctrl+u")
	typed(m, "ops-11")
	if press(m, "ctrl+o"); m.stage != stageEntitlement || m.choice.Key != "OPS-11" {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	if press(m, "enter", "esc"); m.stage != stageTicket {
		t.Errorf("stage %d", m.stage)
	}
	for _, name := range []string{"esc", "ctrl+c"} {
		if _, ok := press(m, name).(tea.InterruptMsg); !ok {
			t.Errorf("%s does not leave", name)
		}
	}
}

// Screens are exactly as high as the terminal and nowhere wider, at any size.
func TestScreensFit(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {200, 60}, {110, 30}, {40, 10}} {
		m := started(t, Choice{})
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		m.Update(pageMsg(tickets(m.o.Policy)))
		for range 5 {
			lines := strings.Split(m.screen(), "\n")
			if len(lines) != size[1] {
				t.Errorf("%v, stage %d: %d lines", size, m.stage, len(lines))
			}
			for _, l := range lines {
				if m.cells(l) > size[0] {
					t.Errorf("%v, stage %d: %d cells in %q", size, m.stage, m.cells(l), l)
				}
			}
			press(m, "enter")
		}
	}
}

func TestGoldenScreens(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		for _, tc := range []struct {
			name string
			keys []string
		}{
			{"tickets", nil},
			{"locked", []string{"down"}},
			{"entitlement", []string{"enter"}},
			{"duration", []string{"enter", "down", "enter"}},
			{"reason", []string{"enter", "down", "enter", "enter"}},
			{"summary", []string{"enter", "down", "enter", "enter", "enter"}},
		} {
			m := started(t, Choice{})
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m.Update(pageMsg(tickets(m.o.Policy)))
			m.Update(readMsg{})
			press(m, tc.keys...)
			golden(t, fmt.Sprintf("%s-%dx%d.txt", tc.name, size[0], size[1]), m.screen()+"\n")
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs, %v; it is\n%s", path, err, got)
	}
}

func TestNothingForeignIsObeyed(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "down", "down", "down")
	screen := m.screen()
	if strings.ContainsAny(screen, "\x1b\u202e") {
		t.Errorf("%q", screen)
	}
	if strings.Count(screen, "\u2068") == 0 || strings.Count(screen, "\u2068") != strings.Count(screen, "\u2069") {
		t.Error("text from right to left is not isolated")
	}
}
