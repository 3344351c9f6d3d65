package sigma

import "sync/atomic"

// Engine holds the program in force. Swapping it is atomic: an event is matched
// by the old rules or by the new ones, and nobody waits.
type Engine struct {
	current atomic.Pointer[Program]
}

// NewEngine returns an engine that runs p.
func NewEngine(p *Program) *Engine {
	e := &Engine{}
	e.current.Store(p)
	return e
}

// Program returns the program in force.
func (e *Engine) Program() *Program { return e.current.Load() }

// Swap puts p in force and returns its predecessor. Compile p with the Fields of
// the program it replaces, so that events being built fit both.
func (e *Engine) Swap(p *Program) (old *Program) { return e.current.Swap(p) }

// Matcher returns m if it works for the program in force, else a new one; call it
// in front of each event or batch.
func (e *Engine) Matcher(m *Matcher) *Matcher {
	p := e.current.Load()
	if m != nil && m.p == p {
		return m
	}
	return p.NewMatcher()
}
