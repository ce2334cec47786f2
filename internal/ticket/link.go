package ticket

// FieldLinks are the links to other tickets.
const FieldLinks Field = "issuelinks"

// Link is a link to another ticket, with what Jira tells of that beside it.
type Link struct {
	Type   string // name of the kind of link, such as Blocks
	Phrase string // what this ticket does to the other: blocks, or is blocked by
	Key    Key    // of the other ticket
	// IssueType, IssueTypeID and Status are the other ticket's; empty where Jira did
	// not tell.
	IssueType   string
	IssueTypeID string
	Status      Status
}
