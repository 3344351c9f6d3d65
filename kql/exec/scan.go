package exec

import (
	"fmt"
	"sort"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// scan runs the scan operator over rows that come in order. The rules are those of
// Kusto's documentation (scan-operator.md, "Matching logic"): a row is offered to
// the steps from the last to the first; a step takes it either by taking over the
// sequence of the step before (which then has none) or by going on with its own.
//
// ids are the columns of in. The last hidden of them go through behind the
// operator's own columns, and rows in which they differ do not see each other.
func scan(op *plan.Scan, in *result.Table, ids []plan.ColID, hidden int) ([][]any, error) {
	m, err := newMachine(op, ids)
	if err != nil {
		return nil, err
	}
	partitions := map[string][]*sequence{}
	for i, row := range in.Rows {
		m.env.fill(row)
		m.hidden = row[len(row)-hidden:]
		key := m.key()
		states, ok := partitions[key]
		if !ok {
			states = make([]*sequence, len(m.steps))
			partitions[key] = states
		}
		m.offer(i, states)
	}
	for _, states := range partitions {
		for k, s := range states {
			m.left(k, s)
		}
	}
	sort.SliceStable(m.out, func(i, j int) bool { return m.out[i].row < m.out[j].row })
	rows := make([][]any, len(m.out))
	for i, o := range m.out {
		rows[i] = o.cells
	}
	return rows, nil
}

// A machine is a compiled scan.
type machine struct {
	op      *plan.Scan
	env     *environment
	keys    []evaluator
	steps   []step
	own     int         // columns of a row as steps see it: the input's, then the declared
	initial []evaluator // of the declared columns
	hidden  []any       // of the present row
	matches int64
	out     []output
}

type step struct {
	plan.ScanStep
	when   evaluator
	assign []assignment
}

type assignment struct {
	column int // index into a row
	value  evaluator
}

// A sequence is the state of a step: the rows that the steps up to it saw last.
type sequence struct {
	match int64
	seen  [][]any // by step; nil where a step saw none
	last  *output // of a step that shows only its last row
}

// An output is a row to deliver, with the input row it stands at.
type output struct {
	row   int
	cells []any
}

func newMachine(op *plan.Scan, ids []plan.ColID) (*machine, error) {
	m := &machine{op: op, env: newEnvironment()}
	for _, id := range ids {
		m.env.add([]plan.Column{{ID: id}})
	}
	for _, st := range op.Steps {
		m.env.add(st.State)
		m.own = len(st.State)
	}
	for _, d := range op.Declared {
		m.env.add([]plan.Column{d.Col})
	}
	var err error
	c := compiler{env: m.env}
	for _, k := range op.Keys {
		m.keys = append(m.keys, c.expr(k.X, &err))
	}
	for _, d := range op.Declared {
		m.initial = append(m.initial, c.expr(d.X, &err))
	}
	declaredAt := m.own - len(op.Declared)
	for _, st := range op.Steps {
		s := step{ScanStep: st, when: c.expr(st.When, &err)}
		for _, a := range st.Assign {
			for i, d := range op.Declared {
				if d.Col.ID == a.Col.ID {
					s.assign = append(s.assign, assignment{declaredAt + i, c.expr(a.X, &err)})
				}
			}
		}
		m.steps = append(m.steps, s)
	}
	return m, err
}

// key is the partition of the present row.
func (m *machine) key() string {
	if len(m.keys) == 0 && len(m.hidden) == 0 {
		return ""
	}
	var b strings.Builder
	for _, v := range m.hidden {
		fmt.Fprintf(&b, "%v\x00", v)
	}
	for _, k := range m.keys {
		fmt.Fprintf(&b, "%v\x00", k(m.env.values))
	}
	return b.String()
}

// offer offers a row to the steps, last first.
func (m *machine) offer(at int, states []*sequence) {
	for k := len(m.steps) - 1; k >= 0; k-- {
		if from := m.before(k, states); from >= 0 {
			s := states[from]
			if m.satisfied(k, s) {
				m.left(k, states[k])
				states[from] = nil
				m.take(k, at, &sequence{match: s.match, seen: append([][]any(nil), s.seen...)}, states)
				m.left(from, s)
				continue
			}
		}
		if (states[k] != nil || k == 0) && m.satisfied(k, states[k]) {
			s := states[k]
			if s == nil {
				s = &sequence{match: m.matches, seen: make([][]any, len(m.steps))}
				m.matches++
			}
			m.take(k, at, s, states)
		}
	}
}

// before returns the step whose sequence step k may take over: the one before it,
// or one further back when those between are optional; -1 for none.
func (m *machine) before(k int, states []*sequence) int {
	for j := k - 1; j >= 0; j-- {
		if states[j] != nil {
			return j
		}
		if !m.steps[j].Optional {
			break
		}
	}
	return -1
}

// satisfied evaluates the condition of step k with the rows s has seen.
func (m *machine) satisfied(k int, s *sequence) bool {
	m.enter(s)
	v, _ := m.steps[k].when(m.env.values).(bool)
	return v
}

// enter makes the rows a sequence has seen visible as step.column, and gives the
// declared columns their defaults.
func (m *machine) enter(s *sequence) {
	for i, d := range m.op.Declared {
		m.env.set(d.Col.ID, m.initial[i](m.env.values))
	}
	for j, st := range m.steps {
		var seen []any
		if s != nil {
			seen = s.seen[j]
		}
		for i, c := range st.State {
			switch {
			case seen != nil:
				m.env.set(c.ID, seen[i])
			case i >= m.own-len(m.op.Declared):
				m.env.set(c.ID, m.initial[i-(m.own-len(m.op.Declared))](m.env.values))
			default:
				m.env.set(c.ID, zero(c.Type))
			}
		}
	}
}

// zero is what an absent row's column reads as: null, or the empty string.
func zero(t catalog.Type) any {
	if t == catalog.String {
		return ""
	}
	return nil
}

// take records that step k has taken the row into sequence s.
func (m *machine) take(k, at int, s *sequence, states []*sequence) {
	st := m.steps[k]
	m.enter(s)
	declaredAt := m.own - len(m.op.Declared)
	extended := make([]any, m.own)
	for i := range declaredAt {
		extended[i] = m.env.get(m.op.Cols[i].ID)
	}
	for i := range m.op.Declared {
		extended[declaredAt+i] = m.initial[i](m.env.values)
	}
	for _, a := range st.assign {
		extended[a.column] = a.value(m.env.values)
	}
	s.seen[k] = extended
	states[k] = s
	out := output{row: at, cells: append([]any(nil), extended...)}
	if m.op.MatchID.ID != 0 {
		out.cells = append(out.cells, s.match)
	}
	if m.op.StepName.ID != 0 {
		out.cells = append(out.cells, st.Name)
	}
	out.cells = append(out.cells, m.hidden...)
	switch st.Output {
	case "none":
	case "last":
		s.last = &out
	default:
		m.out = append(m.out, out)
	}
}

// left is told that step k has lost its sequence: output=last shows its row now.
func (m *machine) left(k int, s *sequence) {
	if s != nil && s.last != nil && m.steps[k].Output == "last" {
		m.out = append(m.out, *s.last)
		s.last = nil
	}
}
