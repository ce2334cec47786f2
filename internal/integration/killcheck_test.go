//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/wallet"
	"github.com/jitaccess/jit/pkg/audit"
)

// What is looked at after each kill, without starting a process: the log's own
// bytes, every file that the wallet's directory has, the wallet as its package
// reads it, the agent, and the chains.

// logRead is the log as it is at one moment.
type logRead struct {
	store  audit.Store
	byRef  map[audit.Ref]audit.Record
	issued map[string]audit.Record // by grant
}

// files is the log as a file system: its directory, or the bucket's objects.
func (v *victim) files() fs.FS {
	if dir, onDisk := strings.CutPrefix(v.log, "file://"); onDisk {
		return os.DirFS(dir)
	}
	objects := fstest.MapFS{}
	for _, key := range v.objects.Keys(v.bucket) {
		if data, ok := v.objects.Get(v.bucket, key); ok {
			objects[strings.TrimPrefix(key, "jit/")] = &fstest.MapFile{Data: data}
		}
	}
	return objects
}

// read reads the log, and shows that nothing that it ever had is gone or
// changed.
func (v *victim) read(moment string) logRead {
	v.t.Helper()
	files := v.files()
	log := logRead{store: audit.FS(files), byRef: map[audit.Ref]audit.Record{}, issued: map[string]audit.Record{}}
	kept := 0
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		r, known := v.seen[name]
		switch {
		case !known:
			if r, err = audit.Decode(data); err != nil {
				v.t.Fatalf("%s: the log has %s: %v", moment, name, err)
			}
			v.seen[name] = r
		case !bytes.Equal(r.Raw, data):
			v.t.Fatalf("%s: the log's %s has changed", moment, name)
		}
		kept++
		log.byRef[r.Ref()] = r
		if r.Kind == audit.Issued {
			log.issued[r.Grant] = r
		}
		return nil
	})
	if err != nil {
		v.t.Fatalf("%s: %v", moment, err)
	}
	if kept != len(v.seen) {
		v.t.Fatalf("%s: the log has %d of %d records", moment, kept, len(v.seen))
	}
	return log
}

// check shows that whatever can be read has its record, and that wallet and
// chains are whole. It was tried on jits that were broken for it. One that keeps
// the credential, or hands the key to the agent, before the append has returned
// is caught when the call that writes the record is lost, or with the log on
// disk between two events of files. One that writes the record in the background
// is caught there too, and wherever else it dies before it is done, even when
// it waits for the record at its end.
func (v *victim) check(moment string) {
	v.t.Helper()
	log := v.read(moment)
	v.checkFiles(moment, log)
	known := v.checkWallet(moment, log)
	for _, id := range v.keys.keyIDs(v.t) {
		if _, ok := log.issued[id[strings.LastIndexByte(id, ' ')+1:]]; !ok {
			v.t.Fatalf("%s: the agent has %q, which has no record", moment, id)
		}
	}
	report, err := audit.Verify(v.t.Context(), log.store, audit.Options{Known: known})
	if err != nil || !report.OK {
		v.t.Fatalf("%s: %v, %+v", moment, err, report)
	}
	v.prune()
}

// checkFiles holds every file of the wallet's directory to the log before
// anything tidies it: temporary files too, since a seal in one can be opened.
func (v *victim) checkFiles(moment string, log logRead) {
	v.t.Helper()
	names, err := filepath.Glob(filepath.Join(v.env["JIT_STATE_DIR"], "wallet", "*"))
	hidden, err2 := filepath.Glob(filepath.Join(v.env["JIT_STATE_DIR"], "wallet", ".*"))
	if err != nil || err2 != nil {
		v.t.Fatal(err, err2)
	}
	for _, name := range slices.Concat(names, hidden) {
		data, err := os.ReadFile(name)
		if err != nil {
			v.t.Fatalf("%s: %v", moment, err)
		}
		line, _, whole := bytes.Cut(data, []byte{'\n'})
		switch {
		case !whole && strings.HasSuffix(name, ".grant") && !slices.Contains(hidden, name):
			v.t.Fatalf("%s: %s is half a grant: %q", moment, name, data)
		case !whole:
			continue // the lock, a marker, or what nobody can open
		}
		var held credential.Held
		if err := json.Unmarshal(line, &held); err != nil {
			v.t.Fatalf("%s: %s: %v", moment, name, err)
		}
		v.checkHeld(moment, log, held)
	}
}

