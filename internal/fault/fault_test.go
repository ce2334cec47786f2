package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

func TestClassOfReadsTheOutermostError(t *testing.T) {
	inner := fault.New(fault.Auth, "token expired").WithHint("run jit login")
	outer := fault.Wrap(fault.Audit, inner, "cannot write the log")
	for _, tc := range []struct {
		err  error
		want fault.Class
	}{
		{errors.New("plain"), fault.Internal},
		{nil, fault.Internal},
		{inner, fault.Auth},
		{outer, fault.Audit},
		{fmt.Errorf("context: %w", outer), fault.Audit},
		{errors.Join(errors.New("other"), inner), fault.Auth},
	} {
		if got := fault.ClassOf(tc.err); got != tc.want {
			t.Errorf("ClassOf(%v) = %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestHintOfFindsTheFirstHintInTheChain(t *testing.T) {
	inner := fault.New(fault.Auth, "token expired").WithHint("run jit login")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), ""},
		{inner, "run jit login"},
		{fault.Wrap(fault.Audit, inner, "cannot write the log"), "run jit login"},
		{fault.Wrap(fault.Audit, inner, "cannot write the log").WithHint("free some space"), "free some space"},
		{fmt.Errorf("a: %w", fault.Wrap(fault.Audit, fmt.Errorf("b: %w", inner), "c")), "run jit login"},
	} {
		if got := fault.HintOf(tc.err); got != tc.want {
			t.Errorf("HintOf(%v) = %q, want %q", tc.err, got, tc.want)
		}
	}
}

func TestErrorTellsItsCauseOnce(t *testing.T) {
	cause := errors.New("disk full")
	err := fault.Wrap(fault.Audit, cause, "cannot write %s", "00001")
	if got, want := err.Error(), "cannot write 00001: disk full"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is not reachable")
	}
}

func TestWithHintLeavesTheOriginalAlone(t *testing.T) {
	base := fault.New(fault.Usage, "which ticket")
	_ = base.WithHint("name %s", "one")
	if base.Hint != "" {
		t.Errorf("the original got the hint %q", base.Hint)
	}
}
