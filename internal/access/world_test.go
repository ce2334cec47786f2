package access_test

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

const testPolicy = `version: 1
entitlements:
  ro:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro"}
  bastion:
    ticket: {projects: [OPS], statuses: ["In Progress"], labels: [ssh]}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
`

// journal is a log that remembers, beside its records, what had happened
// elsewhere when each was written.
type journal struct {
	mu      sync.Mutex
	records []entry
	fail    error
	failAt  int // the append that fails, from 1; 0 is every one
	appends int
}

type entry struct {
	writer string
	event  audit.Event
}

func (j *journal) Append(_ context.Context, writer string, e audit.Event) (audit.Ref, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.appends++
	if j.fail != nil && (j.failAt == 0 || j.failAt == j.appends) {
		return audit.Ref{}, j.fail
	}
	j.records = append(j.records, entry{writer, e})
	return audit.Ref{Writer: writer, Seq: uint64(len(j.records)), Hash: "h"}, nil
}

func (j *journal) kinds() []audit.Kind {
	j.mu.Lock()
	defer j.mu.Unlock()
	kinds := make([]audit.Kind, len(j.records))
	for i, r := range j.records {
		kinds[i] = r.event.Kind
	}
	return kinds
}

// strictWallet refuses a grant whose record is not in the journal.
type strictWallet struct {
	*accesstest.Wallet
	t       *testing.T
	journal *journal
}

func (w *strictWallet) Put(ctx context.Context, h credential.Held, c credential.Credential) error {
	w.journal.mu.Lock()
	recorded := slices.ContainsFunc(w.journal.records, func(e entry) bool {
		return e.event.Kind == audit.Issued && e.event.Grant == string(h.Grant.ID)
	})
	w.journal.mu.Unlock()
	if !recorded {
		w.t.Errorf("grant %s was released before its record", h.Grant.ID)
	}
	return w.Wallet.Put(ctx, h, c)
}

// world is a service over fakes, with the levers of each.
type world struct {
	*access.Service
	tickets *accesstest.Tickets
	aws     *accesstest.Issuer
	ssh     *accesstest.Issuer
	journal *journal
	wallet  *strictWallet
	now     time.Time
	notices []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte(testPolicy)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		tickets: accesstest.NewTickets(),
		aws:     accesstest.NewIssuer(grant.AWS),
		ssh:     accesstest.NewIssuer(grant.SSH),
		journal: &journal{},
		now:     time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
	}
	clock := func() time.Time { return w.now }
	w.wallet = &strictWallet{accesstest.NewWallet(clock), t, w.journal}
	var mu sync.Mutex
	w.Service = &access.Service{
		Tickets: w.tickets, Policy: p,
		Issuers: map[grant.Kind]access.Issuer{grant.AWS: w.aws, grant.SSH: w.ssh},
		Log:     w.journal, Wallet: w.wallet, Now: clock, Random: rand.Reader,
		Notice: func(text string) { mu.Lock(); defer mu.Unlock(); w.notices = append(w.notices, text) },
	}
	w.tickets.SetPrincipal(ada())
	w.tickets.Put(working("OPS-7"))
	return w
}

func ada() ticket.Principal {
	return ticket.Principal{Person: ticket.Person{ID: "712020:ada", Name: "Ada", Type: "atlassian"}}
}

// working is a ticket that unlocks ro but, for want of a label, not bastion.
func working(key ticket.Key) ticket.Ticket {
	person := ada().Person
	return ticket.Ticket{
		ID: "10007", Key: key, Project: key.Project(), ProjectID: "1", Type: "Incident", TypeID: "5",
		Summary: "Disk is failing", Status: ticket.Status{ID: "3", Name: "In Arbeit", Untranslated: "In Progress", Category: "indeterminate"},
		Assignee: &person, Site: "https://acme.atlassian.net",
		Present: map[ticket.Field]bool{
			ticket.FieldSummary: true, ticket.FieldProject: true, ticket.FieldType: true, ticket.FieldStatus: true,
			ticket.FieldAssignee: true, ticket.FieldLabels: true,
		},
	}
}

func labelled(t ticket.Ticket, labels ...string) ticket.Ticket {
	t.Labels = labels
	return t
}

// request asks with a key and whatever else.
func (w *world) request(ask access.Ask) (access.Outcome, error) {
	if ask.Key == "" {
		ask.Key = "OPS-7"
	}
	return w.Request(context.Background(), ask)
}
