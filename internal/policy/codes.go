package policy

// Codes are the codes that reasons can have, but for that of an entitlement which
// does not exist.
func Codes() []string {
	return []string{
		codePrincipal, codeTicket, codeField, codeProject, codeType, codeStatus, codeCategory, codeLabels, codeComponents,
		codeAssignee, codeReporter, codeAssigner, codeStatusBy, codeFields, codeApprovals, codeLinked, codeWindow, codeWhen, codeLimits, codeLease,
	}
}

// Codes are the codes of the conditions that an entitlement has and that can
// fail, in the order of the reasons. Each such reason is told with every decision,
// unless Jira did not answer what it is about.
func (e Entitlement) Codes() []string {
	t, p := e.Ticket, e.Ticket.Provenance
	var codes []string
	for _, c := range []struct {
		code  string
		asked bool
	}{
		{codeProject, !isAny(t.Projects)},
		{codeType, len(t.Types) > 0},
		{codeStatus, len(t.Statuses) > 0 && !isAny(t.Statuses)},
		{codeCategory, len(t.StatusCategories) > 0 && !isAny(t.StatusCategories)},
		{codeLabels, len(t.Labels) > 0},
		{codeComponents, len(t.Components) > 0},
		{codeAssignee, t.Assigned},
		{codeReporter, p.Reporter.Asked()},
		{codeAssigner, p.Assigner.Asked()},
		{codeStatusBy, p.StatusBy.Asked()},
		{codeFields, p.Fields.Asked()},
		{codeApprovals, t.Approvals != nil},
		{codeLinked, t.Linked != nil},
		{codeWindow, t.Window != nil},
		{codeWhen, e.When != ""},
		{codeLimits, e.Limits.asked()},
		{codeLease, true},
	} {
		if c.asked {
			codes = append(codes, c.code)
		}
	}
	return codes
}
