package auditlog

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/jitaccess/jit/pkg/audit"
)

// versionsAPI is the further call of *s3.Client that tells of versions. It needs
// s3:ListBucketVersions, which no writer needs.
type versionsAPI interface {
	ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, opts ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

// versioned is the ability of a backend whose store may keep versions.
type versioned interface {
	Versions(ctx context.Context) iter.Seq2[audit.Version, error]
}

// Versions makes a Log an audit.Versioned. A directory keeps none.
func (l *Log) Versions(ctx context.Context) iter.Seq2[audit.Version, error] {
	if b, ok := l.backend.(versioned); ok {
		return b.Versions(ctx)
	}
	return func(yield func(audit.Version, error) bool) { yield(audit.Version{}, audit.ErrNoVersions) }
}

// Versions yields the objects that were written over or deleted. A bucket that
// never had versions has the version id "null" everywhere, and cannot tell.
func (b *s3Backend) Versions(ctx context.Context) iter.Seq2[audit.Version, error] {
	return func(yield func(audit.Version, error) bool) {
		client, err := b.api(ctx)
		api, ok := client.(versionsAPI)
		if err != nil || !ok {
			yield(audit.Version{}, fmt.Errorf("%w: the client has no such call", audit.ErrUnchecked))
			return
		}
		v := &versionCount{prefix: b.loc.prefix}
		in := &s3.ListObjectVersionsInput{Bucket: &b.loc.bucket, Prefix: &b.loc.prefix}
		for {
			out, err := api.ListObjectVersions(ctx, in)
			if err != nil {
				yield(audit.Version{}, b.unchecked(ctx, err))
				return
			}
			if !v.page(out, yield) {
				return
			}
			if !aws.ToBool(out.IsTruncated) {
				break
			}
			in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
		}
		if v.flush("", yield) && v.seen && !v.versions {
			yield(audit.Version{}, audit.ErrNoVersions)
		}
	}
}

// unchecked is the error of a listing that the store refused, which is no
// verdict over the log; one that was cancelled stays what it is.
func (b *s3Backend) unchecked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, code := answer(err); code == "AccessDenied" {
		return fmt.Errorf("%w: allow s3:ListBucketVersions on %s", audit.ErrUnchecked, b.loc.bucket)
	}
	return fmt.Errorf("%w: %w", audit.ErrUnchecked, toldError{err})
}

// versionCount adds up the versions of one object at a time: a listing has those
// of an object together, but for its markers, which S3 lists apart in a page.
type versionCount struct {
	prefix   string
	now      map[string]*audit.Version // of the page, and the object that the last one ended with
	seen     bool                      // there is an object
	versions bool                      // one has a version id
}

// page yields what is complete, all but the object that the page ends with.
func (v *versionCount) page(out *s3.ListObjectVersionsOutput, yield func(audit.Version, error) bool) bool {
	last := ""
	at := func(key *string) *audit.Version {
		name := strings.TrimPrefix(aws.ToString(key), v.prefix)
		if last = max(last, name); v.now == nil {
			v.now = map[string]*audit.Version{}
		}
		if v.now[name] == nil {
			v.now[name] = &audit.Version{Name: name}
		}
		return v.now[name]
	}
	for _, o := range out.Versions {
		at(o.Key).Count++
		v.seen, v.versions = true, v.versions || aws.ToString(o.VersionId) != "null"
	}
	for _, o := range out.DeleteMarkers {
		at(o.Key).Deleted = true
		v.seen, v.versions = true, true
	}
	return v.flush(last, yield)
}

// flush yields the objects that should not be as they are, and forgets all but
// the one to keep.
func (v *versionCount) flush(keep string, yield func(audit.Version, error) bool) bool {
	for name, version := range v.now {
		if name == keep {
			continue
		}
		delete(v.now, name)
		if (version.Deleted || version.Count > 1) && !yield(*version, nil) {
			return false
		}
	}
	return true
}
