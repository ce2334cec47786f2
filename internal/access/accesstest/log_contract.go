package accesstest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// LogRig is an empty log to test.
type LogRig struct {
	// Open returns the log as another process sees it, with a cache of its own.
	// The first call is the first process.
	Open func() access.Log
	// Store reads the log back.
	Store audit.Store
}

var logEpoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// LogEvent is an event that no other n gives.
func LogEvent(n int) audit.Event {
	return audit.Event{
		Kind: audit.Issued, Time: logEpoch.Add(time.Duration(n) * time.Second), Grant: fmt.Sprintf("grant-%d", n),
		Entitlement: "prod-readonly", CredKind: "aws", Ticket: "OPS-7", TicketID: "10007", Site: "https://acme.atlassian.net",
		Principal: audit.Person{ID: "557058:ada", Name: "Ada"}, Policy: "00ff",
		NotBefore: logEpoch, ExpiresAt: logEpoch.Add(time.Hour),
		AWS: &audit.AWS{RoleARN: "arn:aws:iam::111122223333:role/jit-ro", SessionName: "OPS-7.x"},
	}
}

// LogContract holds an implementation of access.Log to the port's words and to
// the layout of the log. Rig is called once for each check.
func LogContract(t *testing.T, rig func(t *testing.T) LogRig) {
	checks := []struct {
		name string
		run  func(*testing.T, LogRig)
	}{
		{"records are numbered from 1 and chained", checkChain},
		{"a record tells the event and a ref its bytes", checkEvent},
		{"every kind of event is kept", checkKinds},
		{"each writer has a chain", checkWriters},
		{"equal events are two records", checkEqualEvents},
		{"a cancelled request is recorded", checkCancelledAppend},
		{"what cannot be a record is refused and leaves no hole", checkRefusedEvents},
		{"names that are no writers are refused", checkRefusedWriters},
		{"another process goes on where the first was", checkTwoProcesses},
		{"many at once lose nothing", checkLogConcurrent},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, rig(t)) })
	}
}

