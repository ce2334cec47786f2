package policy

// compiled is an entitlement with its expression ready to run.
type compiled struct{ Entitlement }
