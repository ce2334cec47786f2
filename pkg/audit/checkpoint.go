package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// CheckpointDir is where checkpoints are below the log's prefix. Its name is
	// no writer's, so that no writer can be given the right to it.
	CheckpointDir = "_checkpoints"
	// CheckpointNamespace is what the signature of a checkpoint is for.
	CheckpointNamespace = "jit-checkpoint"

	checkpointSuffix  = ".checkpoint" // not .json, which queries over the log read
	checkpointVersion = 1
)

// Checkpoint says what the heads of all chains were at a time. In the log it is
// one line of JSON, the statement, and behind it the armored SSH signature of
// that line: head -n 1 and tail -n +2 take the two apart for ssh-keygen.
type Checkpoint struct {
	Version  int            `json:"version"` // of this format
	Serial   uint64         `json:"serial"`  // from 1, without gaps
	Time     time.Time      `json:"time"`
	Log      string         `json:"log"`                // address of the log that it was made of
	Previous *CheckpointRef `json:"previous,omitempty"` // nil in the first
	Chains   []Head         `json:"chains"`             // in the order of their writers' names
}

// CheckpointRef names a checkpoint.
type CheckpointRef struct {
	Serial uint64    `json:"serial"`
	Hash   string    `json:"hash"` // of the statement
	Time   time.Time `json:"time"`
}

// Head is the end of a chain as a checkpoint has it.
type Head struct {
	Ref
	Records uint64 `json:"records"` // on the chain, up to this one
	OK      bool   `json:"ok"`      // the chain held
}

// SignedCheckpoint is a checkpoint as it is in the log. Who signed it is not
// known before somebody has verified the signature.
type SignedCheckpoint struct {
	Checkpoint
	Hash      string // of Statement
	Statement []byte // the line that was signed, with its line feed
	Signature []byte // armored
}

// Ref names the checkpoint.
func (c SignedCheckpoint) Ref() CheckpointRef {
	return CheckpointRef{Serial: c.Serial, Hash: c.Hash, Time: c.Time}
}

// NewCheckpoint is what a report says of the heads of all chains; previous is
// nil for the first of a log. Chains that have no record are left out.
func NewCheckpoint(r Report, log string, previous *CheckpointRef, at time.Time) Checkpoint {
	c := Checkpoint{Version: checkpointVersion, Serial: 1, Time: at.UTC(), Log: log, Previous: previous, Chains: []Head{}}
	if previous != nil {
		c.Serial = previous.Serial + 1
	}
	for _, chain := range r.Chains {
		if chain.Head != nil {
			c.Chains = append(c.Chains, Head{Ref: *chain.Head, Records: chain.Records, OK: chain.OK})
		}
	}
	slices.SortFunc(c.Chains, func(a, b Head) int { return strings.Compare(a.Writer, b.Writer) })
	return c
}

// Statement is the line to sign. A log of more than some 5,000 chains has one
// that no reader would take: ErrTooLarge.
func (c Checkpoint) Statement() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	const room = 64 << 10 // for the signature
	if len(data) > MaxRecord-room {
		return nil, ErrTooLarge
	}
	return append(data, '\n'), nil
}

// ParseCheckpoint reads what is in the log under a checkpoint's name. It does
// not verify the signature.
func ParseCheckpoint(data []byte) (SignedCheckpoint, error) {
	end := bytes.IndexByte(data, '\n') + 1
	if len(data) > MaxRecord || end == 0 {
		return SignedCheckpoint{}, errors.New("it is no line of JSON with a signature behind it")
	}
	c := SignedCheckpoint{Statement: data[:end], Signature: data[end:], Hash: Hash(data[:end])}
	if err := json.Unmarshal(c.Statement, &c.Checkpoint); err != nil {
		return SignedCheckpoint{}, fmt.Errorf("its statement is not the JSON of a checkpoint: %w", err)
	}
	if err := checkKeys(c.Statement); err != nil {
		return SignedCheckpoint{}, err
	}
	if err := c.check(); err != nil {
		return SignedCheckpoint{}, err
	}
	return c, nil
}

// check refuses what no log can have had.
func (c Checkpoint) check() error {
	switch {
	case c.Version != checkpointVersion:
		return fmt.Errorf("version %d of the format of checkpoints is not known", c.Version)
	case c.Serial < 1 || c.Serial > MaxSeq:
		return fmt.Errorf("%d is no serial", c.Serial)
	case c.Time.UnixMilli() <= 0 || c.Time.Year() > 9999:
		return errors.New("it has no time after 1970")
	case (c.Previous == nil) != (c.Serial == 1):
		return fmt.Errorf("checkpoint %d must name the one before it, and the first none", c.Serial)
	case c.Previous != nil && (c.Previous.Serial != c.Serial-1 || !isHash(c.Previous.Hash)):
		return fmt.Errorf("checkpoint %d does not name the one before it", c.Serial)
	}
	for i, h := range c.Chains {
		if !IsWriter(h.Writer) || h.Seq < 1 || h.Seq > MaxSeq || !isHash(h.Hash) {
			return fmt.Errorf("%q is no end of a chain", Name(h.Writer, h.Seq))
		}
		if i > 0 && c.Chains[i-1].Writer >= h.Writer {
			return fmt.Errorf("the chain of %q is out of order", h.Writer)
		}
	}
	return nil
}

// CheckpointName is where a checkpoint is, below the log's prefix.
func CheckpointName(serial uint64) string {
	return fmt.Sprintf("%s/%0*d%s", CheckpointDir, seqDigits, serial, checkpointSuffix)
}

// parseCheckpointFile returns the serial in the last part of a name that
// CheckpointName makes.
func parseCheckpointFile(file string) (serial uint64, ok bool) {
	digits, ok := strings.CutSuffix(file, checkpointSuffix)
	if !ok {
		return 0, false
	}
	return ParseFileName(digits + suffix)
}
