package manifest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"

	"github.com/jitaccess/jit/internal/fault"
)

// last is the newest policy of a path that was used on this machine.
type last struct {
	Serial uint64 `json:"serial"`
	Hash   string `json:"hash"`
}

// remember refuses a policy that is older than one that was used here, or another
// one of the same serial, and keeps what is newest. Whoever owns the file can
// change it, so it only keeps an old policy from coming back by mistake or by
// somebody who cannot write here; what holds is MinSerial.
func (t Trust) remember(path string, s Signed) error {
	if t.Seen == "" {
		return nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fault.Wrap(fault.Config, err, "the policy's path cannot be told")
	}
	seen := map[string]last{}
	data, err := os.ReadFile(t.Seen)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fault.Wrap(fault.Config, err, "which policies were used here cannot be read")
	default:
		if err := json.Unmarshal(data, &seen); err != nil {
			return fault.New(fault.Config, "%s does not tell which policies were used here", t.Seen).
				WithHint("find out who changed it; without the file the serials that were seen are forgotten")
		}
	}
	before := seen[abs]
	switch {
	case s.Serial < before.Serial:
		return fault.New(fault.Config, "the policy has the serial %d, and %d was used here before: it is an old one", s.Serial, before.Serial).
			WithHint("get the current policy")
	case s.Serial == before.Serial && s.Hash != before.Hash:
		return fault.New(fault.Config, "another policy with the serial %d was used here before", s.Serial).
			WithHint("have the policy signed with a higher serial")
	case s.Serial == before.Serial:
		return nil
	}
	seen[abs] = last{s.Serial, s.Hash}
	if data, err = json.Marshal(seen); err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(t.Seen), 0o700), maybe.WriteFile(t.Seen, data, 0o600))
	}
	if err != nil {
		return fault.Wrap(fault.Config, err, "the policy's serial cannot be noted").WithHint("look at the permissions of %s", filepath.Dir(t.Seen))
	}
	return nil
}
