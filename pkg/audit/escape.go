package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// maxName is the longest name that STS takes for a source identity, and so the
// longest that an id becomes in any name.
const maxName = 64

// EscapeID turns the id of a principal into a name that an STS source identity,
// an object key and an SSH key id all take: each byte outside [A-Za-z0-9-]
// becomes =XX (upper-case hex), and what is then longer than 64 characters
// becomes =h and the first 32 hex digits of the SHA-256 of the id. No two ids
// share a name, short of a collision of the hash.
func EscapeID(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		switch {
		case plain(c):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() <= maxName {
		return b.String()
	}
	sum := sha256.Sum256([]byte(id))
	return "=h" + hex.EncodeToString(sum[:])[:32]
}
