package sigma

import (
	"slices"

	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// instr tests one predicate and jumps: to yes when it holds, to no when not.
type instr struct {
	pred uint32
	lazy bool // not announced by the index: evaluate when reached
	yes  int32
	no   int32
}

// Jump targets that end a condition.
const (
	jumpTrue  int32 = -1
	jumpFalse int32 = -2
)

// compile appends the jumping code of e and returns its entry, which may itself
// be an end. Code is laid out back to front: the parts jumped to exist first.
func (c *bucketBuilder) compile(e *Expr) int32 { return c.jump(e, jumpTrue, jumpFalse) }

func (c *bucketBuilder) jump(e *Expr, yes, no int32) int32 {
	switch e.Op {
	case rule.OpLeaf:
		p := c.pred(e.Leaf)
		k := c.b.preds[p].index
		c.b.code = append(c.b.code, instr{pred: p, lazy: k == indexNone || k == indexMaybe, yes: yes, no: no})
		return int32(len(c.b.code) - 1)
	case rule.OpNot:
		return c.jump(e.Args[0], no, yes)
	case rule.OpAnd:
		next := yes
		for _, a := range slices.Backward(c.ordered(e.Args)) {
			next = c.jump(a, next, no)
		}
		return next
	case rule.OpOr:
		next := no
		for _, a := range slices.Backward(c.ordered(e.Args)) {
			next = c.jump(a, yes, next)
		}
		return next
	}
	panic("sigma: unknown operator")
}

// ordered puts cheap arguments first; the meaning does not depend on the order.
func (c *bucketBuilder) ordered(args []*Expr) []*Expr {
	type priced struct {
		e    *Expr
		cost int
	}
	list := make([]priced, len(args))
	sorted := true
	for i, a := range args {
		list[i] = priced{a, c.cost(a)}
		sorted = sorted && (i == 0 || list[i-1].cost <= list[i].cost)
	}
	if sorted {
		return args
	}
	slices.SortStableFunc(list, func(x, y priced) int { return x.cost - y.cost })
	out := make([]*Expr, len(args))
	for i := range list {
		out[i] = list[i].e
	}
	return out
}

// cost guesses the time of evaluating e, in tests of an indexed predicate.
func (c *bucketBuilder) cost(e *Expr) int {
	if e.Op != rule.OpLeaf {
		sum := 0
		for _, a := range e.Args {
			sum += c.cost(a)
		}
		return sum
	}
	in := c.b.preds[c.pred(e.Leaf)].predInfo
	if in.index != indexNone && in.index != indexMaybe {
		return 1
	}
	switch in.Test {
	case rule.TestNull, rule.TestExists:
		return 3
	case rule.TestRegex:
		return 1000
	}
	return 50
}
