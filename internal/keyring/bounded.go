package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/jitaccess/jit/internal/fault"
)

// bounded runs one call of the library, which takes no context, and stops
// waiting for it when the context or the keyring's own limit ends. The call
// itself goes on: a secret may still be set when its prompt is answered later.
func (k *Keyring) bounded(ctx context.Context, call func() (string, error)) (string, error) {
	if err := k.reachable(); err != nil {
		return "", k.unavailable(err)
	}
	limited, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	type answer struct {
		value string
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() { done <- a }()
		// The library dereferences a signal that is nil when the bus goes away
		// under a prompt.
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: fmt.Errorf("the keyring's bus went away: %v", p)}
			}
		}()
		if k.locked != nil {
			if shut, err := k.locked(); shut || err != nil {
				a.err = cmp.Or(err, errLocked)
				return
			}
		}
		a.value, a.err = call()
	}()
	select {
	case a := <-done:
		return a.value, k.explain(a.err)
	case <-limited.Done():
		if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return "", fault.Wrap(fault.Cancelled, err, "the keyring was not waited for")
		}
		return "", fault.New(fault.Config, "the keyring did not answer: it may be locked and waiting for its password").
			WithHint("%s", k.fallback)
	}
}

var errLocked = errors.New("it is locked")

// explain turns an error of the library into one for people.
func (k *Keyring) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, gokeyring.ErrSetDataTooBig):
		return err
	}
	return k.unavailable(err)
}

func (k *Keyring) unavailable(err error) error {
	return fault.Wrap(fault.Config, plain(err), "the keyring of this machine cannot be used").WithHint("%s", k.fallback)
}

// plain says in a user's words what the library and D-Bus say in their own.
func plain(err error) error {
	for _, known := range []struct{ theirs, ours string }{
		{"dbus-launch", errNoBus.Error()},
		{"was not provided by any .service files", "no keyring is running on the D-Bus session bus"},
		{"failed to unlock correct collection", "it is locked, or there is no default keyring, and nobody unlocked it"},
	} {
		if strings.Contains(err.Error(), known.theirs) {
			return errors.New(known.ours)
		}
	}
	return err
}

func (k *Keyring) tooBig(size int) error {
	return fault.New(fault.Config, "a secret of %d bytes does not fit a keyring, which takes %d", size, MaxValue).
		WithHint("%s", k.fallback)
}

// checkNames refuses names that a keyring would not find again. On macOS they
// become words of one line that security reads.
func checkNames(names ...string) error {
	const longest = 512
	for _, name := range names {
		if name == "" || len(name) > longest {
			return fault.New(fault.Internal, "a name of %d bytes does not fit the keyring, which takes 1 to %d", len(name), longest)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fault.New(fault.Internal, "a name for the keyring has a control character")
		}
	}
	return nil
}
