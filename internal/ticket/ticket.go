package ticket

import "time"

// Field names one field of a Jira issue, as the REST API spells it
// ("assignee", "customfield_10101").
type Field string

// The fields that jit itself knows. Others are custom fields.
const (
	FieldSummary    Field = "summary"
	FieldProject    Field = "project"
	FieldType       Field = "issuetype"
	FieldStatus     Field = "status"
	FieldPriority   Field = "priority"
	FieldLabels     Field = "labels"
	FieldComponents Field = "components"
	FieldAssignee   Field = "assignee"
	FieldReporter   Field = "reporter"
	FieldCreated    Field = "created"
	FieldUpdated    Field = "updated"
	FieldDue        Field = "duedate"
)

// Status is a ticket's state. Names are what Jira translates for the reader, so
// they are for showing only; ID, Untranslated and Category are for deciding.
type Status struct {
	ID           string
	Name         string // translated: never compared
	Untranslated string // empty where Jira did not send it
	Category     string // key: new, indeterminate, done or undefined
	// Project is the id of the one project that the status belongs to, in a
	// list of statuses; empty for a global one.
	Project string
}

// Person is a Jira account. ID is accountId on Cloud and key on Data Center;
// it is never empty in a Person that an adapter returns, and never an e-mail.
type Person struct {
	ID    string
	Name  string // display name
	Email string // often hidden by Jira; never used to compare
	Type  string // Cloud's accountType: atlassian, app or customer; empty on Data Center
	// Gone is set where the account was anonymised or deleted, so that it no
	// longer tells who it was.
	Gone bool
}

// Principal is the engineer, as Jira authenticated them.
type Principal struct {
	Person
	// Groups are the names of the Jira groups; nil when they were not asked for.
	Groups []string
}

// Ticket is a Jira issue as read at one moment.
type Ticket struct {
	ID         string // numeric, survives a move; grants are bound to it
	Key        Key    // as Jira returned it, which may not be the key asked for
	ProjectID  string
	Project    string // key of the project it is in now
	Type       string // name of the issue type
	TypeID     string
	Summary    string
	Status     Status
	Priority   string
	PriorityID string
	Labels     []string
	Components []string
	Assignee   *Person // nil: unassigned
	Reporter   *Person
	Creator    *Person // where it was asked for
	Created    time.Time
	Updated    time.Time
	Due        time.Time      // midnight UTC of the date; zero where there is none
	Custom     map[Field]any  // decoded JSON of custom fields that were asked for
	Present    map[Field]bool // fields that Jira answered, null included
	Archived   bool
	Links      []Link   // where they were asked for
	History    *History // nil: it was not asked for
	Site       string   // base URL of the Jira site, without a trailing slash
	ReadAt     time.Time
	URL        string // where a person reads it
}

// Has reports whether Jira answered the field, even with null. A field that
// the policy needs and that is not there is a refusal, not an empty value.
func (t Ticket) Has(f Field) bool { return t.Present[f] }
