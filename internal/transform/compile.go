package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/scratch"
	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/format"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// inputName is what a transform calls its rows.
const inputName = "source"

// maxText bounds a transform, as Azure bounds a transformation.
const maxText = 15_360

// allowed are the operators that work on one row, for messages.
const allowed = "where, extend, project, project-away, project-keep, project-rename, project-reorder, parse, parse-where and parse-kv"

// parse reads a transform and refuses what one row cannot answer.
func parse(text string) (*ast.Script, *ast.Pipe, error) {
	if len(text) > maxText {
		return nil, nil, fmt.Errorf("the transform has %d bytes; the limit is %d", len(text), maxText)
	}
	script, diags := parser.Parse(text)
	if err := firstError(diags, text); err != nil {
		return nil, nil, err
	}
	var pipe *ast.Pipe
	for _, st := range script.Stmts {
		switch st := st.(type) {
		case *ast.LetStmt:
		case *ast.ExprStmt:
			p, ok := ast.Unparen(st.X).(*ast.Pipe)
			if id, isName := ast.Unparen(st.X).(*ast.Ident); isName {
				p, ok = &ast.Pipe{Source: id}, true
				st.X = p
			}
			if !ok || pipe != nil {
				return nil, nil, at(text, st, "a transform is one pipe that begins with source")
			}
			st.X, pipe = p, p
		default:
			return nil, nil, at(text, st, "only let and one pipe can stand in a transform")
		}
	}
	if pipe == nil {
		return nil, nil, fmt.Errorf("the transform has no pipe; write source | where …")
	}
	if id, ok := pipe.Source.(*ast.Ident); !ok || id.Name != inputName {
		return nil, nil, at(text, pipe, "a transform begins with source, the rows that come in")
	}
	for _, op := range pipe.Ops {
		if !isAllowed(op) {
			return nil, nil, at(text, op, "%s needs more than one row or makes other rows; a transform may use %s", keyword(text, op), allowed)
		}
	}
	return script, pipe, inner(script, pipe, text)
}

// isAllowed reports whether an operator makes at most one row of one row.
func isAllowed(op ast.Operator) bool {
	switch op := op.(type) {
	case *ast.Where, *ast.Extend, *ast.Project, *ast.ProjectAway, *ast.ProjectKeep, *ast.ProjectRename, *ast.ProjectReorder, *ast.Parse:
		return true
	case *ast.ParseKV:
		return op.Schema != nil
	}
	return false
}

// inner refuses tables inside expressions: source a second time, tables written
// in the query, and the name of the row column.
func inner(script *ast.Script, pipe *ast.Pipe, text string) (err error) {
	for _, st := range script.Stmts {
		ast.Walk(st, func(n ast.Node) bool {
			if err != nil {
				return false
			}
			switch n := n.(type) {
			case *ast.Pipe:
				if n != pipe {
					err = at(text, n, "a second pipe reads more than one row; a transform is one pipe over source")
				}
			case *ast.Extend:
				err = named(text, n.Columns)
			case *ast.Project:
				err = named(text, n.Columns)
			case *ast.ProjectAway:
				for _, c := range n.Columns {
					if w, ok := c.(*ast.Wildcard); ok && strings.HasPrefix(scratch.RowColumn, w.Pattern[:strings.IndexByte(w.Pattern, '*')]) {
						err = at(text, c, "the pattern %s is too wide for a transform; write the columns out", w.Pattern)
					}
				}
			case *ast.Call:
				if n.Name.Name == "ingestion_time" {
					err = at(text, n, "a row has no ingestion_time() before it is stored; use now()")
				}
			case *ast.Star:
				err = at(text, n, "* looks at every column; name those that matter")
			case *ast.DataTable, *ast.ExternalData, *ast.EntityGroup:
				err = at(text, n, "a transform reads no other table")
			case *ast.Ident:
				switch {
				case n.Name == scratch.RowColumn:
					err = at(text, n, "the name %s is taken", scratch.RowColumn)
				case n.Name == inputName && ast.Expr(n) != pipe.Source:
					err = at(text, n, "source can stand only at the beginning; a column of that name is written source_")
				}
			}
			return err == nil
		})
	}
	return err
}

// named refuses an expression without a name: KQL would make one up.
func named(text string, list []*ast.NamedExpr) error {
	for _, c := range list {
		if _, ok := c.X.(*ast.Ident); !ok && len(c.Names) == 0 {
			return at(text, c, "give this column a name: Name = …")
		}
	}
	return nil
}

// keyword is the word an operator begins with.
func keyword(text string, op ast.Operator) string {
	rest := strings.TrimLeft(text[min(int(op.Span().Start), len(text)):], "| \t\r\n")
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	if end < 0 {
		end = len(rest)
	}
	return rest[:end]
}

