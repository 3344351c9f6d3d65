package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/sigma/rule"
	"github.com/tocsin-soc/tocsin/sigma/tokql"
)

// Columns looks a column up in a table of the store: its KQL type, and whether
// it exists.
type Columns func(table, column string) (kind string, ok bool)

// The tables of Windows events as the agents of Log Analytics write them.
const (
	tableSecurity = "SecurityEvent" // the Security log, one column per field
	tableWindows  = "WindowsEvent"  // every other channel, fields in EventData
)

// ToKQL returns a query that finds the rows a rule matches, in the raw tables of
// the rule's log source. What cannot be expressed is an error that names it: a
// field without a column, a log source without a table. Where one of several
// tables cannot answer, the query says so in a comment and asks the others.
func ToKQL(r *Rule, m *Mapping, columns Columns) (*ast.Script, error) {
	pipes, errs := []*ast.Pipe{}, []error(nil)
	for _, src := range m.kqlSources(r) {
		src.spaced = m.spaced
		p, err := src.pipe(r, columns)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", src.table, err))
			continue
		}
		pipes = append(pipes, p)
	}
	switch {
	case len(pipes) == 0 && errs == nil:
		return nil, fmt.Errorf("no table holds log source %s", r.Logsource)
	case len(pipes) == 0:
		return nil, errors.Join(errs...)
	case len(pipes) == 1:
		return &ast.Script{Stmts: []ast.Stmt{&ast.ExprStmt{X: pipes[0]}}, Comments: leftOut(errs)}, nil
	}
	u := &ast.Union{}
	for _, p := range pipes {
		u.Tables = append(u.Tables, &ast.Paren{X: p})
	}
	return &ast.Script{Stmts: []ast.Stmt{&ast.ExprStmt{X: &ast.Pipe{Ops: []ast.Operator{u}}}}, Comments: leftOut(errs)}, nil
}

// leftOut says above a query which tables it does not ask and why.
func leftOut(errs []error) []ast.Comment {
	var list []ast.Comment
	for _, err := range errs {
		c := ast.Comment{Text: "// Not asked: " + strings.Join(strings.Fields(err.Error()), " ")} // one line, whatever a field is called
		c.Start, c.End = -1, -1                                                                   // before the statement, which has no place of its own
		list = append(list, c)
	}
	return list
}

// kqlSource is a table and which of its rows are of the rule's log source.
type kqlSource struct {
	table    string
	channels []string
	events   []int
	when     *Expr
	set      *fieldSet
	where    map[string]string // of tables listed in the mapping
	names    map[string]string // field → column, of tables listed in the mapping
	spaced   map[string]string // the mapping's
}

// kqlSources lists where events of the rule's log source are stored.
func (m *Mapping) kqlSources(r *Rule) []kqlSource {
	l := r.Logsource
	var out []kqlSource
	for _, t := range m.tables {
		if t.is.Contains(l) {
			out = append(out, kqlSource{table: t.table, where: t.where, names: t.columns})
		}
	}
	if l.Product != "" && l.Product != m.anyChannel || l.Product == "" && l.Service == "" && l.Category == "" {
		return out
	}
	for _, name := range sortedKeys(m.channels) {
		c := m.channels[name]
		if c.product != m.anyChannel || l.Service != "" && !slices.Contains(c.services, l.Service) {
			continue
		}
		table := tableWindows
		if name == "security" {
			table = tableSecurity
		}
		if l.Category == "" {
			if l.Service != "" {
				out = append(out, kqlSource{table: table, channels: []string{c.name}})
			}
			continue
		}
		out = append(out, categorySources(c, l.Category, table)...)
	}
	if l.Category == "" && l.Service == "" {
		out = append(out, kqlSource{table: tableWindows}, kqlSource{table: tableSecurity})
	}
	return mergeChannels(out)
}

func categorySources(c *channelSource, category, table string) []kqlSource {
	var out []kqlSource
	ids := make([]int, 0, len(c.events))
	for id := range c.events {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		for _, s := range c.events[id] {
			if s.category == category {
				out = append(out, kqlSource{table: table, channels: []string{c.name}, events: []int{id}, when: s.when, set: s.set})
			}
		}
	}
	return out
}

