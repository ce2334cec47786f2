package auditlog

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // Content-MD5 finds damage on the way, and protects nothing
	"encoding/base64"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/jitaccess/jit/pkg/audit"
)

// S3API is what a log needs of *s3.Client. HeadObject is not among it: without
// the right to list, it answers 403 for what is not there.
type S3API interface {
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// NewS3 makes the client of a log from an AWS configuration, in a region that
// wins over the configuration's. A compatible store, at an endpoint of its own,
// is asked for BUCKET in the path, since few of them have a host a bucket.
func NewS3(cfg aws.Config, region string) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		if region != "" {
			o.Region = region
		}
		o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil
		// Or else the SDK writes a line to standard error for each record that
		// the store has no checksum of.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// s3Backend keeps records in a bucket.
type s3Backend struct {
	loc  location
	open func(ctx context.Context, region string) (S3API, error)

	mu     sync.Mutex
	client S3API
}

func (b *s3Backend) api(ctx context.Context) (S3API, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client == nil {
		client, err := b.open(ctx, b.loc.region)
		if err != nil {
			return nil, err
		}
		b.client = client
	}
	return b.client, nil
}

// create asks for the record once: whether a write that failed is repeated is
// for the caller, who has to remember that it may have succeeded.
func (b *s3Backend) create(ctx context.Context, name string, data []byte) error {
	client, err := b.api(ctx)
	if err != nil {
		return err
	}
	var w way
	// A bucket with a default retention wants a checksum even from a client
	// that is told to send none of the new ones.
	sum := md5.Sum(data) //nolint:gosec // see the import
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.loc.bucket, Key: aws.String(b.loc.prefix + name),
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ContentMD5:  aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		ContentType: aws.String("application/json"), IfNoneMatch: aws.String("*"),
	}, func(o *s3.Options) { o.RetryMaxAttempts = 1 }, w.watch)
	return w.outcome(err)
}

// Read returns a record's bytes.
func (b *s3Backend) Read(ctx context.Context, name string) ([]byte, error) {
	client, err := b.api(ctx)
	if err != nil {
		return nil, err
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.loc.bucket, Key: aws.String(b.loc.prefix + name)})
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	data, err := audit.ReadRecord(out.Body)
	if closeErr := out.Body.Close(); err == nil {
		err = closeErr
	}
	return data, err
}

// page is a part of a listing, with names below the prefix that was asked for.
type page struct {
	names []string // those of folders end with a slash
	more  bool
	token *string
}

// list asks for names that begin with a prefix and come after one of them, or
// where an earlier page ended; with a delimiter only up to the next slash.
func (b *s3Backend) list(ctx context.Context, in s3.ListObjectsV2Input) (page, error) {
	client, err := b.api(ctx)
	if err != nil {
		return page{}, err
	}
	// XML cannot carry every character that somebody may have put into a key.
	in.Bucket, in.EncodingType = &b.loc.bucket, types.EncodingTypeUrl
	out, err := client.ListObjectsV2(ctx, &in)
	if err != nil {
		return page{}, &listError{err}
	}
	p := page{more: aws.ToBool(out.IsTruncated), token: out.NextContinuationToken}
	add := func(key *string) {
		name := aws.ToString(key)
		if out.EncodingType == types.EncodingTypeUrl {
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
		}
		p.names = append(p.names, strings.TrimPrefix(name, aws.ToString(in.Prefix)))
	}
	for _, folder := range out.CommonPrefixes {
		add(folder.Prefix)
	}
	for _, o := range out.Contents {
		add(o.Key)
	}
	return p, nil
}

// listError is a listing that failed, which needs another right than a read.
type listError struct{ err error }

func (e *listError) Error() string { return e.err.Error() }
func (e *listError) Unwrap() error { return e.err }

// warm lists nothing: whatever the answer, the connection is open, and the
// credentials are there.
func (b *s3Backend) warm(ctx context.Context) {
	client, err := b.api(ctx)
	if err != nil {
		return
	}
	_, _ = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &b.loc.bucket, Prefix: aws.String(b.loc.prefix + "_warm/"), MaxKeys: aws.Int32(1),
	}, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
}
