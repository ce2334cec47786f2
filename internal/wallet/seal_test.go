package wallet

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func TestNoByteOfAFileCanBeChanged(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	w := fileWallet(t, dir)
	held, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	path := w.path(held.Grant.ID)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
			spoilt := bytes.Clone(whole)
			spoilt[at] ^= flip
			wantBroken(t, w, held.Grant.ID, spoilt)
		}
		wantBroken(t, w, held.Grant.ID, whole[:at])
	}
	wantBroken(t, w, held.Grant.ID, append(bytes.Clone(whole), 0))
	wantBroken(t, w, held.Grant.ID, nil)
}

// wantBroken holds what reads a file to refusing this one.
func wantBroken(t *testing.T, w *Wallet, id grant.ID, content []byte) {
	t.Helper()
	f, err := parseFile(content, id)
	if err != nil {
		return
	}
	k, err := w.loadKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cred, err := k.unseal(f); err == nil || cred.AWS != nil || cred.SSH != nil {
		t.Fatalf("a file that was changed opened: %q", f.line)
	}
}

func TestAChangedFileIsToldAndHidesNoOther(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	w := fileWallet(t, dir)
	good, want := mustPut(t, w, grant.SSH, 1, epoch.Add(time.Hour))
	extended, _ := mustPut(t, w, grant.AWS, 2, epoch.Add(time.Hour))
	garbled, _ := mustPut(t, w, grant.AWS, 3, epoch.Add(time.Hour))
	renamed, _ := mustPut(t, w, grant.AWS, 4, epoch.Add(time.Hour))
	other, _ := accesstest.WalletGrant(grant.AWS, 5, epoch)
	edit(t, w.path(extended.Grant.ID), func(b []byte) []byte {
		return bytes.Replace(b, []byte("T10:00:00Z"), []byte("T23:00:00Z"), 1)
	})
	edit(t, w.path(garbled.Grant.ID), func(b []byte) []byte { return b[:40] })
	if err := os.Rename(w.path(renamed.Grant.ID), w.path(other.Grant.ID)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "notes.grant"), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	if problems := w.Problems(t.Context()); len(problems) != 3 {
		t.Errorf("problems: %v", problems)
	} else {
		for _, err := range problems {
			if fault.ClassOf(err) != fault.Internal || fault.HintOf(err) == "" || !strings.Contains(err.Error(), w.dir) {
				t.Errorf("%v (hint: %q)", err, fault.HintOf(err))
			}
		}
	}
	list, err := w.List(t.Context(), epoch)
	if err != nil || len(list) != 2 {
		t.Errorf("List: %+v, %v", list, err)
	}
	for _, id := range []grant.ID{extended.Grant.ID, garbled.Grant.ID, other.Grant.ID} {
		cred, err := w.Open(t.Context(), id)
		if fault.ClassOf(err) != fault.Internal || fault.HintOf(err) == "" || cred.AWS != nil {
			t.Errorf("Open of %s: %v (hint: %q)", id, err, fault.HintOf(err))
		}
	}
	if got, err := w.Open(t.Context(), good.Grant.ID); err != nil || got.SSH.PrivateKey != want.SSH.PrivateKey {
		t.Errorf("Open of the good one: %v", err)
	}
	if err := w.Remove(t.Context(), garbled.Grant.ID); err != nil {
		t.Errorf("Remove of a garbled one: %v", err)
	}
	if problems := w.Problems(t.Context()); len(problems) != 2 {
		t.Errorf("problems after it was removed: %v", problems)
	}
}

func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := change(bytes.Clone(before))
	if bytes.Equal(before, after) {
		t.Fatal("the edit changes nothing")
	}
	if err := os.WriteFile(path, after, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoFileIsToldAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	good, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	dir, _ := accesstest.WalletGrant(grant.AWS, 2, epoch)
	link, _ := accesstest.WalletGrant(grant.AWS, 3, epoch)
	if err := os.Mkdir(w.path(dir.Grant.ID), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", w.path(link.Grant.ID)); err != nil {
		t.Skip(err)
	}
	if list, err := w.List(t.Context(), epoch); err != nil || len(list) != 1 || list[0].Grant.ID != good.Grant.ID {
		t.Errorf("List: %+v, %v", list, err)
	}
	if problems := w.Problems(t.Context()); len(problems) != 2 {
		t.Errorf("problems: %v", problems)
	}
	for _, id := range []grant.ID{dir.Grant.ID, link.Grant.ID} {
		if _, err := w.Open(t.Context(), id); fault.ClassOf(err) != fault.Internal {
			t.Errorf("Open of %s: %v", id, err)
		}
	}
}

