package audit_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jitaccess/jit/pkg/audit"
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// full is an event with every field set.
func full() audit.Event {
	return audit.Event{
		Kind: audit.Issued, Time: epoch, UID: "u-1", Version: "1.2.3",
		Grant: "abcdefghijklmnopqrstuvwxyz", Entitlement: "prod-readonly", Entitlements: []string{"a", "b"}, CredKind: "aws",
		Ticket: "OPS-7", TicketID: "10007", Site: "https://acme.atlassian.net",
		Principal: audit.Person{ID: "557058:ada", Name: "Ada <Ł>"}, Policy: "00ff", Reason: "pager & \"prod\"",
		Reasons:   []audit.Reason{{Entitlement: "a", Code: "status", OK: true, Text: "in progress"}},
		NotBefore: epoch.Truncate(time.Second), ExpiresAt: epoch.Truncate(time.Second).Add(time.Hour),
		Caller: &audit.Caller{ARN: "arn:aws:iam::111122223333:user/ada", UserID: "AIDA", Account: "111122223333"},
		AWS:    &audit.AWS{RoleARN: "arn:aws:iam::111122223333:role/jit-ro", SessionName: "OPS-7.x", SourceIdentity: "557058=3Aada"},
		SSH:    &audit.SSH{KeyID: "jit OPS-7", Serial: 1<<64 - 1, Fingerprint: "SHA256:a", CA: "SHA256:b", Principals: []string{"ops"}},
		Error:  "no", Of: &audit.Ref{Writer: "ada", Seq: 3, Hash: audit.FirstPrev}, Continues: &audit.Ref{Writer: "ada", Seq: 4, Hash: audit.FirstPrev},
	}
}

// plainEvent is what most records look like.
func plainEvent(n int) audit.Event {
	e := full()
	e.UID, e.Time = fmt.Sprintf("u-%d", n), epoch.Add(time.Duration(n)*time.Minute)
	e.SSH, e.Error, e.Of, e.Continues, e.Entitlements = nil, "", nil, nil, nil
	return e
}

func encode(t testing.TB, e audit.Event, writer string, seq uint64, prev string) []byte {
	t.Helper()
	data, err := audit.Encode(e, writer, seq, prev)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// chainOf puts n records of a writer into files and returns the last one's ref.
func chainOf(t testing.TB, files fstest.MapFS, writer string, n int) audit.Ref {
	t.Helper()
	ref := audit.Ref{Writer: writer, Hash: audit.FirstPrev}
	for i := range n {
		ref = extend(t, files, ref, plainEvent(i))
	}
	return ref
}

func extend(t testing.TB, files fstest.MapFS, last audit.Ref, e audit.Event) audit.Ref {
	t.Helper()
	data := encode(t, e, last.Writer, last.Seq+1, last.Hash)
	files[audit.Name(last.Writer, last.Seq+1)] = &fstest.MapFile{Data: data}
	return audit.Ref{Writer: last.Writer, Seq: last.Seq + 1, Hash: audit.Hash(data)}
}
