package sigma

import "github.com/tocsin-soc/tocsin/sigma/rule"

// Options is what Compile needs beside the rules.
type Options struct {
	// Mapping says where log sources are; nil means that only what an event
	// itself names counts.
	Mapping *Mapping
	// Fields is shared by programs that replace one another; nil makes a new one.
	Fields *Fields
	// Placeholders are the site's values for expand, by name.
	Placeholders map[string][]string
	// Clock returns nanoseconds that only grow; with Budget it switches
	// accounting on. Nil means no accounting.
	Clock func() int64
	// Budget is the time in nanoseconds that evaluating one rule may cost on
	// average over all events; a rule above it is switched off and shows in
	// Program.Health. 0 means no limit.
	Budget int64
	// OnSwitchOff is told, on the matching goroutine, of a rule that exceeded its
	// budget. It may be nil; Program.Health reports the rule in any case.
	OnSwitchOff func(*Rule, Cost)
}

// Program is a compiled rule set: immutable, used by any number of Matchers.
type Program struct {
	rules   []*Rule
	fields  *Fields
	mapping *Mapping
	routes  *routes
	costs   *accounts
	preds   *predTable // grows under the lock of routes
	plans   uint32     // field plans made
	finders map[string]finder
}

// Compile makes a program of the rules it can honour; the others come back as
// rejections. Rule indices follow the order of rules.
func Compile(rules []*Rule, opt Options) (*Program, []Rejection) {
	p := &Program{fields: opt.Fields, mapping: opt.Mapping}
	if p.fields == nil {
		p.fields = NewFields()
	}
	if p.mapping == nil {
		p.mapping = &Mapping{}
	}
	var rejected []Rejection
	for _, r := range rules {
		filled, err := rule.Fill(r, opt.Placeholders)
		if err != nil {
			rejected = append(rejected, Rejection{Source: r.Source, ID: r.ID, Title: r.Title, Reason: err.Error()})
			continue
		}
		p.rules = append(p.rules, filled)
	}
	p.costs = newAccounts(len(p.rules), opt)
	p.fields.addAll(p.fieldNames())
	p.preds = newPredTable(p.fields)
	p.finders = map[string]finder{}
	p.routes = newRoutes(p)
	p.routes.prepare()
	return p, rejected
}

// Rules returns the rules in index order; do not change it.
func (p *Program) Rules() []*Rule { return p.rules }

// Fields returns the table events for this program must use.
func (p *Program) Fields() *Fields { return p.fields }

func (p *Program) fieldNames() []string {
	var names []string
	for _, r := range p.rules {
		r.Expr.Walk(func(q *Predicate) {
			names = append(names, q.Field)
			if q.Test == rule.TestField {
				names = append(names, q.OtherField)
			}
		})
	}
	return append(names, p.mapping.fieldNames()...)
}
