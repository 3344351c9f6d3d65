package plan

import (
	"fmt"
	"strconv"
	"strings"
)

var opNames = [...]string{
	OpAnd: "and", OpOr: "or", OpEq: "==", OpNe: "!=", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=", OpEqFold: "=~", OpNeFold: "!~",
	OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%",
	OpHas: "has", OpHasCs: "has_cs", OpHasPrefix: "hasprefix", OpHasPrefixCs: "hasprefix_cs", OpHasSuffix: "hassuffix", OpHasSuffixCs: "hassuffix_cs",
	OpContains: "contains", OpContainsCs: "contains_cs", OpStartsWith: "startswith", OpStartsWithCs: "startswith_cs",
	OpEndsWith: "endswith", OpEndsWithCs: "endswith_cs", OpMatchesRegex: "matches regex",
}

// String is the operator as KQL writes it.
func (op Op) String() string {
	if int(op) < len(opNames) {
		return opNames[op]
	}
	return "?"
}

var joinNames = [...]string{"innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti"}

// String is the flavour as KQL writes it.
func (k JoinKind) String() string { return joinNames[k] }

// Print writes a plan for people and golden cases: one operator per line, what it
// reads indented below it, columns as name#id. Implicit casts are marked with ~.
func Print(q *Query) string {
	p := &printer{}
	for _, s := range q.Shared {
		if s.Uses == 0 {
			continue
		}
		p.linef(0, "shared %d %s%s", s.ID, s.Name, mark(s.Materialized, " materialized"))
		p.rel(s.Rel, 1)
	}
	for _, s := range q.Scalars {
		p.linef(0, "scalar %d %s", s.ID, s.Type)
		p.rel(s.Rel, 1)
	}
	for _, s := range q.Shapes {
		p.linef(0, "shape %s of %s", s.Key, column(s.Column))
	}
	for _, r := range q.Results {
		p.linef(0, "result %s%s", r.Name, mark(r.Sorted, " sorted"))
		p.rel(r.Rel, 1)
	}
	return p.b.String()
}

type printer struct{ b strings.Builder }

func (p *printer) linef(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	p.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	p.b.WriteByte('\n')
}

func mark(on bool, text string) string {
	if on {
		return text
	}
	return ""
}

func column(c Column) string { return c.Name + "#" + strconv.Itoa(int(c.ID)) }

func columns(list []Column) string {
	s := make([]string, len(list))
	for i, c := range list {
		s[i] = column(c) + ":" + c.Type.String()
	}
	return strings.Join(s, ", ")
}

func items(list []Item) string {
	s := make([]string, len(list))
	for i, it := range list {
		s[i] = column(it.Col) + " = " + Format(it.X)
	}
	return strings.Join(s, ", ")
}

func aggs(list []Agg) string {
	s := make([]string, len(list))
	for i, g := range list {
		s[i] = "(" + columns(g.Cols) + ") = " + g.Func + "(" + exprs(g.Args) + ")"
	}
	return strings.Join(s, ", ")
}

func exprs(list []Expr) string {
	s := make([]string, len(list))
	for i, x := range list {
		s[i] = Format(x)
	}
	return strings.Join(s, ", ")
}

func (p *printer) rel(r Rel, depth int) {
	p.linef(depth, "%s", describe(r))
	for _, in := range Inputs(r) {
		p.rel(in, depth+1)
	}
}

// describe is one operator without what it reads.
func describe(r Rel) string {
	switch r := r.(type) {
	case *Table:
		s := "table " + r.Name
		if r.Period != nil {
			s += fmt.Sprintf(" where %s in [%d, %d)", r.Period.Column, r.Period.From, r.Period.To)
		}
		return s + " (" + columns(r.Cols) + ")"
	case *Values:
		s := "values (" + columns(r.Cols) + ")"
		for _, row := range r.Rows {
			s += " [" + exprs(row) + "]"
		}
		return s
	case *Range:
		return "range " + columns([]Column{r.Col}) + " from " + Format(r.From) + " to " + Format(r.To) + " step " + Format(r.Step)
	case *External:
		return "external (" + columns(r.Cols) + ") " + exprs(r.URLs) + " " + r.Format
	case *Ref:
		return fmt.Sprintf("ref %d (%s)", r.Shared.ID, columns(r.Cols))
	case *Filter:
		return "filter " + Format(r.Pred)
	case *Project:
		return "project " + items(r.Items) + " -> " + columns(r.Cols)
	case *Aggregate:
		return "aggregate " + aggs(r.Aggs) + " by " + items(r.Keys)
	case *Join:
		var on []string
		for _, k := range r.On {
			on = append(on, Format(k.Left)+" == "+Format(k.Right))
		}
		return "join " + r.Kind.String() + " on " + strings.Join(on, " and ") + " -> " + columns(r.Cols)
	case *Union:
		return "union" + mark(r.From != nil, " sparse") + " -> " + columns(r.Cols)
	case *Sort:
		var keys []string
		for _, k := range r.Keys {
			keys = append(keys, Format(k.X)+mark(k.Desc, " desc")+mark(k.NullsFirst, " nulls first"))
		}
		return "sort " + strings.Join(keys, ", ")
	case *Limit:
		return "limit " + Format(r.N)
	case *Sample:
		return "sample " + Format(r.N)
	case *Number:
		return "number " + column(r.Ord)
	case *Window:
		var fs []string
		for _, f := range r.Funcs {
			fs = append(fs, column(f.Col)+" = "+f.Func+"("+exprs(f.Args)+")")
		}
		return fmt.Sprintf("window #%d %s", r.Ord, strings.Join(fs, ", "))
	}
	return describeRare(r)
}

