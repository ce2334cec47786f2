package wallet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jitaccess/jit/internal/credential"
)

// writePrompt writes the file that the shell's prompt reads: a line a grant,
// EXPIRY_EPOCH<TAB>TICKET<TAB>ENTITLEMENT, soonest first. The caller holds the
// lock, so no older state can overwrite a newer one. Ticket and entitlement were
// matched against their patterns when they were read.
func (w *Wallet) writePrompt(held []credential.Held) error {
	var b []byte
	for _, h := range held {
		b = strconv.AppendInt(b, h.Grant.ExpiresAt.Unix(), 10)
		b = append(b, '\t')
		b = append(b, h.Grant.Ticket...)
		b = append(b, '\t')
		b = append(b, h.Grant.Entitlement...)
		b = append(b, '\n')
	}
	return errors.Join(replaceFile(w.PromptPath(), b), w.removeLeftovers())
}

// removeLeftovers removes the temporary files of the state directory that
// belong to a process that was killed. Other parts of jit keep files there too,
// so only the wallet's own names count. The caller holds the lock.
func (w *Wallet) removeLeftovers() error {
	entries, err := os.ReadDir(w.state)
	errs := []error{err}
	for _, e := range entries {
		for _, name := range []string{promptName, keyName} {
			digits, ok := strings.CutPrefix(e.Name(), "."+name)
			if ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
				errs = append(errs, remove(filepath.Join(w.state, e.Name())))
			}
		}
	}
	return errors.Join(errs...)
}

// promptMissing reports whether somebody has removed the prompt file of a
// wallet that was used.
func (w *Wallet) promptMissing() bool {
	if _, err := os.Stat(w.dir); err != nil {
		return false
	}
	_, err := os.Lstat(w.PromptPath())
	return errors.Is(err, fs.ErrNotExist)
}
