package expr

import (
	"math"
	"strconv"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// The sizes that the estimate of a cost assumes. Input that is larger is not
// refused; it is then stopped by the limit at run time.
const (
	maxShort  = 255    // Jira's limit for a label, a component, a status, a group or a name
	maxText   = 32_767 // Jira's default limit for a text field
	maxValues = 100    // labels or components of one issue, options of a field: far more than anybody sets
	maxGroups = 1000   // groups of one person: large directories give hundreds
)

// sizes tells the cost estimator how large things are that come from outside.
type sizes struct{}

// EstimateCallCost leaves the cost of functions to CEL.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// EstimateSize goes by the path where there is one, and by the type otherwise.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if node.ComputedSize() != nil {
		return nil
	}
	return &cost.SizeEstimate{Min: 0, Max: sizeOf(node.Path(), node.Type())}
}

func sizeOf(path []string, t *types.Type) uint64 {
	custom := len(path) >= 2 && path[0] == "ticket" && path[1] == customFields
	switch {
	case len(path) == 2 && path[0] == "principal" && path[1] == "groups":
		return maxGroups
	case t.Kind() == types.ListKind, t.Kind() == types.MapKind:
		return maxValues
	case len(path) == 0, custom, path[0] == "request":
		return maxText // a custom field, the reason, or something computed
	}
	return maxShort
}

func costText(c uint64) string {
	if c == math.MaxUint64 {
		return "without bound"
	}
	return strconv.FormatUint(c, 10)
}
