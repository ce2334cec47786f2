// Package manifest says which policy an organisation has signed: a list of the
// policy's files with their hashes, a serial that only rises and an end, in a text
// that ssh-keygen -Y verify can check without jit.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

// Namespace is what a signature of a manifest is for (PROTOCOL.sshsig).
const Namespace = "jit-policy"

// header is the first line of a manifest.
const header = "jit-policy-manifest 1"

// MaxSize bounds a manifest, in bytes: 256 policy files and what they name fit.
const MaxSize = 1 << 20

// Manifest lists what a policy is made of.
type Manifest struct {
	Serial   uint64    // from 1; a lower one than was seen is refused
	NotAfter time.Time // when it ends, in whole seconds
	Files    []policy.FileSum
}

// Encode writes a manifest as it is signed: the same for the same policy.
func (m Manifest) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nserial %d\nnot_after %s\n", header, m.Serial, m.NotAfter.UTC().Format(time.RFC3339))
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b policy.FileSum) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range files {
		fmt.Fprintf(&b, "%s %s\n", f.SHA256, f.Name)
	}
	return b.Bytes()
}

// Decode reads a manifest. It takes what Encode writes and nothing else, so that
// two texts never mean the same. The error is of class Config.
func Decode(data []byte) (Manifest, error) {
	var m Manifest
	bad := func(what string) (Manifest, error) {
		return Manifest{}, fault.New(fault.Config, "the policy's manifest %s", what).WithHint("sign the policy anew with jit policy sign")
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) < 5 || lines[0] != header || lines[len(lines)-1] != "" {
		return bad("is not of this format")
	}
	var err error
	serial, ok := strings.CutPrefix(lines[1], "serial ")
	if m.Serial, err = strconv.ParseUint(serial, 10, 64); !ok || err != nil || m.Serial == 0 {
		return bad("has no serial")
	}
	end, ok := strings.CutPrefix(lines[2], "not_after ")
	if m.NotAfter, err = time.Parse(time.RFC3339, end); !ok || err != nil {
		return bad("has no not_after")
	}
	for _, line := range lines[3 : len(lines)-1] {
		sum, name, ok := strings.Cut(line, " ")
		if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size || strings.ToLower(sum) != sum || name == "" {
			return bad("has a line that is no file")
		}
		m.Files = append(m.Files, policy.FileSum{Name: name, SHA256: sum})
	}
	if !bytes.Equal(m.Encode(), data) {
		return bad("is not of this format")
	}
	return m, nil
}

// Hash is what a signed policy is known by: the SHA-256 of its manifest, in
// lower-case hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// differs says how the files of a policy are not those of the manifest, or "".
func (m Manifest) differs(files []policy.FileSum) string {
	listed := make(map[string]string, len(m.Files))
	for _, f := range m.Files {
		listed[f.Name] = f.SHA256
	}
	for _, f := range files {
		sum, ok := listed[f.Name]
		switch {
		case !ok:
			return fmt.Sprintf("%s is not in the signed manifest", f.Name)
		case sum != f.SHA256:
			return fmt.Sprintf("%s is not the file that was signed", f.Name)
		}
		delete(listed, f.Name)
	}
	for name := range listed {
		return fmt.Sprintf("%s was signed and is not there", name)
	}
	return ""
}