// at is an error with its place in the text.
func at(text string, n ast.Node, format string, args ...any) error {
	place := token.Locate(text, n.Span().Start)
	return fmt.Errorf("transform %d:%d: %s", place.Line, place.Column, fmt.Sprintf(format, args...))
}

// firstError is the first error among diagnostics, with its place and hint.
func firstError(diags token.Diagnostics, text string) error {
	for _, d := range diags.Shown(text) {
		if d.Severity != token.Error {
			continue
		}
		place := token.Locate(text, d.Span.Start)
		if d.Hint != "" {
			return fmt.Errorf("transform %d:%d: %s (%s)", place.Line, place.Column, d.Message, d.Hint)
		}
		return fmt.Errorf("transform %d:%d: %s", place.Line, place.Column, d.Message)
	}
	return nil
}

// A program is a transform compiled for one table. It is immutable.
type program struct {
	table   *schema.Table
	input   *scratch.Table
	text    string // the pipe over the scratch table: its result is the row column and what is assigned
	catalog *catalog.Static
	query   *kql.Query // nil when the text asks for the time and is compiled for each batch
	outputs []output   // the columns of the result behind the row column
	keeps   []bool     // by column of the table: whether the result has it, as it came or assigned
}

// output is a column that the transform assigns.
type output struct {
	name  string
	index int // in the table
}

// compile compiles a transform for a table. name is that of the scratch table.
func compile(text, name string, t *schema.Table) (*program, error) {
	script, pipe, err := parse(text)
	if err != nil {
		return nil, err
	}
	columns, assigned, err := check(text, t)
	if err != nil {
		return nil, err
	}
	p := &program{table: t, keeps: make([]bool, len(t.Columns))}
	for _, c := range columns {
		i, ok := t.Column(c.Name)
		if !ok || i >= len(t.Columns)-3 {
			return nil, fmt.Errorf("the transform makes a column %s, which table %s has not; drop it with project-away or put it into a dynamic column", c.Name, t.Name)
		}
		if want := t.Columns[i].Type; !converts(c.Type, want) {
			return nil, fmt.Errorf("column %s of table %s holds %s, but the transform makes it %s; convert it with to%s()", c.Name, t.Name, want, c.Type, want)
		}
		p.keeps[i] = true
		if assigned[c.Name] {
			p.outputs = append(p.outputs, output{c.Name, i})
		}
	}
	if i, ok := t.Column(t.TimeColumn); ok && !p.keeps[i] {
		return nil, fmt.Errorf("the result of the transform has no %s, which table %s needs; add it to project", t.TimeColumn, t.Name)
	}
	isWide := readsAll(script)
	hideRow(script)
	var reads []int
	for i := range t.Columns[:len(t.Columns)-3] {
		if isWide || mentions(script, t.Columns[i].Name) {
			reads = append(reads, i)
		}
	}
	p.input = scratch.NewTable(name, t, reads)
	p.catalog = &catalog.Static{}
	visible := make([]catalog.Column, len(p.input.Table.Columns))
	for i, c := range p.input.Table.Columns {
		visible[i] = catalog.Column{Name: c.Name, Type: c.Type}
	}
	p.catalog.AddTable(catalog.NewTable(name, visible))
	p.text = rewritten(script, pipe, name, p.outputs, isWide)
	q, diags := kql.Compile(p.text, p.catalog, kql.Options{Now: time.Unix(0, 0)})
	if err := firstError(diags, p.text); err != nil {
		return nil, fmt.Errorf("%w, in %s", err, p.text)
	}
	if !asksTime(script) {
		p.query = q
	}
	return p, nil
}

// check compiles the text as it is over all columns of the table, which makes
// the messages about it, and returns the columns of the result and which of
// them are assigned rather than passed through.
func check(text string, t *schema.Table) ([]catalog.Column, map[string]bool, error) {
	columns := make([]catalog.Column, 0, len(t.Columns))
	for _, c := range t.Columns[:len(t.Columns)-3] {
		columns = append(columns, catalog.Column{Name: c.Name, Type: c.Type})
	}
	cat := &catalog.Static{}
	cat.AddTable(catalog.NewTable(inputName, columns))
	q, diags := kql.Compile(text, cat, kql.Options{Now: time.Unix(0, 0)})
	if err := firstError(diags, text); err != nil {
		return nil, nil, fmt.Errorf("%w, for table %s", err, t.Name)
	}
	out, known := q.Columns()
	if !known {
		return nil, nil, fmt.Errorf("the columns of the transform depend on the data; name them")
	}
	_, pipe, err := parse(text)
	if err != nil {
		return nil, nil, err
	}
	assigned := map[string]bool{}
	name := func(list []*ast.NamedExpr) {
		for _, c := range list {
			if id, ok := c.X.(*ast.Ident); ok && (len(c.Names) == 0 || len(c.Names) == 1 && c.Names[0].Name == id.Name) {
				continue // passed through
			}
			for _, n := range c.Names {
				assigned[n.Name] = true
			}
		}
	}
	for _, op := range pipe.Ops {
		switch op := op.(type) {
		case *ast.Extend:
			name(op.Columns)
		case *ast.Project:
			name(op.Columns)
		case *ast.ProjectRename:
			name(op.Columns)
		case *ast.Parse:
			for _, part := range op.Pattern {
				if part.Column != nil {
					assigned[part.Column.Name.Name] = true
				}
			}
		case *ast.ParseKV:
			for _, c := range op.Schema.Columns {
				assigned[c.Name.Name] = true
			}
		}
	}
	return out, assigned, nil
}

