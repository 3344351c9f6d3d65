package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

var parseModes = map[string]plan.ParseMode{
	"": plan.ParseSimple, "simple": plan.ParseSimple, "relaxed": plan.ParseRelaxed, "regex": plan.ParseRegex,
}

// parse binds parse and parse-where. A captured column replaces one of its name
// in its place; new ones come at the end.
func (c *checker) parse(op *ast.Parse, in *rows, e *env) *rows {
	word := op.Params.Word("kind")
	mode, ok := parseModes[word]
	if !ok {
		c.errorf(token.BadParameter, op, "parse has no kind %q", word)
	}
	x := c.expr(op.X, &scope{env: e, rows: in})
	if t := x.Type(); t != catalog.String && t != catalog.Dynamic && t != catalog.Unknown && !c.opt.Lenient {
		c.errorf(token.TypeMismatch, op.X, "parse reads a string, not %s", t)
	}
	rel := &plan.Parse{In: in.rel, X: cast(x, catalog.String), Mode: mode, Flags: op.Params.Word("flags"), Filter: op.Where}
	cols := append([]plan.Column(nil), in.cols...)
	rel.Cols = append(rel.Cols, in.rel.Columns()...)
	index := make(map[string]int, len(cols))
	for i, col := range cols {
		index[col.Name] = i
	}
	captured := map[string]bool{}
	openString := false // the step before captures a string without an end
	for _, part := range op.Pattern {
		if openString && part.Text == nil {
			c.errorf(token.UnsupportedForm, part, "a text must stand between a string column and what follows it, or its end is not known")
		}
		openString = false
		switch {
		case part.Star:
			rel.Steps = append(rel.Steps, plan.ParseStep{Skip: true})
		case part.Text != nil:
			rel.Steps = append(rel.Steps, plan.ParseStep{Text: part.Text.Text})
		case part.Column != nil && part.Column.Name != nil:
			name := part.Column.Name.Name
			t := catalog.String
			if part.Column.Type != nil {
				if t, ok = catalog.ParseType(part.Column.Type.Name); !ok {
					c.errorf(token.TypeMismatch, part.Column.Type, "unknown type %q", part.Column.Type.Text)
					t = catalog.String
				}
			}
			if captured[name] {
				c.errorf(token.DuplicateColumn, part.Column, "the column %q is declared twice", name)
				continue
			}
			captured[name] = true
			openString = t == catalog.String
			col := c.column(name, t)
			rel.Steps = append(rel.Steps, plan.ParseStep{Col: col})
			rel.Cols = append(rel.Cols, col)
			if i, exists := index[name]; exists {
				cols[i] = col
			} else {
				index[name] = len(cols)
				cols = append(cols, col)
			}
		}
	}
	return in.with(rel, cols)
}

func (c *checker) parseKV(op *ast.ParseKV, in *rows, e *env) *rows {
	x := c.expr(op.X, &scope{env: e, rows: in})
	if t := x.Type(); t != catalog.String && t != catalog.Dynamic && t != catalog.Unknown && !c.opt.Lenient {
		c.errorf(token.TypeMismatch, op.X, "parse-kv reads a string, not %s", t)
	}
	rel := &plan.ParseKV{In: in.rel, X: cast(x, catalog.String), Keys: c.schema(op.Schema)}
	for _, p := range op.With {
		c.kvOption(p, rel, e)
	}
	cols := append([]plan.Column(nil), in.cols...)
	rel.Cols = append(append([]plan.Column(nil), in.rel.Columns()...), rel.Keys...)
	for _, key := range rel.Keys {
		placed := false
		for i := range cols {
			if cols[i].Name == key.Name {
				cols[i], placed = key, true
			}
		}
		if !placed {
			cols = append(cols, key)
		}
	}
	return in.with(rel, cols)
}

func (c *checker) kvOption(p *ast.Property, rel *plan.ParseKV, e *env) {
	x := c.expr(p.Value, &scope{env: e})
	k, ok := x.(*plan.Const)
	if !ok {
		c.errorf(token.NotConstant, p, "%s must be a constant", p.Name)
		return
	}
	switch p.Name {
	case "pair_delimiter":
		rel.PairDelimiter = k.Text
	case "kv_delimiter":
		rel.KVDelimiter = k.Text
	case "quote":
		rel.Quotes = []string{k.Text}
		if k.T == catalog.Dynamic {
			rel.Quotes = jsonStrings(k.Text)
		}
	case "escape":
		rel.Escape = k.Text
	case "greedy":
		rel.Greedy = k.Bool
	case "regex":
		rel.Regex = k.Text
	default:
		c.errorf(token.BadParameter, p, "parse-kv has no parameter %q", p.Name)
	}
}
