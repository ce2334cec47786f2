package iam_test

import (
	"testing"

	"github.com/jitaccess/jit/internal/iam"
)

func TestLogIsWrittenOnceAndOnOnesOwnChain(t *testing.T) {
	t.Parallel()
	const auditor, signer, bob = "arn:aws:iam::111122223333:role/auditor", "arn:aws:iam::111122223333:role/signer", "arn:aws:iam::111122223333:user/bob"
	b := iam.Bucket{Name: "acme-audit", Prefix: "jit", Partition: "aws", Readers: []string{auditor}, Checkpointers: []string{signer}}
	doc := iam.Log(b, iam.Callers{ARNs: []string{ada, bob}, PrincipalTag: "jit-writer"})
	object := func(name string) string { return "arn:aws:s3:::acme-audit/jit/" + name }
	for _, tc := range []struct {
		who, writer, action, name string
		ifNoneMatch               bool
		want                      bool
	}{
		{ada, writer, "s3:PutObject", writer + "/0000000001.json", true, true},
		{ada, writer, "s3:PutObject", writer + "/0000000001.json", false, false}, // would overwrite
		{ada, writer, "s3:PutObject", writer + ".2/0000000001.json", true, true},
		{ada, writer, "s3:PutObject", "712020=3Abob/0000000001.json", true, false},
		{ada, writer, "s3:PutObject", writer + "x/0000000001.json", true, false},
		{ada, writer, "s3:PutObject", "_checkpoints/1.json", true, false},
		{ada, "", "s3:PutObject", writer + "/0000000001.json", true, false}, // an identity without the tag
		{ada, writer, "s3:GetObject", writer + "/0000000001.json", false, true},
		{ada, writer, "s3:GetObject", "712020=3Abob/0000000001.json", false, false},
		{ada, writer, "s3:DeleteObject", writer + "/0000000001.json", false, false},
		{auditor, "", "s3:GetObject", writer + "/0000000001.json", false, true},
		{auditor, "", "s3:PutObject", writer + "/0000000009.json", true, false},
		{auditor, "", "s3:DeleteObjectVersion", writer + "/0000000001.json", false, false},
		{signer, "", "s3:PutObject", "_checkpoints/1.json", true, true},
		{signer, "", "s3:PutObject", "_checkpoints/1.json", false, false},
		{signer, "", "s3:PutObject", writer + "/0000000009.json", true, false},
		{"arn:aws:iam::111122223333:user/eve", writer, "s3:PutObject", writer + "/0000000001.json", true, false},
	} {
		c := map[string][]string{"aws:SecureTransport": {"true"}, "s3:ObjectCreationOperation": {"true"}}
		if tc.writer != "" {
			c["aws:PrincipalTag/jit-writer"] = []string{tc.writer}
		}
		if tc.ifNoneMatch {
			c["s3:if-none-match"] = []string{"*"}
		}
		r := request{action: tc.action, resource: object(tc.name), caller: tc.who, context: c}
		if got := allowed(doc, r); got != tc.want {
			t.Errorf("%+v: allowed %t", tc, got)
		}
		c["aws:SecureTransport"] = []string{"false"}
		if allowed(doc, r) {
			t.Errorf("%+v: allowed in the clear", tc)
		}
	}
	// Without a tag every writer may write on every chain, and no more than that.
	loose := iam.Log(b, iam.Callers{ARNs: []string{ada}})
	c := map[string][]string{"aws:SecureTransport": {"true"}, "s3:ObjectCreationOperation": {"true"}, "s3:if-none-match": {"*"}}
	if !allowed(loose, request{action: "s3:PutObject", resource: object("712020=3Abob/0000000001.json"), caller: ada, context: c}) {
		t.Error("a writer cannot write")
	}
	if allowed(loose, request{action: "s3:DeleteObject", resource: object("x/1"), caller: ada, context: c}) {
		t.Error("a writer can delete")
	}
}
