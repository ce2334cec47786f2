package tui

import (
	"context"
	"slices"
	"strconv"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/terminal"
	"github.com/jitaccess/jit/internal/ticket"
)

// maxPlain is how many tickets Plain lists: more are too many to hear read.
const maxPlain = 50

// Plain asks what Pick asks by numbered questions, a line each, for screen
// readers and for terminals that cannot draw. It uses the same model, so that
// the order, the defaults and the refusals are the same.
func Plain(ctx context.Context, s *terminal.Streams, o Options) (Choice, error) {
	p := &plain{picker: newPicker(ctx, o), streams: s, asker: terminal.NewAsker(s)}
	if err := p.begin(ctx); err != nil {
		return Choice{}, err
	}
	for p.stage != stageDone {
		if err := p.question(ctx); err != nil {
			return Choice{}, err
		}
		p.say()
	}
	return p.choice, nil
}

// say tells what is wrong with an answer.
func (p *plain) say() {
	if p.note == "" {
		return
	}
	p.streams.Note("%s", p.note)
	if p.stage == stageTicket && len(p.ticket.Decisions) > 0 && p.firstOpen(p.ticket.Decisions) < 0 {
		p.sayWhy(p.ticket.Decisions)
	}
	if p.stage == stageDuration || p.stage == stageReason {
		for _, f := range p.fails(p.judged) {
			p.streams.Note("%s", f.text)
		}
	}
	p.note = ""
}

// sayWhy tells what stands in the way of each entitlement.
func (p *plain) sayWhy(all []policy.Decision) {
	for _, d := range all {
		p.streams.Note("%s, %s", d.Entitlement, p.openness(d).word())
		for _, w := range p.why(d) {
			p.streams.Note("   %s", spoken(w.text))
		}
	}
	p.ticket = access.Candidate{}
}

// longestSpoken is Jira's own limit of a summary, in characters.
const longestSpoken = 255

// spoken makes one line of a text from Jira, and not one that is read for hours.
func spoken(s string) string {
	s = clean(s)
	if r := []rune(s); len(r) > longestSpoken {
		return string(r[:longestSpoken]) + "…"
	}
	return s
}

type plain struct {
	*picker
	streams *terminal.Streams
	asker   *terminal.Asker
}

// begin reads what the first question is about.
func (p *plain) begin(ctx context.Context) error {
	if p.stage == stageLookup {
		return p.readKey(ctx, p.choice.Key)
	}
	return p.readAll(ctx)
}

func (p *plain) readAll(ctx context.Context) error {
	p.streams.Note("asking Jira for your tickets")
	p.read = true
	more, err := p.o.Source(ctx, func(found []access.Candidate) error {
		p.addPage(found)
		return ctx.Err()
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.streams.Error(err.Error(), fault.HintOf(err))
	}
	p.more = more
	return nil
}

// readKey reads a ticket; where that fails, another key can be typed unless
// this one was given.
func (p *plain) readKey(ctx context.Context, key ticket.Key) error {
	found, err := p.o.Lookup(ctx, key)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && p.o.Known.Key != "" {
		return err
	}
	p.stage = stageLookup
	another := p.settle(foundMsg{key, found, err})
	if err != nil {
		p.streams.Error(err.Error(), fault.HintOf(err))
	}
	if another && !p.read {
		p.say()
		return p.readAll(ctx)
	}
	return nil
}

func (p *plain) question(ctx context.Context) error {
	switch p.stage {
	case stageTicket:
		return p.askTicket(ctx)
	case stageEntitlement:
		return p.askEntitlement(ctx)
	case stageDuration:
		return p.askLine(ctx, "How long, at most "+policy.Short(p.entitlement().Lease.Max), &p.duration)
	case stageReason:
		return p.askLine(ctx, "Why, for the audit record", &p.reason)
	}
	for _, row := range p.summary(1<<10, 1<<10) {
		if row != "" {
			p.streams.Note("%s", row)
		}
	}
	yes, err := p.asker.Yes(ctx, "Ask for it?", true)
	if err == nil && !yes {
		return cancelled()
	}
	p.stage = stageDone
	return err
}

// askLine asks for a line whose default is what the screen would show.
func (p *plain) askLine(ctx context.Context, question string, l *line) error {
	answer, err := p.asker.Line(ctx, question, l.String())
	if err != nil {
		return err
	}
	l.set("")
	if !l.insert(answer) {
		p.note = l.full()
		return nil
	}
	p.enter() //nolint:contextcheck // a command of the model has the context of the picker
	return nil
}

func (p *plain) askTicket(ctx context.Context) error {
	for i, c := range p.list.all[:min(len(p.list.all), maxPlain)] {
		p.streams.Note("%d. %s, %s: %s", i+1, c.Ticket.Key, p.opens(c).word(), spoken(c.Ticket.Summary))
	}
	if p.more || len(p.list.all) > maxPlain {
		p.streams.Note("there are more; name one by its key")
	}
	answer, err := p.asker.Line(ctx, "Which ticket, by number or key", p.first())
	if err != nil {
		return err
	}
	if n, ok := number(answer, len(p.list.all)); ok {
		p.take(p.list.all[n])
		return nil
	}
	key, err := ticket.ParseKey(answer)
	if err != nil {
		p.note = "answer with a number or with a key such as OPS-7"
		return nil //nolint:nilerr // the note has it asked again
	}
	return p.readKey(ctx, key)
}

func (p *plain) first() string {
	if len(p.list.all) == 0 {
		return ""
	}
	open := slices.IndexFunc(p.list.all[:min(len(p.list.all), maxPlain)], func(c access.Candidate) bool { return p.opens(c) != locked })
	return strconv.Itoa(max(open, 0) + 1)
}

func (p *plain) askEntitlement(ctx context.Context) error {
	for i, d := range p.ticket.Decisions {
		p.streams.Note("%d. %s, %s", i+1, d.Entitlement, p.openness(d).word())
		for _, w := range p.why(d) {
			p.streams.Note("   %s", spoken(w.text))
		}
	}
	answer, err := p.asker.Line(ctx, "Which entitlement, by number", strconv.Itoa(p.cursor+1))
	if err != nil {
		return err
	}
	n, ok := number(answer, len(p.ticket.Decisions))
	if !ok {
		p.note = "answer with one of the numbers"
		return nil
	}
	p.cursor = n
	p.enter() //nolint:contextcheck // a command of the model has the context of the picker
	return nil
}

func (o openness) word() string {
	return [...]string{"locked", "may be unlocked by a duration", "may be unlocked by a reason", "unlocked"}[o]
}

// number reads an answer as one of n things, counted from 1.
func number(answer string, n int) (int, bool) {
	i, err := strconv.Atoi(answer)
	return i - 1, err == nil && i >= 1 && i <= n
}