// checkWallet opens everything in the wallet and returns the records that it
// names.
func (v *victim) checkWallet(moment string, log logRead) []audit.Ref {
	v.t.Helper()
	w := v.openWallet()
	for _, problem := range w.Problems(v.t.Context()) {
		v.t.Fatalf("%s: %v", moment, problem)
	}
	all, err := w.List(v.t.Context(), time.Now())
	if err != nil {
		v.t.Fatalf("%s: %v", moment, err)
	}
	var known []audit.Ref
	for _, held := range all {
		v.checkHeld(moment, log, held)
		known = append(known, held.Record)
		cred, err := w.Open(v.t.Context(), held.Grant.ID)
		if err != nil || secretOf(cred) == "" {
			v.t.Fatalf("%s: the grant %s cannot be opened: %v", moment, held.Grant.ID, err)
		}
	}
	// The list has put right what the kill left undone. Where it was killed
	// early, there is no wallet yet.
	prompt, err := os.ReadFile(w.PromptPath())
	if lines := bytes.Count(prompt, []byte{'\n'}); lines != len(all) {
		v.t.Fatalf("%s: the prompt has %d lines for %d grants: %v", moment, lines, len(all), err)
	}
	return known
}

// checkHeld compares what the wallet says of a grant with the record's bytes.
func (v *victim) checkHeld(moment string, log logRead, held credential.Held) {
	v.t.Helper()
	g := held.Grant
	r, ok := log.byRef[held.Record]
	switch {
	case !ok:
		v.t.Fatalf("%s: the wallet has grant %s, and the log has no record %+v", moment, g.ID, held.Record)
	case r.Kind != audit.Issued || r.Grant != string(g.ID) || r.Entitlement != g.Entitlement ||
		r.TicketID != g.TicketID || r.CredKind != string(g.Kind) || !r.ExpiresAt.Equal(g.ExpiresAt):
		v.t.Fatalf("%s: the record of grant %+v tells of another one: %s", moment, g, r.Raw)
	}
}

func (v *victim) openWallet() *wallet.Wallet {
	v.t.Helper()
	state := v.env["JIT_STATE_DIR"]
	w, err := wallet.Open(wallet.Options{Dir: state, Keys: wallet.KeyInFile(state), Now: time.Now})
	if err != nil {
		v.t.Fatal(err)
	}
	return w
}

// fullWallet is how many grants a check looks at before it makes room.
const fullWallet = 24

// prune forgets all grants and keys once there are many, so that the last of
// hundreds of checks costs what the first did.
func (v *victim) prune() {
	v.t.Helper()
	w := v.openWallet()
	held, err := w.List(v.t.Context(), time.Now())
	if err != nil {
		v.t.Fatal(err)
	}
	if len(held) < fullWallet {
		return
	}
	for _, h := range held[1:] {
		if err := w.Remove(v.t.Context(), h.Grant.ID); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := v.keys.RemoveAll(); err != nil {
		v.t.Fatal(err)
	}
}

// noSecretInTheClear shows that hundreds of kills left no file in the world
// that has a secret which is still good.
func (v *victim) noSecretInTheClear() {
	v.t.Helper()
	w := v.openWallet()
	held, err := w.List(v.t.Context(), time.Now())
	if err != nil || len(held) == 0 {
		v.t.Fatalf("%d grants, %v", len(held), err)
	}
	var secrets []string
	for _, h := range held {
		cred, err := w.Open(v.t.Context(), h.Grant.ID)
		if err != nil {
			v.t.Fatal(err)
		}
		secrets = append(secrets, secretOf(cred))
	}
	err = filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				v.t.Errorf("%s has a secret in the clear", path)
			}
		}
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// secretOf is a part of a credential that nothing else contains: the key, and
// of a PEM a line from its middle.
func secretOf(c credential.Credential) string {
	switch {
	case c.AWS != nil:
		return c.AWS.SecretAccessKey.Reveal()
	case c.SSH != nil:
		lines := strings.Split(c.SSH.PrivateKey.Reveal(), "\n")
		return lines[len(lines)/2]
	}
	return ""
}
