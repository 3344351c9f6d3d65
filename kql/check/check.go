package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Options are the circumstances of one compilation. The zero value is strict,
// without a period, with default limits.
type Options struct {
	// Now is the value of now(), in ticks; constant for the query.
	Now int64
	// From and To restrict every table read to [From, To), in ticks; 0 is open.
	From, To int64
	Lenient  bool
	// Parameters are values for declare query_parameters, as KQL literals.
	Parameters map[string]string
	// Shapes answers the questions of an earlier open plan, by Shape.Key.
	Shapes map[string][]catalog.Column
	Limits Limits
	// Missing names functions whose data is not installed, each with the sentence
	// that says what that means; a query that calls one is warned, once.
	Missing map[string]string
	// Version is what .show version says.
	Version string
}

// Limits bound what a text may unfold into. Zero fields take the defaults.
type Limits struct {
	Nodes  int // expressions and operators bound, inlined functions counted each time; default 400,000
	Depth  int // nesting of function calls; default 64
	Tables int // tables one union or search may read; default 4,000
}

func (l Limits) withDefaults() Limits {
	if l.Nodes == 0 {
		l.Nodes = 400_000
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Tables == 0 {
		l.Tables = 4_000
	}
	return l
}

// checker holds what one compilation accumulates.
type checker struct {
	cat      catalog.Catalog
	fns      *catalog.FunctionTable
	opt      Options
	limits   Limits
	diags    token.Diagnostics
	query    *plan.Query
	nextCol  plan.ColID
	nextLeaf int
	nodes    int
	depth    int
	plugins  int
	// ordered says that the script uses window functions or scan somewhere, so
	// that ordering operators number their rows.
	ordered  bool
	saved    map[string]*ast.FuncLit
	set      map[string]ast.Expr // set statements
	top      *env
	weights  map[plan.Expr]int
	exceeded bool            // the budget was, and it was said
	told     map[string]bool // functions whose data is missing and that were warned of
	at       *token.Span     // inside a saved function: where its outermost call stands
}

// Check binds a script. The query is usable only if the diagnostics hold no
// error. A tree the parser had errors with is better given to CheckBroken.
func Check(script *ast.Script, cat catalog.Catalog, opt Options) (*plan.Query, token.Diagnostics) {
	c := newChecker(cat, opt)
	c.ordered = usesOrder(script)
	c.script(script)
	c.query.NumColumns = int(c.nextCol) + 1
	return c.query, c.diags
}

func newChecker(cat catalog.Catalog, opt Options) *checker {
	return &checker{
		cat: cat, fns: catalog.Functions(), opt: opt, limits: opt.Limits.withDefaults(),
		query: &plan.Query{}, saved: map[string]*ast.FuncLit{}, told: map[string]bool{}, set: map[string]ast.Expr{}, weights: map[plan.Expr]int{},
	}
}

// CheckBroken binds what it can of a tree that has syntax errors, for editors:
// parts of its nodes may be missing, and binding ends where that matters. The
// query is nil then; otherwise its plan may have holes and must not run.
func CheckBroken(script *ast.Script, cat catalog.Catalog, opt Options) (query *plan.Query, diags token.Diagnostics) {
	c := newChecker(cat, opt)
	defer func() {
		// Only a missing part of a broken tree ends here; sound trees never do.
		if recover() != nil {
			query, diags = nil, c.diags
		}
	}()
	c.ordered = usesOrder(script)
	c.script(script)
	return c.query, c.diags
}

// usesOrder reports whether anything in the script depends on row numbers. Calls
// of saved functions count, because their text is not known yet.
func usesOrder(script *ast.Script) bool {
	found := false
	ast.Walk(script, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Scan:
			found = true
		case *ast.Call:
			if n.Name == nil {
				break
			}
			if _, ok := catalog.Functions().Lookup(n.Name.Name, catalog.Window); ok {
				found = true
			}
		case *ast.Evaluate:
			if n.Call != nil && n.Call.Name != nil && n.Call.Name.Name == "rows_near" {
				found = true
			}
		}
		return !found
	})
	return found
}

// span is where a diagnostic about n points: the text itself, or the call of
// the saved function whose text it is.
func (c *checker) span(n ast.Node) token.Span {
	if c.at != nil {
		return *c.at
	}
	return n.Span()
}

func (c *checker) errorf(code token.Code, n ast.Node, format string, args ...any) {
	c.diags.Errorf(code, c.span(n), format, args...)
}

func (c *checker) warnf(code token.Code, n ast.Node, format string, args ...any) {
	c.diags.Warnf(code, c.span(n), format, args...)
}

func (c *checker) hint(code token.Code, n ast.Node, hint, message string) {
	c.diags.Add(token.Diagnostic{Code: code, Span: c.span(n), Message: message, Hint: hint})
}

// spend counts a bound node and reports whether the budget still holds.
func (c *checker) spend(n ast.Node) bool {
	c.nodes++
	if c.nodes > c.limits.Nodes && !c.exceeded {
		c.exceeded = true
		c.errorf(token.TooComplex, n, "the query unfolds into more than %d expressions and operators", c.limits.Nodes)
	}
	return c.nodes <= c.limits.Nodes
}

// column hands out a new column.
func (c *checker) column(name string, t catalog.Type) plan.Column {
	c.nextCol++
	return plan.Column{ID: c.nextCol, Name: name, Type: t}
}