func TestAFileTooBigIsRefusedBothWays(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	cred.AWS.SessionToken = credential.NewSecret(strings.Repeat("x", maxFile))
	if err := w.Put(t.Context(), held, cred); fault.ClassOf(err) != fault.Internal || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("Put: %v", err)
	}
	held.Grant.Reason = strings.Repeat("x", maxHeader)
	if err := w.Put(t.Context(), held, credential.Credential{AWS: &credential.AWS{}}); fault.ClassOf(err) != fault.Internal {
		t.Errorf("Put of a long reason: %v", err)
	}
	held.Grant.Reason = ""
	if err := w.Put(t.Context(), held, credential.Credential{AWS: &credential.AWS{}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(w.path(held.Grant.ID), maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Open(t.Context(), held.Grant.ID); fault.ClassOf(err) != fault.Internal || !strings.Contains(err.Error(), "longer") {
		t.Errorf("Open: %v", err)
	}
}

func TestSecretsOfAnyBytesComeBack(t *testing.T) {
	t.Parallel()
	k := newKey()
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for _, secret := range []string{"", "\x00", string(all[:]), "\xff\xfe", "\u2028", strings.Repeat("é", 5000)} {
		held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch)
		cred.AWS.SecretAccessKey = credential.NewSecret(secret)
		line, err := header{Format: format, Key: k.id(), Held: held}.encode()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := k.seal(line, cred)
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.seal(line, cred)
		if err != nil || bytes.Equal(sealed, again) {
			t.Errorf("two seals are alike (%v)", err)
		}
		f, err := parseFile(append(append(line, '\n'), sealed...), held.Grant.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.unseal(f); err != nil || got.AWS.SecretAccessKey.Reveal() != secret {
			t.Errorf("%q came back otherwise: %v", secret, err)
		}
		if _, err := newKey().unseal(f); err == nil {
			t.Error("another key opened it")
		}
	}
}

func TestTheSealBindsTheKind(t *testing.T) {
	t.Parallel()
	k := newKey()
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch)
	held.Grant.Kind = grant.SSH
	line, err := header{Format: format, Key: k.id(), Held: held}.encode()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.seal(line, cred)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.unseal(file{header: header{Held: held}, line: line, sealed: sealed}); err == nil || got.AWS != nil {
		t.Errorf("an AWS credential opened as one of SSH: %v", err)
	}
}

// FuzzParseFile reads arbitrary files: nothing panics, nothing opens, and what
// is accepted is safe to show.
func FuzzParseFile(f *testing.F) {
	k := newKey()
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch)
	line, err := header{Format: format, Key: k.id(), Held: held}.encode()
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := k.seal(line, cred)
	if err != nil {
		f.Fatal(err)
	}
	whole := string(line) + "\n" + string(sealed)
	f.Add([]byte(whole))
	for _, change := range [][2]string{
		{`"format":1`, `"format":2`},
		{"OPS-7", `OPS-7\t\u001b[2J`},
		{"prod-1", "../prod"},
		{`"aws"`, `"root"`},
		{"2026-", "9999-"},
		{"2026-", "-0001-"},
		{"OPS-7", "ops-7"},
		{"{", "["},
		{"\n", ""},
		{"prod-1", ""},
	} {
		f.Add([]byte(strings.Replace(whole, change[0], change[1], 1)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := parseFile(content, held.Grant.ID)
		if err != nil {
			return
		}
		g := got.Grant
		if g.ID != held.Grant.ID || strings.ContainsAny(string(g.Ticket)+g.Entitlement, "\t\n\x1b/\\ ") || g.Entitlement == "" {
			t.Errorf("accepted %+v", g)
		}
		if _, err := k.unseal(got); err == nil && string(content) != whole {
			t.Errorf("opened %q", got.line)
		}
	})
}

// FuzzPayload reads arbitrary text as what was sealed.
func FuzzPayload(f *testing.F) {
	for _, kind := range []grant.Kind{grant.AWS, grant.SSH} {
		_, cred := accesstest.WalletGrant(kind, 1, epoch)
		b, err := encodePayload(cred)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"aws":{},"ssh":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []grant.Kind{grant.AWS, grant.SSH, "root"} {
			cred, err := decodePayload(b, kind)
			if err == nil && (cred.AWS != nil) == (cred.SSH != nil) {
				t.Errorf("%q gives a credential of no one kind", b)
			}
		}
	})
}
