package auditlog

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// memory is a bucket in memory, as S3API shows it: conditional puts, listings
// by start-after and token, faults on demand, and a count of calls.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	keys    []string // sorted
	// computed holds keys that stand for records which are not kept.
	computed func(key string) []byte

	puts, gets, lists int
	onPut             []putFault // of the next puts
	everyPut          error      // of all puts after those
	onGet, onList     error      // of every one
	blind             bool       // ignores If-None-Match
}

// putFault is what happens to a put instead.
type putFault struct {
	store bool // the object is stored all the same
	err   error
	block bool // the answer never comes
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}} }

// apiError is an error as the SDK returns it.
func apiError(status int, code string) error {
	return &smithy.OperationError{ServiceID: "S3", OperationName: "Op", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      &smithy.GenericAPIError{Code: code, Message: "x"},
		},
	}}
}

func (m *memory) PutObject(ctx context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.puts++
	var f putFault
	if len(m.onPut) > 0 {
		f, m.onPut = m.onPut[0], m.onPut[1:]
	} else {
		f.err = m.everyPut
	}
	if f.err == nil || f.store {
		if err := m.put(*in.Key, data, aws.ToString(in.IfNoneMatch)); err != nil {
			f.err = err
		}
	}
	m.mu.Unlock()
	if f.block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	return &s3.PutObjectOutput{}, nil
}

func (m *memory) put(key string, data []byte, condition string) error {
	i, found := slices.BinarySearch(m.keys, key)
	if found && condition == "*" && !m.blind {
		return apiError(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	if !found {
		m.keys = slices.Insert(m.keys, i, key)
	}
	m.objects[key] = data
	return nil
}

func (m *memory) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gets++
	if m.onGet != nil {
		return nil, m.onGet
	}
	data, ok := m.objects[*in.Key]
	if !ok && m.computed != nil {
		if _, found := slices.BinarySearch(m.keys, *in.Key); found {
			data, ok = m.computed(*in.Key), true
		}
	}
	if !ok {
		return nil, &types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(data))}, nil
}

func (m *memory) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists++
	if m.onList != nil {
		return nil, m.onList
	}
	prefix, after := aws.ToString(in.Prefix), aws.ToString(in.StartAfter)
	if in.ContinuationToken != nil {
		after = *in.ContinuationToken
	}
	most := pageSize
	if in.MaxKeys != nil {
		most = int(*in.MaxKeys)
	}
	out := &s3.ListObjectsV2Output{IsTruncated: aws.Bool(false)}
	i, found := slices.BinarySearch(m.keys, max(prefix, after))
	if found && after != "" {
		i++
	}
	last, n := "", 0
	for ; i < len(m.keys) && strings.HasPrefix(m.keys[i], prefix); i++ {
		key := m.keys[i]
		folder, _, inFolder := strings.Cut(key[len(prefix):], "/")
		inFolder = inFolder && in.Delimiter != nil
		folder = prefix + folder + "/"
		if inFolder && (folder == last || strings.HasPrefix(after, folder)) {
			continue
		}
		if n++; n > most {
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), aws.String(last)
			return out, nil
		}
		if last = key; inFolder {
			last = folder
			out.CommonPrefixes = append(out.CommonPrefixes, types.CommonPrefix{Prefix: &folder})
			continue
		}
		out.Contents = append(out.Contents, types.Object{Key: &key})
	}
	return out, nil
}

// faults sets what happens to the next puts.
func (m *memory) faults(f ...putFault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onPut = f
}

// counts returns and resets the numbers of calls.
func (m *memory) counts() (puts, gets, lists int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	puts, gets, lists = m.puts, m.gets, m.lists
	m.puts, m.gets, m.lists = 0, 0, 0
	return
}

// remove takes an object away, as nobody should be able to.
func (m *memory) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	if i, found := slices.BinarySearch(m.keys, key); found {
		m.keys = slices.Delete(m.keys, i, i+1)
	}
}

// replace puts other bytes in an object's place.
func (m *memory) replace(key string, data string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.put(key, []byte(data), "")
}

// openMemory returns a log on the bucket that waits for nothing.
func openMemory(t testing.TB, m *memory, stateDir string) *Log {
	t.Helper()
	l, err := Open("s3://acme-jit-audit/jit?region=eu-west-1", Options{
		S3: func(context.Context, string) (S3API, error) { return m, nil }, StateDir: stateDir, Version: "1.2.3",
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
