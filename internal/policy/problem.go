package policy

import "github.com/jitaccess/jit/internal/policy/strict"

// Problem is one mistake in a policy.
type Problem = strict.Problem

// Errors are all mistakes in a policy, sorted by position. Load and Compile
// return them inside a fault.Error of class Config.
type Errors = strict.Errors

// What the readers of each part of a policy have at hand.
type (
	entry  = strict.Entry
	object = strict.Object
	item   = strict.Item
)
