package sigma

import (
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// bucket is the set of rules that apply to one kind of source, compiled: which
// literals to look for in which field, which rules each finding makes worth
// evaluating, and the rules' conditions as jumping code.
type bucket struct {
	members    []member
	makings    []making
	splittings []splitting

	preds    []pred
	triggers [][]uint32 // by pred: members to evaluate once it holds (or may hold)
	always   []uint32   // members that no finding announces
	code     []instr
	entry    []int32 // by member: where its code begins

	slotOf   []int16 // by FieldID: index of the field in this bucket, -1 none
	plans    []*fieldPlan
	keywords *fieldPlan
	literals uint32 // needles in all plans
}

// pred is a predicate within a bucket.
type pred struct {
	*predInfo
	slot  int16 // of its field, -1 for keywords
	other int16 // of the field it refers to, -1 when no event can have it
}

// fieldPlan finds the indexed predicates that a value of one field makes true.
type fieldPlan struct {
	id      uint32          // unique within the program, for the value memo
	base    uint32          // of its needles in Matcher.seen
	ascii   *pattern.Finder // needles of ASCII text, for every value
	wide    *pattern.Finder // the others, for values with a byte above 0x7F
	nASCII  uint32
	targets [][]target // by needle, ASCII ones first
	every   []target   // of every value
	maybe   []target   // regular expressions to consider on values that are not ASCII
}

// target is a predicate and what finding a needle means for it.
type target uint32

const targetShift = 2

func newTarget(p uint32, k indexKind) target { return target(p<<targetShift | uint32(k-indexHolds)) }
func (t target) pred() uint32                { return uint32(t) >> targetShift }
func (t target) kind() indexKind             { return indexKind(t&(1<<targetShift-1)) + indexHolds }

// bucketBuilder compiles one bucket.
type bucketBuilder struct {
	b     *bucket
	table *predTable
	local map[int32]uint32 // interned predicate → index in b.preds
}

func newBucket(p *Program, members []member, derived []derivation) *bucket {
	used := map[string]bool{}
	for _, m := range members {
		m.expr.Walk(func(q *Predicate) { used[q.Field], used[q.OtherField] = true, true })
	}
	c := &bucketBuilder{b: &bucket{members: members}, table: p.preds, local: map[int32]uint32{}}
	b := c.b
	b.makings = makings(p.fields, members, used)
	b.splittings = splittings(p.fields, derived, used)
	if len(members) == 0 {
		return b
	}
	for i := range members {
		c.member(uint32(i), members[i].expr)
	}
	c.assignSlots(p.fields)
	c.plan(p)
	return b
}

// pred returns the bucket's index of a predicate.
func (c *bucketBuilder) pred(q *Predicate) uint32 {
	g := c.table.intern(q)
	i, ok := c.local[g]
	if !ok {
		i = uint32(len(c.b.preds))
		c.local[g] = i
		c.b.preds = append(c.b.preds, pred{predInfo: c.table.infos[g], slot: -1, other: -1})
		c.b.triggers = append(c.b.triggers, nil)
	}
	return i
}

func (c *bucketBuilder) member(i uint32, e *Expr) {
	c.b.entry = append(c.b.entry, c.compile(e))
	set, _, ok := c.necessary(e)
	if !ok {
		c.b.always = append(c.b.always, i)
		return
	}
	slices.Sort(set)
	for _, p := range slices.Compact(set) {
		c.b.triggers[p] = append(c.b.triggers[p], i)
	}
}

// necessary returns indexed predicates one of which must hold for e to hold, the
// set least often true; ok is false when there is none.
func (c *bucketBuilder) necessary(e *Expr) (set []uint32, weight float64, ok bool) {
	switch e.Op {
	case rule.OpLeaf:
		p := c.pred(e.Leaf)
		in := c.b.preds[p].predInfo
		return []uint32{p}, in.weight, in.index == indexHolds || in.index == indexVerify || in.index == indexMaybe
	case rule.OpAnd:
		for _, a := range e.Args {
			if s, w, yes := c.necessary(a); yes && (!ok || w < weight) {
				set, weight, ok = s, w, true
			}
		}
		return set, weight, ok
	case rule.OpOr:
		if len(e.Args) == 0 {
			return nil, 0, true
		}
		for _, a := range e.Args {
			s, w, yes := c.necessary(a)
			if !yes {
				return nil, 0, false
			}
			set, weight = append(set, s...), weight+w
		}
		return set, weight, true
	}
	return nil, 0, false
}

func (c *bucketBuilder) assignSlots(f *Fields) {
	b := c.b
	b.slotOf = make([]int16, f.Len())
	for i := range b.slotOf {
		b.slotOf[i] = -1
	}
	slot := func(id FieldID) int16 {
		if b.slotOf[id] < 0 {
			b.slotOf[id] = int16(len(b.plans))
			b.plans = append(b.plans, nil)
		}
		return b.slotOf[id]
	}
	for i := range b.preds {
		p := &b.preds[i]
		if p.field != NoField {
			p.slot = slot(p.field)
		}
		if p.predInfo.other != NoField {
			p.other = slot(p.predInfo.other)
		}
	}
}

// plan builds the finders of every field.
func (c *bucketBuilder) plan(p *Program) {
	perSlot := make([][]uint32, len(c.b.plans)+1) // keywords last
	for i := range c.b.preds {
		q := &c.b.preds[i]
		if q.index == indexNone {
			continue
		}
		at := len(perSlot) - 1
		if q.slot >= 0 {
			at = int(q.slot)
		}
		perSlot[at] = append(perSlot[at], uint32(i))
	}
	for slot, preds := range perSlot {
		if preds == nil {
			continue
		}
		fp := c.fieldPlan(p, preds)
		p.plans++
		fp.id, fp.base = p.plans, c.b.literals
		c.b.literals += uint32(len(fp.targets))
		if slot == len(perSlot)-1 {
			c.b.keywords = fp
		} else {
			c.b.plans[slot] = fp
		}
	}
}

// needleSet collects the distinct needles of one finder with their targets.
type needleSet struct {
	index   map[pattern.Needle]int
	needles []pattern.Needle
	targets [][]target
}

func (s *needleSet) add(n pattern.Needle, t target) {
	if s.index == nil {
		s.index = map[pattern.Needle]int{}
	}
	i, ok := s.index[n]
	if !ok {
		i = len(s.needles)
		s.index[n] = i
		s.needles = append(s.needles, n)
		s.targets = append(s.targets, nil)
	}
	if !slices.Contains(s.targets[i], t) {
		s.targets[i] = append(s.targets[i], t)
	}
}

// build makes the finder, or takes that of another field with the same needles.
// Needles it knows only in part need verifying.
func (s *needleSet) build(p *Program) *pattern.Finder {
	if s.needles == nil {
		return nil
	}
	key := needleKey(s.needles)
	made, ok := p.finders[key]
	if !ok {
		made.finder, made.partial = pattern.NewFinder(s.needles)
		p.finders[key] = made
	}
	for i, part := range made.partial {
		for k, t := range s.targets[i] {
			if part && t.kind() == indexHolds {
				s.targets[i][k] = newTarget(t.pred(), indexVerify)
			}
		}
	}
	return made.finder
}

// finder is a finder with what NewFinder says of its needles.
type finder struct {
	finder  *pattern.Finder
	partial []bool
}

func needleKey(needles []pattern.Needle) string {
	var b strings.Builder
	for _, n := range needles {
		b.WriteString(n.Text)
		b.WriteByte(0)
		b.WriteByte('0')
		if n.AtStart {
			b.WriteByte('^')
		}
		if n.AtEnd {
			b.WriteByte('$')
		}
	}
	return b.String()
}

func (c *bucketBuilder) fieldPlan(p *Program, preds []uint32) *fieldPlan {
	fp := &fieldPlan{}
	var ascii, wide needleSet
	add := func(n pattern.Needle, t target) {
		if pattern.IsASCII([]byte(n.Text)) {
			ascii.add(n, t)
			return
		}
		wide.add(n, t)
	}
	for _, i := range preds {
		q := &c.b.preds[i]
		switch q.index {
		case indexAlways:
			fp.every = append(fp.every, newTarget(i, indexHolds))
		case indexMaybe:
			for _, l := range q.needs.Literals {
				add(pattern.Needle{Text: l}, newTarget(i, indexMaybe))
			}
			fp.maybe = append(fp.maybe, newTarget(i, indexMaybe))
		default:
			add(q.needle, newTarget(i, q.index))
		}
	}
	fp.ascii, fp.wide = ascii.build(p), wide.build(p)
	fp.nASCII = uint32(len(ascii.needles))
	fp.targets = append(ascii.targets, wide.targets...)
	return fp
}
