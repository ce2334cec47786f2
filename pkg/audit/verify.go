package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Options say what Verify compares the log with.
type Options struct {
	// Writers are the only chains to verify, with their continuations; nil for
	// all. One that has no record is a problem.
	Writers []string
	// Principals maps the writers that the store confines to the one principal
	// that each may write about. A map that is not empty sets CheckPrincipals.
	Principals map[string]string
	// CheckPrincipals holds each writer that Principals lacks to the name that
	// EscapeID gives the principal of its records.
	CheckPrincipals bool
	// AnyPrincipal are writers that are not held to it, where Principals lacks
	// them too.
	AnyPrincipal []string
	// Known are records that were seen before, such as those of grants that
	// somebody holds. Without them a cut or changed end of a chain looks like
	// one that is yet to be written.
	Known []Ref
	// Checkpoint is one whose signature was verified, as ReadCheckpoints does:
	// what it has of a chain must be there. nil leaves ends unproven.
	Checkpoint *SignedCheckpoint
	// Done, where it is set, counts the records that were verified so far, for
	// whoever shows progress.
	Done *atomic.Uint64
	// Parallel is how many records are read at the same time; 0 takes 16.
	Parallel int
}

const (
	defaultParallel = 16
	// chainsAtOnce is how many chains are verified side by side, so that many
	// short ones do not wait for one another's listings.
	chainsAtOnce = 8
)

// Verify reads every record of every chain and reports what does not hold. It
// keeps a fixed number of records in memory. The error is for a store that
// could not be read to the end; what is wrong with the log is in the report.
func Verify(ctx context.Context, store Store, o Options) (Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	v := &verifier{store: store, options: o, slots: make(chan struct{}, o.Parallel)}
	report := Report{OK: true, Chains: []Chain{}, Problems: []Problem{}}
	writers, err := v.writers(ctx, &report)
	if err != nil {
		return Report{}, err
	}
	report.Chains = make([]Chain, len(writers))
	// The report is this goroutine's until the chains, which are their own, are
	// done.
	chains := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { chains <- v.verifyAll(ctx, writers, report.Chains) }()
	versions := v.versions(ctx, &report)
	if versions != nil {
		cancel()
	}
	if err := cmp.Or(<-chains, versions); err != nil {
		return Report{}, cmp.Or(versions, err)
	}
	v.complete(writers, &report)
	return report, nil
}

// complete adds up what was found about the chains, and reports what should have
// been there.
func (v *verifier) complete(writers []string, report *Report) {
	if c := v.options.Checkpoint; c != nil {
		ref := c.Ref()
		report.Checkpoint = &ref
	}
	v.vanished(writers, report)
	v.unseen(writers, report)
	v.absent(report)
	for _, c := range report.Chains {
		report.Records += c.Records
		report.OK = report.OK && c.OK
	}
}

// verifyAll verifies chains side by side until one cannot be read.
func (v *verifier) verifyAll(ctx context.Context, writers []string, chains []Chain) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	work := func() {
		for i := range next {
			if err := v.verify(ctx, writers[i], &chains[i]); err != nil {
				cancel(err)
			}
		}
	}
	var wg sync.WaitGroup
	for range min(chainsAtOnce, v.options.Parallel, len(writers)) {
		wg.Go(work)
	}
	for i := range writers {
		next <- i
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

type verifier struct {
	store   Store
	options Options
	slots   chan struct{} // one for each record that is being read
}

// writers are the chains to verify, in order, each spoiled one directly before
// its continuation.
func (v *verifier) writers(ctx context.Context, report *Report) ([]string, error) {
	var writers []string
	for name, err := range v.store.Top(ctx) {
		if err != nil {
			return nil, err
		}
		writer, folder := strings.CutSuffix(name, "/")
		switch {
		case strings.HasPrefix(name, "_"):
		case !folder || !IsWriter(writer):
			report.add(Problem{Code: CodeForeign, Text: fmt.Sprintf("%q is no writer's", name)})
		case v.wanted(writer):
			writers = append(writers, writer)
		}
	}
	slices.SortFunc(writers, compareWriters)
	return writers, nil
}

func compareWriters(a, b string) int {
	aBase, aPart := SplitWriter(a)
	bBase, bPart := SplitWriter(b)
	if c := strings.Compare(aBase, bBase); c != 0 {
		return c
	}
	return int(aPart) - int(bPart) // at most maxPart
}

func (v *verifier) wanted(writer string) bool {
	base, _ := SplitWriter(writer)
	return len(v.options.Writers) == 0 || slices.Contains(v.options.Writers, writer) || slices.Contains(v.options.Writers, base)
}

// unseen reports the known records whose whole chain is gone.
func (v *verifier) unseen(writers []string, report *Report) {
	told := map[Ref]bool{}
	for _, k := range v.options.Known {
		if !v.wanted(k.Writer) || slices.Contains(writers, k.Writer) || told[k] {
			continue
		}
		told[k] = true
		report.add(Problem{Writer: k.Writer, Seq: k.Seq, Code: CodeKnown, Text: "the record is known to have been written, and its whole chain is gone"})
	}
}

// absent reports the writers asked for that have no record: a misspelt name
// must not pass for a chain that holds.
func (v *verifier) absent(report *Report) {
	for _, writer := range v.options.Writers {
		if !slices.ContainsFunc(report.Chains, func(c Chain) bool {
			base, _ := SplitWriter(c.Writer)
			return c.Records > 0 && (c.Writer == writer || base == writer)
		}) {
			report.add(Problem{Writer: writer, Code: CodeAbsent, Text: "the log has no record of this writer"})
		}
	}
}
