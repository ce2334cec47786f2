package access

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// Service carries out the use cases over the ports. Its fields are set once,
// before the first call.
type Service struct {
	Tickets Tickets
	Policy  *policy.Policy
	Issuers map[grant.Kind]Issuer
	// Callers tells the AWS identity for the record; nil where no part of AWS
	// is used except by AWS entitlements, whose issuer is then asked.
	Callers Callers
	Log     Log
	Wallet  Wallet
	Agent   KeyAgent // nil: there is no ssh-agent

	// LogAddress is what the log is called in the configuration.
	LogAddress string
	// Writer names the chain that records go to; "" takes the principal's id.
	Writer string
	Now    func() time.Time
	Random io.Reader // cryptographic

	// Progress is told each step as it begins, and Notice whatever the user
	// should know besides; both may be called from several goroutines.
	Progress func(Step)
	Notice   func(string)
}

// Step is a part of a request, as progress shows it.
type Step string

// The steps of a request, in order; minting and recording run side by side.
const (
	StepTicket Step = "ticket"
	StepPolicy Step = "policy"
	StepMint   Step = "mint"
	StepRecord Step = "record"
	StepKeep   Step = "keep"
)

func (s *Service) step(step Step) {
	if s.Progress != nil {
		s.Progress(step)
	}
}

func (s *Service) notice(text string) {
	if s.Notice != nil {
		s.Notice(text)
	}
}

// writer is the chain for a principal's records.
func (s *Service) writer(principal string) string {
	if s.Writer != "" {
		return s.Writer
	}
	return audit.EscapeID(principal)
}

// warm opens the connections of everything that the request will need while
// Jira is asked. The returned function waits for the stragglers, so that no
// goroutine outlives the request.
func (s *Service) warm(ctx context.Context, entitlement string) (wait func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	start := func(part any) {
		if w, ok := part.(Warmer); ok {
			wg.Go(func() { w.Warm(ctx) })
		}
	}
	start(s.Log)
	for _, kind := range s.kinds(entitlement) {
		start(s.Issuers[kind])
	}
	if s.Callers != nil {
		start(s.Callers)
	}
	return func() { cancel(); wg.Wait() }
}

// kinds are those that a request may end up with: the named entitlement's, or
// where none is named all that the policy has.
func (s *Service) kinds(entitlement string) []grant.Kind {
	if e, ok := s.Policy.Entitlement(entitlement); ok {
		return []grant.Kind{kindOf(e)}
	}
	return Kinds(s.Policy)
}

// Kinds are those of a policy's entitlements, each once.
func Kinds(p *policy.Policy) []grant.Kind {
	var kinds []grant.Kind
	for _, e := range p.Entitlements() {
		if k := kindOf(e); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func kindOf(e policy.Entitlement) grant.Kind {
	if e.SSH != nil {
		return grant.SSH
	}
	return grant.AWS
}