func describeRare(r Rel) string {
	switch r := r.(type) {
	case *Leaf:
		return fmt.Sprintf("leaf %d (%s)", r.ID, columns(r.Cols))
	case *Expand:
		return "expand " + expandItems(r)
	case *Apply:
		return "apply " + expandItems(r.Expand) + " -> " + columns(r.Cols)
	case *Partition:
		return fmt.Sprintf("partition by #%d -> %s", r.Key, columns(r.Cols))
	case *Parse:
		var steps []string
		for _, s := range r.Steps {
			switch {
			case s.Skip:
				steps = append(steps, "*")
			case s.Col.ID != 0:
				steps = append(steps, columns([]Column{s.Col}))
			default:
				steps = append(steps, strconv.Quote(s.Text))
			}
		}
		return "parse " + Format(r.X) + " with " + strings.Join(steps, " ") + mark(r.Filter, " filter")
	case *ParseKV:
		return "parse-kv " + Format(r.X) + " as " + columns(r.Keys)
	case *MakeSeries:
		var as []string
		for _, a := range r.Aggs {
			as = append(as, column(a.Col)+" = "+a.Agg.Func+"("+exprs(a.Agg.Args)+")")
		}
		return "make-series " + strings.Join(as, ", ") + " on " + Format(r.On) + " by " + items(r.Keys)
	case *Call:
		var args []string
		for _, a := range r.Args {
			if a.X != nil {
				args = append(args, a.Name+mark(a.Name != "", "=")+Format(a.X))
			}
		}
		return "call " + r.Plugin + "(" + strings.Join(args, ", ") + ") -> " + columns(r.Cols)
	case *Pivot:
		return "pivot " + column(r.Column) + " " + aggs([]Agg{r.Agg}) + " -> " + columns(r.Cols)
	case *TopNested:
		return "top-nested -> " + columns(r.Cols)
	case *Scan:
		return "scan -> " + columns(r.Cols)
	}
	panic("plan: operator without a case in Print")
}

func expandItems(r *Expand) string {
	var s []string
	for _, it := range r.Items {
		s = append(s, column(it.Col)+" = "+Format(it.X))
	}
	return strings.Join(s, ", ")
}

// Format writes an expression the way Print does.
func Format(x Expr) string {
	switch x := x.(type) {
	case nil:
		return "none"
	case *Const:
		return constant(x)
	case *Col:
		return x.Name + "#" + strconv.Itoa(int(x.ID))
	case *Func:
		return x.Name + "(" + exprs(x.Args) + ")"
	case *Cast:
		return x.To.String() + mark(x.Implicit, "~") + "(" + Format(x.X) + ")"
	case *Binary:
		return "(" + Format(x.X) + " " + x.Op.String() + " " + Format(x.Y) + ")"
	case *Not:
		return "not(" + Format(x.X) + ")"
	case *Neg:
		return "-(" + Format(x.X) + ")"
	case *In:
		return "(" + Format(x.X) + " in" + mark(x.Fold, "~") + " (" + members(x.List, x.Array, x.Rel) + "))"
	case *HasAny:
		word := "has_any"
		if x.All {
			word = "has_all"
		}
		return "(" + Format(x.X) + " " + word + " (" + members(x.List, x.Array, x.Rel) + "))"
	case *Case:
		s := "case("
		for _, a := range x.Arms {
			s += Format(a.When) + ", " + Format(a.Then) + ", "
		}
		return s + Format(x.Else) + ")"
	case *Member:
		return Format(x.X) + "." + x.Name
	case *Index:
		return Format(x.X) + "[" + Format(x.Key) + "]"
	case *ScalarRef:
		return "scalar " + strconv.Itoa(x.Scalar.ID)
	}
	panic("plan: expression without a case in Format")
}

func members(list []Expr, array Expr, rel Rel) string {
	switch {
	case rel != nil:
		return describe(rel)
	case array != nil:
		return Format(array)
	}
	return exprs(list)
}

func constant(k *Const) string {
	if k.Null {
		return k.T.String() + "(null)"
	}
	switch k.T.String() {
	case "bool":
		return strconv.FormatBool(k.Bool)
	case "long":
		return strconv.FormatInt(k.Int, 10)
	case "int", "datetime", "timespan":
		return k.T.String() + "(" + strconv.FormatInt(k.Int, 10) + ")"
	case "real":
		return strconv.FormatFloat(k.Real, 'g', -1, 64)
	case "string":
		return strconv.Quote(k.Text)
	}
	return k.T.String() + "(" + k.Text + ")"
}
