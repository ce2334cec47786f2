package ticket

// Search says which tickets may unlock something for whoever asks: those that
// are assigned to them, in these projects and states. It is what a policy says
// in words that a ticket system can look for, and finds more than unlocks.
type Search struct {
	Projects []string // keys; empty for any
	// Finished includes finished tickets, and Statuses those finished ones that
	// are in a status of this id or name.
	Finished bool
	Statuses []string
	// Reported includes what they reported and somebody else works on.
	Reported bool
}