// mergeChannels joins sources that differ only in channel or only in event.
func mergeChannels(list []kqlSource) []kqlSource {
	var out []kqlSource
	for _, s := range list {
		merged := false
		for i := range out {
			o := &out[i]
			if o.table != s.table || o.set != s.set || (o.when == nil) != (s.when == nil) || s.when != nil && o.when.String() != s.when.String() || o.names != nil || s.names != nil {
				continue
			}
			if slices.Equal(o.events, s.events) {
				o.channels, merged = append(slices.Clone(o.channels), s.channels...), true
			} else if slices.Equal(o.channels, s.channels) {
				o.events, merged = append(slices.Clone(o.events), s.events...), true
			}
			if merged {
				break
			}
		}
		if !merged {
			out = append(out, s)
		}
	}
	return out
}

// pipe is the query on one table.
func (s *kqlSource) pipe(r *Rule, columns Columns) (*ast.Pipe, error) {
	var tests []ast.Expr
	if s.table == tableWindows && s.channels != nil {
		tests = append(tests, oneOf(tokql.Ident("Channel"), s.channels))
	}
	if s.events != nil {
		in := &ast.In{Op: ast.OpIn, X: tokql.Ident("EventID")}
		for _, id := range s.events {
			in.List = append(in.List, &ast.Literal{Kind: ast.Long, Int: int64(id)})
		}
		tests = append(tests, in)
	}
	for _, col := range sortedKeys(s.where) {
		tests = append(tests, oneOf(tokql.Ident(col), []string{s.where[col]}))
	}
	e := s.set.qualify(r.Expr)
	if s.when != nil {
		e = rule.And(s.when, e)
	}
	var made madeColumns
	p, err := tokql.Predicate(e, func(field string) (ast.Expr, error) {
		if strings.Contains(field, qualifier) {
			return s.made(displayName(field), columns, &made)
		}
		return s.column(field, columns)
	})
	if err != nil {
		return nil, err
	}
	if l, ok := p.(*ast.Literal); ok && l.Kind == ast.Bool && !l.Bool {
		return nil, errors.New("no event has the fields the rule needs")
	} else if !ok || l.Kind != ast.Bool {
		tests = append(tests, p)
	}
	where := []ast.Operator{&ast.Where{Predicate: tokql.Join(ast.OpAnd, tests...)}}
	if made.names != nil {
		where = made.around(tests[:len(tests)-1], tests[len(tests)-1])
	}
	return &ast.Pipe{Source: tokql.Ident(s.table), Ops: where}, nil
}

func oneOf(col ast.Expr, values []string) ast.Expr {
	if len(values) == 1 {
		return tokql.Binary(ast.OpEqCI, col, tokql.String(values[0]))
	}
	in := &ast.In{Op: ast.OpInCI, X: col}
	for _, v := range values {
		in.List = append(in.List, tokql.String(v))
	}
	return in
}

// systemColumns are the columns of WindowsEvent that hold fields of System.
var systemColumns = map[string]string{"Provider_Name": "Provider", "EventID": "EventID", "Channel": "Channel", "Computer": "Computer",
	"ComputerName": "Computer", "EventRecordID": "EventRecordId", "Level": "EventLevel", "Task": "Task", "Opcode": "Opcode", "Keywords": "Keywords",
	"UserID": "SystemUserId", "Execution_ProcessID": "SystemProcessId", "Execution_ThreadID": "SystemThreadId", "Version": "Version",
	"Correlation_ActivityID": "Correlation"}