func mustAppend(t *testing.T, l access.Log, writer string, e audit.Event) audit.Ref {
	t.Helper()
	ref, err := l.Append(t.Context(), writer, e)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// wantSound verifies the log and that it has n records, these among them.
func wantSound(t *testing.T, rig LogRig, n uint64, refs ...audit.Ref) {
	t.Helper()
	report, err := audit.Verify(t.Context(), rig.Store, audit.Options{Known: refs})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK || report.Records != n {
		t.Errorf("%d records, want %d; %+v", report.Records, n, report)
	}
}

// readBack returns the record of a ref.
func readBack(t *testing.T, rig LogRig, ref audit.Ref) audit.Record {
	t.Helper()
	data, err := rig.Store.Read(t.Context(), audit.Name(ref.Writer, ref.Seq))
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ref() != ref {
		t.Errorf("the ref is %+v and the record %+v", ref, r.Ref())
	}
	return r
}

func checkChain(t *testing.T, rig LogRig) {
	log, prev := rig.Open(), audit.FirstPrev
	for n := range 5 {
		ref := mustAppend(t, log, "ada", LogEvent(n))
		if ref.Seq != uint64(n+1) || ref.Writer != "ada" {
			t.Errorf("record %d is %+v", n, ref)
		}
		if r := readBack(t, rig, ref); r.Prev != prev {
			t.Errorf("record %d has prev %s, want %s", n, r.Prev, prev)
		}
		prev = ref.Hash
	}
	wantSound(t, rig, 5)
}

func checkEvent(t *testing.T, rig LogRig) {
	want := LogEvent(1)
	r := readBack(t, rig, mustAppend(t, rig.Open(), "557058=3Aada", want))
	if r.UID == "" {
		t.Error("the record has no UID")
	}
	if r.Kind != want.Kind || r.Grant != want.Grant || r.TicketID != want.TicketID || r.Principal != want.Principal ||
		!r.Time.Equal(want.Time) || !r.ExpiresAt.Equal(want.ExpiresAt) || *r.AWS != *want.AWS {
		t.Errorf("got %+v, want %+v", r.Event, want)
	}
}

func checkKinds(t *testing.T, rig LogRig) {
	log := rig.Open()
	issued := mustAppend(t, log, "ada", LogEvent(0))
	for n, kind := range []audit.Kind{audit.Denied, audit.Failed, audit.Unknown, audit.Revoked, audit.Probe, "of-tomorrow"} {
		e := LogEvent(n)
		e.Kind, e.Of = kind, &issued
		if kind == audit.Denied {
			e.Grant, e.Entitlement, e.AWS, e.Of = "", "", nil, nil
			e.Entitlements = []string{"a", "b"}
			e.Reasons = []audit.Reason{{Entitlement: "a", Code: "status", Text: "the ticket is Done"}}
		}
		if r := readBack(t, rig, mustAppend(t, log, "ada", e)); r.Kind != kind || len(r.Reasons) != len(e.Reasons) {
			t.Errorf("%s came back as %+v", kind, r.Event)
		}
	}
	wantSound(t, rig, 7, issued)
}

func checkWriters(t *testing.T, rig LogRig) {
	log := rig.Open()
	long := audit.EscapeID(strings.Repeat(":", 100))
	for _, writer := range []string{"ada", "bob", "a", "ad", "ada-2", "557058=3Aada", long} {
		for n := range 2 {
			if ref := mustAppend(t, log, writer, LogEvent(n)); ref.Seq != uint64(n+1) || ref.Writer != writer {
				t.Errorf("record %d of %s is %+v", n+1, writer, ref)
			}
		}
	}
	wantSound(t, rig, 14)
}

func checkEqualEvents(t *testing.T, rig LogRig) {
	log := rig.Open()
	a, b := mustAppend(t, log, "ada", LogEvent(1)), mustAppend(t, log, "ada", LogEvent(1))
	if a.Seq == b.Seq || readBack(t, rig, a).UID == readBack(t, rig, b).UID {
		t.Errorf("%+v and %+v", a, b)
	}
}

func checkCancelledAppend(t *testing.T, rig LogRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ref, err := rig.Open().Append(ctx, "ada", LogEvent(1))
	if err != nil {
		t.Fatal(err)
	}
	wantSound(t, rig, 1, ref)
}

func checkRefusedEvents(t *testing.T, rig LogRig) {
	log := rig.Open()
	mustAppend(t, log, "ada", LogEvent(0))
	for name, change := range map[string]func(*audit.Event){
		"no kind":   func(e *audit.Event) { e.Kind = "" },
		"no time":   func(e *audit.Event) { e.Time = time.Time{} },
		"too large": func(e *audit.Event) { e.Reason = strings.Repeat("x", audit.MaxRecord) },
	} {
		e := LogEvent(1)
		change(&e)
		if ref, err := log.Append(t.Context(), "ada", e); err == nil {
			t.Errorf("%s: recorded as %+v", name, ref)
		} else if fault.ClassOf(err) != fault.Audit {
			t.Errorf("%s: class %d: %v", name, fault.ClassOf(err), err)
		}
	}
	if ref := mustAppend(t, log, "ada", LogEvent(2)); ref.Seq != 2 {
		t.Errorf("the next record is %+v", ref)
	}
	wantSound(t, rig, 2)
}

func checkRefusedWriters(t *testing.T, rig LogRig) {
	log := rig.Open()
	for _, writer := range []string{"", "_state", "_checkpoints", "a/b", "..", ".", "../ada", "ada.2", "ada.x", "a b", "é", strings.Repeat("a", 65)} {
		if ref, err := log.Append(t.Context(), writer, LogEvent(1)); err == nil {
			t.Errorf("%q wrote %+v", writer, ref)
		} else if fault.ClassOf(err) != fault.Audit {
			t.Errorf("%q: class %d: %v", writer, fault.ClassOf(err), err)
		}
	}
}

func checkTwoProcesses(t *testing.T, rig LogRig) {
	a, b := rig.Open(), rig.Open()
	var refs []audit.Ref
	for n, log := range []access.Log{a, b, b, b, a, rig.Open(), a, b} {
		ref := mustAppend(t, log, "ada", LogEvent(n))
		if refs = append(refs, ref); ref.Seq != uint64(n+1) {
			t.Errorf("append %d is %+v", n+1, ref)
		}
	}
	wantSound(t, rig, 8, refs...)
}

func checkLogConcurrent(t *testing.T, rig LogRig) {
	const processes, each = 8, 8
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		refs []audit.Ref
	)
	for p := range processes {
		log := rig.Open()
		for n := range each {
			wg.Go(func() {
				ref, err := log.Append(t.Context(), "ada", LogEvent(p*each+n))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				refs = append(refs, ref)
			})
		}
	}
	wg.Wait()
	wantSound(t, rig, processes*each, refs...)
	seen := map[string]bool{}
	for _, ref := range refs {
		seen[readBack(t, rig, ref).Grant] = true
	}
	if len(seen) != processes*each {
		t.Errorf("%d of %d grants are in the log", len(seen), processes*each)
	}
}
