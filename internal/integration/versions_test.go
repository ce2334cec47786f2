package integration

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/pkg/audit"
)

// Under Object Lock in compliance mode nothing is ever gone: whoever deletes or
// writes over a record leaves a marker or a version, which verify tells of where
// it may look. Writing, checkpoints included, needs no right to delete.
func TestVerifyTellsOfMarkersAndVersionsUnderObjectLock(t *testing.T) {
	c := newCloud(t)
	writer := c.log(t, c.engineer(t), "")
	for i := range 3 {
		if _, err := writer.Append(t.Context(), "ada", accesstest.LogEvent(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.WriteCheckpoint(t.Context(), 1, []byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if err := writer.WriteCheckpoint(t.Context(), 1, []byte("y\n")); err == nil {
		t.Error("a checkpoint was written over")
	}
	auditor := c.log(t, c.Root, "")
	if r, err := audit.Verify(t.Context(), auditor, audit.Options{}); err != nil || !r.OK || r.Versions != audit.VersionsChecked {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := audit.Verify(t.Context(), writer, audit.Options{}); err != nil || !r.OK || !strings.HasPrefix(string(r.Versions), string(audit.VersionsUnchecked)) {
		t.Errorf("whoever may not look: %+v, %v", r, err)
	}
	root := c.client(c.Root)
	if _, err := root.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &c.bucket, Key: aws.String("jit/ada/0000000002.json"), Body: bytes.NewReader([]byte("{}\n"))}); err != nil {
		t.Fatal(err)
	}
	if _, err := root.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &c.bucket, Key: aws.String("jit/ada/0000000003.json")}); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(t.Context(), auditor, audit.Options{})
	if err != nil || r.OK {
		t.Fatalf("%+v, %v", r, err)
	}
	told := map[audit.Code]uint64{}
	for _, p := range r.Problems {
		told[p.Code] = p.Seq
	}
	if told[audit.CodeVersion] != 2 || told[audit.CodeDeleted] != 3 {
		t.Errorf("%+v", r.Problems)
	}
}
