package auditlog

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/jitaccess/jit/pkg/audit"
)

// remembering is a bucket that lists versions, a page each.
type remembering struct {
	*memory
	pages []*s3.ListObjectVersionsOutput
	err   error
	asked int
}

func (r *remembering) ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	if r.err != nil {
		return nil, r.err
	}
	p := r.pages[r.asked]
	r.asked++
	p.IsTruncated = aws.Bool(r.asked < len(r.pages))
	return p, nil
}

func version(key, id string) types.ObjectVersion {
	return types.ObjectVersion{Key: aws.String("jit/" + key), VersionId: &id}
}

func marker(key string) types.DeleteMarkerEntry {
	return types.DeleteMarkerEntry{Key: aws.String("jit/" + key), VersionId: aws.String("m")}
}

func TestVersionsAndMarkersAreTold(t *testing.T) {
	t.Parallel()
	page := func(markers []types.DeleteMarkerEntry, versions ...types.ObjectVersion) *s3.ListObjectVersionsOutput {
		return &s3.ListObjectVersionsOutput{Versions: versions, DeleteMarkers: markers}
	}
	for name, tc := range map[string]struct {
		pages []*s3.ListObjectVersionsOutput
		err   error
		want  string
		told  audit.Versions
	}{
		"one each":         {pages: []*s3.ListObjectVersionsOutput{page(nil, version("ada/0000000001.json", "x"), version("ada/0000000002.json", "y"))}, told: "checked"},
		"two of one":       {pages: []*s3.ListObjectVersionsOutput{page(nil, version("ada/0000000001.json", "x"), version("ada/0000000001.json", "y"))}, want: "ada 1 version", told: "checked"},
		"over two pages":   {pages: []*s3.ListObjectVersionsOutput{page(nil, version("ada/0000000002.json", "x")), page(nil, version("ada/0000000002.json", "y"))}, want: "ada 2 version", told: "checked"},
		"a delete marker":  {pages: []*s3.ListObjectVersionsOutput{page([]types.DeleteMarkerEntry{marker("ada/0000000009.json")}, version("ada/0000000009.json", "x"))}, want: "ada 9 deleted", told: "checked"},
		"a checkpoint":     {pages: []*s3.ListObjectVersionsOutput{page([]types.DeleteMarkerEntry{marker("_checkpoints/0000000003.checkpoint")})}, want: "_checkpoints 3 deleted", told: "checked"},
		"no versions kept": {pages: []*s3.ListObjectVersionsOutput{page(nil, version("ada/0000000001.json", "null"))}, told: "none kept"},
		"not allowed":      {err: apiError(403, "AccessDenied"), told: "unchecked"},
		"not known":        {err: apiError(501, "NotImplemented"), told: "unchecked"},
	} {
		r := &remembering{memory: newMemory(), pages: tc.pages, err: tc.err}
		l, err := Open("s3://acme-jit-audit/jit", Options{S3: func(context.Context, string) (S3API, error) { return r, nil }})
		if err != nil {
			t.Fatal(err)
		}
		report, err := audit.Verify(t.Context(), l, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range report.Problems {
			got = append(got, strings.Join([]string{p.Writer, audit.FileName(p.Seq)[9:10], string(p.Code)}, " "))
		}
		if !slices.Equal(got, strings.FieldsFunc(tc.want, func(c rune) bool { return c == ',' })) || !strings.HasPrefix(string(report.Versions), string(tc.told)) || report.OK != (tc.want == "") {
			t.Errorf("%s: %q, %s", name, got, report.Versions)
		}
	}
	report, err := audit.Verify(t.Context(), openDir(t, t.TempDir(), ""), audit.Options{})
	if err != nil || report.Versions != audit.VersionsNone {
		t.Errorf("a directory: %s, %v", report.Versions, err)
	}
}
