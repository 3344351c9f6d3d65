package duckdb

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// A Statement is one SQL text and what must be known to run it.
type Statement struct {
	SQL string
	// Args are bound to $1, $2, …: bool, int64, float64 or string.
	Args []any
	// Columns are the visible columns, in the order of the select list.
	Columns []plan.Column
	// Inputs are computed by the runner before SQL and bound to their argument.
	Inputs []*Input
}

// An Input is a row set the engine cannot compute: the runner runs Source, hands
// the rows to the operator and binds the rows it returns, as a JSON array of
// arrays, to Args[Arg].
type Input struct {
	Arg      int
	Operator plan.Rel // *plan.External, *plan.Scan, *plan.Call
	Sources  []*Statement
	// Hidden is how many columns at the end of Sources[0] the operator passes
	// through behind its own, keeping rows with different values apart.
	Hidden int
	mark   int
}

// Unsupported is a construct the dialect cannot run.
type Unsupported struct {
	What string // "series_fit_poly()", "the reduce operator"
	Hint string // what to do instead; may be empty
}

// Error names the construct and the alternative.
func (u *Unsupported) Error() string {
	if u.Hint == "" {
		return u.What + " is not supported"
	}
	return u.What + " is not supported: " + u.Hint
}

// Options adapt the statement to a store.
type Options struct {
	// TableName gives the quoted SQL name of a stored table; nil quotes the KQL
	// name as it is.
	TableName func(table *plan.Table) string
	// Limit is the greatest number of rows to deliver, 0 for all.
	Limit int64
	// Unguarded leaves 64-bit arithmetic to the engine, which raises an error
	// where Kusto's integers wrap: faster, and never a wrong row. A caller that
	// sees Overflowed compiles again without it.
	Unguarded bool
}

// Overflowed says that an engine's error is the overflow of whole numbers, so
// that the guarded statement has an answer where this one has none.
func Overflowed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "Out of Range Error") && strings.Contains(err.Error(), "Overflow in ")
}

// Compile lowers one result of a closed plan.
func Compile(q *plan.Query, r *plan.Result, opt Options) (*Statement, error) {
	return compile(q, r.Rel, r.Sorted, opt)
}

// CompileRel lowers any relation of the query, such as the Rel of a Shape.
func CompileRel(q *plan.Query, rel plan.Rel, opt Options) (*Statement, error) {
	return compile(q, rel, true, opt)
}

func compile(q *plan.Query, rel plan.Rel, sorted bool, opt Options) (st *Statement, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Unsupported:
			st, err = nil, r
		default:
			// A broken invariant spoils one query, not the process.
			st, err = nil, fmt.Errorf("lowering the plan: %v (this is a fault of Tocsin; please report the query)", r)
		}
	}()
	l := &lowerer{live: live(q, rel), query: q, opt: opt, argOf: map[any]int{}, shared: map[*plan.Shared]*sharedRows{}, scalars: map[*plan.Scalar]string{}, leaves: map[*plan.Leaf]*sel{}}
	s := l.rel(rel)
	var b strings.Builder
	body := l.final(s, rel.Columns(), sorted)
	b.WriteString(l.with())
	b.WriteString(body)
	text, args := l.bind(b.String())
	return &Statement{SQL: text, Args: args, Columns: rel.Columns(), Inputs: l.inputs}, nil
}

// with is the list of common table expressions.
func (l *lowerer) with() string {
	if len(l.ctes) == 0 {
		return ""
	}
	return "WITH " + strings.Join(l.ctes, ",\n") + "\n"
}

// lowerer holds what one statement accumulates.
type lowerer struct {
	query   *plan.Query
	live    *liveness
	opt     Options
	args    []any
	argOf   map[any]int
	ctes    []string
	inputs  []*Input
	shared  map[*plan.Shared]*sharedRows
	scalars map[*plan.Scalar]string
	leaves  map[*plan.Leaf]*sel
	aliases int
	rows    []string // packed rows of the aggregate being lowered
	only    string   // condition every aggregate takes (pivot)
	// by is the hidden column that tells the rows of one body from another's
	// while the body of mv-apply or partition is lowered; 0 outside.
	by      plan.ColID
	byType  catalog.Type
	nextCol plan.ColID
}