// column reads a field of the source as text.
func (s *kqlSource) column(field string, columns Columns) (ast.Expr, error) {
	name := field
	switch {
	case s.set != nil && slices.Contains(s.set.absent, field):
		return nil, nil
	case s.names != nil:
		if to, ok := s.names[field]; ok {
			name = to
		}
	case s.table == tableWindows:
		if to, ok := systemColumns[field]; ok {
			name = to
			break
		}
		x := tokql.Call("tostring", &ast.Member{X: tokql.Ident("EventData"), Name: tokql.Ident(field)})
		if spaced, ok := s.spaced[field]; ok { // the event has one of the two names
			x = tokql.Call("strcat", x, tokql.Call("tostring", &ast.Index{X: tokql.Ident("EventData"), Y: tokql.String(spaced)}))
		}
		return x, nil
	case field == "Provider_Name":
		name = "EventSourceName"
	case field == "ComputerName":
		name = "Computer"
	}
	base, path, nested := strings.Cut(name, ".")
	kind, ok := columns(s.table, base)
	if !ok {
		return nil, fmt.Errorf("field %s has no column", field)
	}
	var x ast.Expr = tokql.Ident(base)
	if nested {
		for _, part := range strings.Split(path, ".") {
			x = &ast.Member{X: x, Name: tokql.Ident(part)}
		}
	}
	if kind != "string" || nested {
		x = tokql.Call("tostring", x)
	}
	return x, nil
}

// madeColumns are fields made of others of a built-in event, as columns that
// the query adds: those made in one step, then what a second step makes of them.
type madeColumns struct {
	names         map[string]bool
	first, second []*ast.NamedExpr
}

// around puts the making between what tells the rows of the source and the rule.
func (m *madeColumns) around(source []ast.Expr, test ast.Expr) []ast.Operator {
	var ops []ast.Operator
	if len(source) > 0 {
		ops = append(ops, &ast.Where{Predicate: tokql.Join(ast.OpAnd, source...)})
	}
	ops = append(ops, &ast.Extend{Columns: m.first})
	if m.second != nil {
		ops = append(ops, &ast.Extend{Columns: m.second})
	}
	return append(ops, &ast.Where{Predicate: test})
}

// made names the column of a field that is made of others and adds its making.
// The name is not the field's: SecurityEvent may have that with another meaning.
func (s *kqlSource) made(field string, columns Columns, made *madeColumns) (ast.Expr, error) {
	src := s.set.fields[field]
	if len(src.from) > 2 {
		return nil, fmt.Errorf("field %s is computed and has no column", field)
	}
	name := tokql.Ident("Sigma_" + field)
	if made.names[field] {
		return name, nil
	}
	var from []ast.Expr
	for _, f := range src.from {
		x, err := s.column(f, columns)
		if err != nil {
			return nil, err
		}
		from = append(from, x)
	}
	x := from[0]
	if len(from) == 2 { // an empty one leaves the other alone
		both := tokql.Call("strcat", x, tokql.String(src.join), from[1])
		x = tokql.Call("case", tokql.Call("isempty", x), from[1], tokql.Call("isempty", from[1]), x, both)
	}
	if src.decimal {
		x = tokql.Call("iff", tokql.Binary(ast.OpStartsWith, x, tokql.String("0x")), tokql.Call("tostring", tokql.Call("tolong", x)), x)
	}
	if made.names == nil {
		made.names = map[string]bool{}
	}
	made.names[field] = true
	made.first = append(made.first, &ast.NamedExpr{Names: []*ast.Ident{name}, X: x})
	if cases := src.cases(name); cases != nil {
		made.second = append(made.second, &ast.NamedExpr{Names: []*ast.Ident{name}, X: tokql.Call("case", append(cases, name)...)})
	}
	return name, nil
}

// cases are the conditions and results of a value's translation.
func (src *fieldSource) cases(x ast.Expr) []ast.Expr {
	var cases []ast.Expr
	for _, value := range sortedKeys(src.values) {
		cases = append(cases, tokql.Binary(ast.OpEqCI, x, tokql.String(value)), tokql.String(src.values[value]))
	}
	for _, p := range src.prefixes {
		n := utf8.RuneCountInString(p.from)
		if p.one {
			n++
		}
		rest := tokql.Call("substring", x, &ast.Literal{Kind: ast.Long, Int: int64(n)})
		cases = append(cases, tokql.Binary(ast.OpStartsWith, x, tokql.String(p.from)), tokql.Call("strcat", tokql.String(p.to), rest))
	}
	return cases
}
