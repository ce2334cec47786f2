package auditlog

import (
	"context"
	"iter"
	"slices"

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
		pages := b.pages(ctx, s3.ListObjectsV2Input{Prefix: &prefix, Delimiter: delimiter})
		for p, err := range pages {
			if !yieldPage(p, err, yield) {
				return
			}
		}
	}
}

// pages yields one page after the other. Where the first is short, longer ones
// follow it.
func (b *s3Backend) pages(ctx context.Context, in s3.ListObjectsV2Input) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		for {
			p, err := b.list(ctx, in)
			if !yield(p, err) || err != nil || !p.more || p.token == nil {
				return
			}
			in.ContinuationToken, in.MaxKeys = p.token, aws.Int32(pageSize)
		}
	}
}

// yieldPage hands the names of a page on; it is false where nobody wants more.
func yieldPage(p page, err error, yield func(string, error) bool) bool {
	if err != nil {
		return yield("", err)
	}
	for _, name := range p.names {
		if name != "" && !yield(name, nil) { // "": a folder that a console made
			return false
		}
	}
	return true
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
		next, err := s.next(ctx, low+step)
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
		next, err := s.next(ctx, middle)
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

// page lists a thousand names after a record, or more where none of them is a
// record's, and returns the last record among them, from where there is none;
// more says that others may follow.
func (s search) page(ctx context.Context, from uint64) (last uint64, more bool, err error) {
	for p, err := range s.after(ctx, from, pageSize) {
		if err != nil {
			return 0, false, err
		}
		seqs, end := s.records(p)
		if end || len(seqs) > 0 {
			return slices.Max(append(seqs, from)), !end && p.more, nil
		}
	}
	return from, false, nil
}

// next returns the first record after a number, or 0.
func (s search) next(ctx context.Context, seq uint64) (uint64, error) {
	for p, err := range s.after(ctx, seq, 1) {
		if err != nil {
			return 0, err
		}
		seqs, end := s.records(p)
		if len(seqs) > 0 {
			return seqs[0], nil
		}
		if end {
			break
		}
	}
	return 0, nil
}

// records are the numbers of a page below the bound; end says that the bound
// was reached.
func (s search) records(p page) (seqs []uint64, end bool) {
	for _, name := range p.names {
		seq, ok := audit.ParseFileName(name)
		switch {
		case ok && seq >= s.below:
			return seqs, true
		case ok:
			seqs = append(seqs, seq)
		}
	}
	return seqs, false
}

// after yields the pages of names after a record, the first of a length.
func (s search) after(ctx context.Context, seq uint64, first int32) iter.Seq2[page, error] {
	prefix := s.backend.loc.prefix + s.writer + "/"
	return s.backend.pages(ctx, s3.ListObjectsV2Input{
		Prefix: &prefix, MaxKeys: &first, StartAfter: aws.String(prefix + audit.FileName(seq)),
	})
}
