package auditlog

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/jitaccess/jit/pkg/audit"
)

// pageSize is the longest page that S3 gives.
const pageSize = 1000

// Top yields the names directly below the log's prefix.
func (b *s3Backend) Top(ctx context.Context) iter.Seq2[string, error] {
	return b.names(ctx, b.loc.prefix, aws.String("/"))
}

// Files yields the names below a writer's folder, in order.
func (b *s3Backend) Files(ctx context.Context, writer string) iter.Seq2[string, error] {
	return b.names(ctx, b.loc.prefix+writer+"/", nil)
}

func (b *s3Backend) names(ctx context.Context, prefix string, delimiter *string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var token *string
		for {
			p, err := b.list(ctx, s3.ListObjectsV2Input{Prefix: &prefix, Delimiter: delimiter, ContinuationToken: token})
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range p.names {
				if name != "" && !yield(name, nil) { // "": a folder that a console made
					return
				}
			}
			if token = p.token; !p.more || token == nil {
				return
			}
		}
	}
}

// last searches for the end of a chain. A listing can only begin after a name
// and go forward, so it tells whether anything comes after a number, whatever
// holes there are; that is galloped and then bisected. Most chains fit into the
// first page; one of a million records takes about twenty listings.
func (b *s3Backend) last(ctx context.Context, writer string, from, below uint64) (uint64, error) {
	s := search{backend: b, writer: writer, below: below}
	low, more, err := s.page(ctx, from)
	if err != nil || !more {
		return low, err
	}
	high := below // nothing is at high or after it
	for step := uint64(pageSize); low+step < high; step *= 4 {
		next, err := s.after(ctx, low+step)
		if err != nil {
			return 0, err
		}
		if next == 0 {
			high = low + step + 1
			break
		}
		low = next
	}
	for high-low > pageSize {
		middle := low + (high-low)/2
		next, err := s.after(ctx, middle)
		if err != nil {
			return 0, err
		}
		if next == 0 {
			high = middle + 1
		} else {
			low = next
		}
	}
	for more && low+1 < high {
		before := low
		if low, more, err = s.page(ctx, low); err != nil {
			return 0, err
		}
		if low == before {
			break
		}
	}
	return low, nil
}

// search asks for the records of one writer below a bound.
type search struct {
	backend *s3Backend
	writer  string
	below   uint64
}

// page lists up to a thousand names after a record, and returns the last
// record among them, from where there is none; more says that others may follow.
func (s search) page(ctx context.Context, from uint64) (last uint64, more bool, err error) {
	for name, err := range s.names(ctx, from, pageSize) {
		if err != nil {
			return 0, false, err
		}
		if name == endOfPage && last > 0 {
			return last, true, nil
		}
		seq, ok := audit.ParseFileName(name)
		if !ok {
			continue
		}
		if seq >= s.below {
			break
		}
		from, last = seq, seq
	}
	return from, false, nil
}

// after returns the first record after a number, or 0.
func (s search) after(ctx context.Context, seq uint64) (uint64, error) {
	for name, err := range s.names(ctx, seq, 1) {
		if err != nil {
			return 0, err
		}
		if found, ok := audit.ParseFileName(name); ok {
			if found >= s.below {
				return 0, nil
			}
			return found, nil
		}
	}
	return 0, nil
}

// endOfPage stands for the end of a page that others follow. No name is empty.
const endOfPage = ""

// names yields the names after a record. Where the first page, which may be
// short, was of no use because of names that no log has, longer ones follow.
func (s search) names(ctx context.Context, after uint64, first int32) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prefix := s.backend.loc.prefix + s.writer + "/"
		in := s3.ListObjectsV2Input{Prefix: &prefix, MaxKeys: &first, StartAfter: aws.String(prefix + audit.FileName(after))}
		for {
			p, err := s.backend.list(ctx, in)
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range p.names {
				if name != endOfPage && !yield(name, nil) {
					return
				}
			}
			if !p.more || p.token == nil || !yield(endOfPage, nil) {
				return
			}
			in.MaxKeys, in.ContinuationToken = aws.Int32(pageSize), p.token
		}
	}
}