// hidden makes a column of the lowering's own.
func (l *lowerer) hidden() plan.ColID {
	l.nextCol++
	return plan.ColID(l.query.NumColumns) + l.nextCol
}

// unsupported ends the lowering with a diagnostic; Compile turns it into an error.
func unsupported(what, hint string) { panic(&Unsupported{What: what, Hint: hint}) }

// arg binds a value and returns its placeholder; equal values share one. The
// engine takes no text that is not UTF-8.
func (l *lowerer) arg(v any) string {
	if s, ok := v.(string); ok && !utf8.ValidString(s) {
		v = strings.ToValidUTF8(s, "\uFFFD")
	}
	n, ok := l.argOf[v]
	if !ok {
		l.args = append(l.args, v)
		n = len(l.args) - 1
		l.argOf[v] = n
	}
	return mark(n)
}

// mark stands for an argument until the whole text is known: text that is
// thrown away on the way must not leave a number behind.
func mark(n int) string { return "\x00" + strconv.Itoa(n) + "\x00" }

// bind replaces the marks by $1, $2, … in order of first use.
func (l *lowerer) bind(text string) (sql string, args []any) {
	parts := strings.Split(text, "\x00")
	numbers := map[string]int{}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		n, ok := numbers[part]
		if !ok {
			at, err := strconv.Atoi(part)
			if err != nil {
				panic("duckdb: damaged argument mark")
			}
			args = append(args, l.args[at])
			n = len(args)
			numbers[part] = n
			for _, in := range l.inputs {
				if in.mark == at {
					in.Arg = n - 1
				}
			}
		}
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String(), args
}

func (l *lowerer) text(s string) string { return l.arg(s) + "::VARCHAR" }

func (l *lowerer) alias(prefix string) string {
	l.aliases++
	return prefix + strconv.Itoa(l.aliases)
}

// sqlType is the physical type of a KQL type.
func sqlType(t catalog.Type) string {
	switch t {
	case catalog.Bool:
		return "BOOLEAN"
	case catalog.Int:
		return "INTEGER"
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		return "BIGINT"
	case catalog.Real:
		return "DOUBLE"
	case catalog.Decimal:
		return decimalType
	case catalog.String, catalog.Dynamic:
		return "VARCHAR"
	case catalog.Guid:
		return "UUID"
	}
	panic(fmt.Sprintf("duckdb: no physical type for %v", t))
}

const decimalType = "DECIMAL(38,17)"

// quote makes an SQL identifier.
func quote(name string) string {
	return `"` + strings.NewReplacer(`"`, `""`, "\x00", "").Replace(name) + `"`
}

// null is the missing value of a type: "" for strings.
func null(t catalog.Type) string {
	if t == catalog.String {
		return "''"
	}
	return "NULL::" + sqlType(t)
}

// EmptyTable stands for a stored table without rows: for checking queries against
// a catalogue that no store backs (Options.TableName).
func EmptyTable(t *plan.Table) string {
	var cols []string
	seen := map[string]bool{}
	add := func(name string, typ catalog.Type) {
		if name != "" && !seen[strings.ToLower(name)] {
			seen[strings.ToLower(name)] = true
			cols = append(cols, "NULL::"+sqlType(typ)+" AS "+quote(name))
		}
	}
	for i, c := range t.Cols {
		source := c.Name
		if t.Source != nil {
			source = t.Source[i]
		}
		add(source, c.Type)
	}
	if t.Period != nil {
		add(t.Period.Column, catalog.DateTime)
	}
	if len(cols) == 0 {
		cols = []string{"1 AS one"}
	}
	return "(SELECT " + strings.Join(cols, ", ") + " WHERE FALSE)"
}