// converts reports whether a value of one type goes into a column of another
// without a conversion that KQL would ask for. Whether a long fits an int is
// seen at run time.
func converts(from, to catalog.Type) bool {
	isWhole := from == catalog.Int || from == catalog.Long
	return from == to || isWhole && (to == catalog.Int || to == catalog.Long || to == catalog.Real || to == catalog.Decimal)
}

// readsAll reports whether the text looks at columns that it does not name.
func readsAll(script *ast.Script) bool {
	return anyNode(script, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Call:
			return slices.Contains([]string{"pack_all", "column_ifexists", "columnifexists"}, n.Name.Name)
		case *ast.BadExpr:
			return true
		}
		return false
	})
}

// hideRow takes the row column out of what pack_all() packs.
func hideRow(script *ast.Script) {
	var calls []*ast.Call
	anyNode(script, func(n ast.Node) bool {
		if call, ok := n.(*ast.Call); ok && call.Name.Name == "pack_all" {
			calls = append(calls, call)
		}
		return false
	})
	for _, call := range calls {
		packed := *call
		keys := &ast.Call{Name: &ast.Ident{Name: "pack_array"}, Args: []*ast.NamedExpr{{X: &ast.Literal{Kind: ast.String, Text: scratch.RowColumn, Raw: `"` + scratch.RowColumn + `"`}}}}
		*call = ast.Call{Loc: call.Loc, Name: &ast.Ident{Name: "bag_remove_keys"}, Args: []*ast.NamedExpr{{X: &packed}, {X: keys}}}
	}
}

// asksTime reports whether the result depends on when it is compiled.
func asksTime(script *ast.Script) bool {
	return anyNode(script, func(n ast.Node) bool {
		call, ok := n.(*ast.Call)
		return ok && slices.Contains([]string{"now", "ago"}, call.Name.Name)
	})
}

// mentions reports whether a name stands anywhere in the text.
func mentions(script *ast.Script, name string) bool {
	return anyNode(script, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		return ok && id.Name == name
	})
}

func anyNode(script *ast.Script, holds func(ast.Node) bool) (found bool) {
	for _, st := range script.Stmts {
		ast.Walk(st, func(n ast.Node) bool {
			found = found || holds(n)
			return !found
		})
	}
	return found
}

// rewritten is the text that runs: over the scratch table, with the row column
// carried along, and with the assigned columns as its result. In a text that
// names its columns, operators that only drop or order columns are left out:
// what they drop is not read, and was checked.
func rewritten(script *ast.Script, pipe *ast.Pipe, name string, outputs []output, isWide bool) string {
	row := func() *ast.NamedExpr { return &ast.NamedExpr{X: &ast.Ident{Name: scratch.RowColumn}} }
	var ops []ast.Operator
	for _, op := range pipe.Ops {
		switch op := op.(type) {
		case *ast.Project:
			op.Columns = append(op.Columns, row())
		case *ast.ProjectKeep:
			if !isWide {
				continue
			}
			op.Columns = append(op.Columns, row().X)
		case *ast.ProjectAway:
			if !isWide {
				continue
			}
		case *ast.ProjectReorder:
			continue
		}
		ops = append(ops, op)
	}
	last := &ast.Project{Columns: []*ast.NamedExpr{row()}}
	for _, o := range outputs {
		last.Columns = append(last.Columns, &ast.NamedExpr{X: &ast.Ident{Name: o.name, Quoted: true}})
	}
	pipe.Source, pipe.Ops = &ast.Ident{Name: name}, append(ops, last)
	var parts []string
	for _, st := range script.Stmts {
		parts = append(parts, strings.TrimRight(format.Node(st), "; \n"))
	}
	return strings.Join(parts, ";\n")
}

// run runs the program over the rows that the scratch holds.
func (p *program) run(ctx context.Context, x exec.Engine, now time.Time) (*result.Table, error) {
	q := p.query
	if q == nil {
		var diags token.Diagnostics
		if q, diags = kql.Compile(p.text, p.catalog, kql.Options{Now: now}); q == nil {
			return nil, firstError(diags, p.text)
		}
	}
	tables, err := q.Run(ctx, x, exec.Limits{})
	if err != nil {
		return nil, err
	}
	if tables[0].Truncated {
		return nil, fmt.Errorf("the result is too large")
	}
	return tables[0], nil
}
