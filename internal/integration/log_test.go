package integration

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/integration/s3server"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
	"github.com/jitaccess/jit/pkg/audit"
)

// log is the audit log in the bucket, as one process sees it. The key belongs
// to an engineer who may not delete.
func (c *cloud) log(t testing.TB, key sigv4.Key, stateDir string) *auditlog.Log {
	t.Helper()
	l, err := auditlog.Open("s3://"+c.bucket+"/jit?region="+s3server.Region, auditlog.Options{
		StateDir: stateDir,
		S3: func(_ context.Context, region string) (auditlog.S3API, error) {
			return auditlog.NewS3(aws.Config{
				BaseEndpoint: &c.s3URL, Region: region, HTTPClient: c.http,
				Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Token),
			}, region), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// engineer makes a user with the rights that a log needs.
func (c *cloud) engineer(t testing.TB) sigv4.Key {
	t.Helper()
	key, err := c.AddUser(t.Context(), c.bucket, allow(c.bucket, "jit/", "s3:PutObject", "s3:GetObject", "s3:ListBucket"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestLogContractOnARealS3(t *testing.T) {
	for name, front := range map[string]func(t testing.TB) *cloud{
		"plain": newCloud,
		"TLS":   func(t testing.TB) *cloud { return newCloud(t).overTLS(t) },
	} {
		t.Run(name, func(t *testing.T) {
			accesstest.LogContract(t, func(t *testing.T) accesstest.LogRig {
				c := front(t)
				key := c.engineer(t)
				return accesstest.LogRig{
					Open:  func() access.Log { return c.log(t, key, t.TempDir()) },
					Store: c.log(t, key, ""),
				}
			})
		})
	}
}

// Machines of one writer, each with a cache of its own, meet at the same
// number again and again.
func TestThirtyTwoMachinesOfOneWriter(t *testing.T) {
	const machines, each = 32, 4
	c := newCloud(t)
	key := c.engineer(t)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		refs = map[uint64]audit.Ref{}
	)
	for m := range machines {
		log := c.log(t, key, t.TempDir())
		wg.Go(func() {
			for i := range each {
				ref, err := log.Append(t.Context(), "ada", accesstest.LogEvent(m*each+i))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, taken := refs[ref.Seq]; taken {
					t.Errorf("two records have number %d: %v and %v", ref.Seq, ref, other)
				}
				refs[ref.Seq] = ref
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	known := make([]audit.Ref, 0, len(refs))
	for _, ref := range refs {
		known = append(known, ref)
	}
	// Who the records are about is not the writer "ada"'s escaped id.
	report, err := audit.Verify(t.Context(), c.log(t, key, ""), audit.Options{
		Known: known, Principals: map[string]string{"ada": "557058:ada"},
	})
	if err != nil || len(report.Problems) > 0 || len(refs) != machines*each {
		t.Fatalf("%d records, %v, %+v", len(refs), err, report.Problems)
	}
	c.oneVersionEach(t, machines*each)
}

// oneVersionEach shows that nothing was written over, under Object Lock.
func (c *cloud) oneVersionEach(t testing.TB, want int) {
	t.Helper()
	out, err := c.client(c.Root).ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &c.bucket})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range out.Versions {
		if seen[*v.Key] {
			t.Errorf("%s was written twice", *v.Key)
		}
		seen[*v.Key] = true
	}
	if len(seen) != want || len(out.DeleteMarkers) > 0 {
		t.Errorf("%d objects, want %d; %d delete markers", len(seen), want, len(out.DeleteMarkers))
	}
}

// A bucket policy can hold an engineer to a prefix; a record elsewhere fails
// whole.
func TestLogRefusesAForeignChain(t *testing.T) {
	c := newCloud(t)
	key, err := c.AddUser(t.Context(), c.bucket, allow(c.bucket, "jit/ada/", "s3:PutObject", "s3:GetObject", "s3:ListBucket"))
	if err != nil {
		t.Fatal(err)
	}
	log := c.log(t, key, "")
	if _, err := log.Append(t.Context(), "ada", accesstest.LogEvent(1)); err != nil {
		t.Error(err)
	}
	if ref, err := log.Append(t.Context(), "bob", accesstest.LogEvent(2)); fault.ClassOf(err) != fault.Audit {
		t.Errorf("wrote %v, %v", ref, err)
	}
}
