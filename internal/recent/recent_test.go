package recent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/recent"
	"github.com/jitaccess/jit/internal/ticket"
)

func account(words string) credential.Secret { return credential.NewSecret(words) }

func TestAListComesBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	l := recent.List{Account: account("ada"), At: time.Unix(1000, 0).UTC(), Tickets: []recent.Ticket{
		{Key: "OPS-7", Summary: "Disk is failing\x1b[2J", Unlocked: true}, {Key: "OPS-8", Summary: strings.Repeat("ü", 500)},
	}}
	if err := recent.Save(dir, l); err != nil {
		t.Fatal(err)
	}
	got := recent.Load(dir, account("ada"))
	if !got.At.Equal(l.At) || len(got.Tickets) != 2 || got.Tickets[0].Key != "OPS-7" || !got.Tickets[0].Unlocked {
		t.Errorf("%+v", got)
	}
	if strings.ContainsRune(got.Tickets[0].Summary, 0x1b) || !utf8.ValidString(got.Tickets[1].Summary) || len(got.Tickets[1].Summary) > 130 {
		t.Errorf("summaries %+v", got)
	}
	if other := recent.Load(dir, account("bob")); len(other.Tickets) != 0 {
		t.Errorf("bob sees %+v", other)
	}
	text, err := os.ReadFile(filepath.Join(dir, "tickets.json"))
	if err != nil || strings.Contains(string(text), "ada") {
		t.Errorf("whose it is can be read: %s, %v", text, err)
	}
	if err := recent.Save(dir, l); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "tickets.json")); err != nil || string(again) == string(text) {
		t.Errorf("the same account is hashed to the same twice (%v)", err)
	}
	info, err := os.Stat(filepath.Join(dir, "tickets.json"))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", info, err)
	}
}

func TestAListIsForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := recent.Save(dir, recent.List{Account: account("ada"), Tickets: []recent.Ticket{{Key: "OPS-7"}}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := recent.Forget(dir); err != nil {
			t.Error(err)
		}
	}
	if l := recent.Load(dir, account("ada")); len(l.Tickets) != 0 {
		t.Errorf("%+v", l)
	}
	stuck := filepath.Join(dir, "tickets.json", "x")
	if err := os.MkdirAll(stuck, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := recent.Forget(dir); fault.ClassOf(err) != fault.Internal || fault.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
}

func TestALongListIsCut(t *testing.T) {
	t.Parallel()
	var l recent.List
	for n := range recent.MaxTickets + 50 {
		l.Tickets = append(l.Tickets, recent.Ticket{Key: ticket.Key(fmt.Sprintf("OPS-%d", n+1))})
	}
	dir := t.TempDir()
	if err := recent.Save(dir, l); err != nil {
		t.Fatal(err)
	}
	if n := len(recent.Load(dir, account("")).Tickets); n != recent.MaxTickets {
		t.Errorf("%d tickets", n)
	}
}

func TestADamagedListIsEmpty(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "not JSON": "{", "a list": "[]", "another shape": `{"tickets":7}`,
		"keys that are none": `{"tickets":[{"key":"$(reboot)"},{"key":"../x"},{"key":""}]}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "tickets.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if l := recent.Load(dir, account("")); len(l.Tickets) != 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if l := recent.Load(t.TempDir(), account("")); len(l.Tickets) != 0 {
		t.Errorf("missing: %+v", l)
	}
}

func TestAListThatCannotBeKeptIsTold(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := recent.Save(dir, recent.List{}); fault.ClassOf(err) != fault.Internal || fault.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
}
