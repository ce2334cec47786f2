package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Versioned is the further ability of a store that keeps what was overwritten or
// deleted, as a bucket with versions does.
type Versioned interface {
	// Versions yields each object below the log's prefix that has more than the
	// one version that a record has. Whoever may not ask gets an error that is
	// ErrUnchecked; a store that keeps no versions says ErrNoVersions.
	Versions(ctx context.Context) iter.Seq2[Version, error]
}

// Version is an object that was overwritten or deleted.
type Version struct {
	Name    string // below the log's prefix
	Deleted bool   // it has a delete marker
	Count   int    // of versions, without markers
}

// What a store says that cannot tell what was overwritten or deleted.
var (
	ErrUnchecked  = errors.New("overwritten and deleted records were not looked for")
	ErrNoVersions = errors.New("the store keeps no versions, so that it cannot tell of overwritten and deleted records")
)

// Versions says whether a report covers overwritten and deleted records: one of
// the values below, or the second with a colon and why.
type Versions string

// What was done about versions.
const (
	VersionsChecked   Versions = "checked"
	VersionsUnchecked Versions = "unchecked"
	VersionsNone      Versions = "none kept"
)

// versions reports what was overwritten or deleted.
func (v *verifier) versions(ctx context.Context, report *Report) error {
	store, ok := v.store.(Versioned)
	if !ok {
		report.Versions = VersionsNone
		return nil
	}
	for version, err := range store.Versions(ctx) {
		switch {
		case errors.Is(err, ErrNoVersions):
			report.Versions = VersionsNone
			return nil
		case errors.Is(err, ErrUnchecked):
			report.Versions = VersionsUnchecked + Versions(": "+strings.ToValidUTF8(err.Error(), "?"))
			return nil
		case err != nil:
			return err
		}
		v.version(version, report)
	}
	report.Versions = VersionsChecked
	return nil
}

func (v *verifier) version(version Version, report *Report) {
	writer, file, _ := strings.Cut(version.Name, "/")
	if writer == CheckpointDir {
		serial, _ := parseCheckpointFile(file)
		v.tell(version, Problem{Writer: writer, Seq: serial}, report)
		return
	}
	if !IsWriter(writer) || !v.wanted(writer) {
		return // a foreign name is told where it is listed
	}
	seq, _ := ParseFileName(file)
	v.tell(version, Problem{Writer: writer, Seq: seq}, report)
}

func (v *verifier) tell(version Version, p Problem, report *Report) {
	if version.Deleted {
		p.Code, p.Text = CodeDeleted, fmt.Sprintf("%q has a delete marker: somebody deleted it, and its versions are still there", version.Name)
		report.add(p)
	}
	if version.Count > 1 {
		p.Code, p.Text = CodeVersion, fmt.Sprintf("%q has %d versions: somebody wrote over it", version.Name, version.Count)
		report.add(p)
	}
}
