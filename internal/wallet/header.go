package wallet

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// format is the version of the files. A reader refuses every other.
const format = 1

// maxHeader bounds the line in the clear, in bytes.
const maxHeader = 64 << 10

// header is the line in the clear. What is written is the associated data of
// the seal, byte for byte, so a reader may ignore fields that it does not know.
type header struct {
	Format int    `json:"format"`
	Key    string `json:"key"` // id of the sealing key
	credential.Held
}

// encode returns the line without its newline.
func (h header) encode() ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if len(line) > maxHeader {
		return nil, fmt.Errorf("the grant takes %d bytes, and %d is the most", len(line), maxHeader)
	}
	return line, nil
}

// parseHeader reads the line of the grant with this id. Whatever it returns
// without an error is safe to show in a prompt and to use in a file name.
func parseHeader(line []byte, id grant.ID) (header, error) {
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return header{}, errors.New("its first line is not the JSON of a grant")
	}
	if h.Format != format {
		return header{}, fmt.Errorf("it has format %d, and this jit knows only %d", h.Format, format)
	}
	if h.Grant.ID != id {
		return header{}, errors.New("it holds another grant than its name says")
	}
	if err := check(h.Grant); err != nil {
		return header{}, err
	}
	return h, nil
}

// latest is the last moment that a record or a prompt can name: RFC 3339 has
// four digits for the year.
func latest() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

// check holds a grant to what the wallet, its file names and the prompt need.
func check(g grant.Grant) error {
	key, err := ticket.ParseKey(string(g.Ticket))
	switch {
	case err != nil || key != g.Ticket:
		return errors.New("its ticket has no proper key")
	case !policy.IsEntitlementName(g.Entitlement):
		return errors.New("its entitlement has no proper name")
	case g.Kind != grant.AWS && g.Kind != grant.SSH:
		return fmt.Errorf("it is of the unknown kind %q", g.Kind)
	case g.ExpiresAt.Unix() <= 0 || g.ExpiresAt.After(latest()):
		return errors.New("its expiry makes no sense")
	}
	if _, err := grant.ParseID(string(g.ID)); err != nil {
		return errors.New("its id is not that of a grant")
	}
	return nil
}
