package check

import (
	"regexp"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// starRegex is the regular expression of a search pattern with inner stars; an
// end without a star is the edge of a term.
func starRegex(s string, lead, trail, exactCase bool) string {
	parts := strings.Split(s, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	re := strings.Join(parts, ".*")
	if !lead {
		re = `(^|[^\pL\pN])` + re
	}
	if !trail {
		re += `($|[^\pL\pN])`
	}
	flags := "(?is)"
	if exactCase {
		flags = "(?s)"
	}
	return flags + re
}

// find binds find: the rows of several tables that match, with the table's name
// (source_), the chosen columns and the others packed.
func (c *checker) find(op *ast.Find, in *rows, e *env) *rows {
	source := op.Params.Word("withsource")
	if source == "" {
		source = "source_"
	}
	var branches []*rows
	if in != nil {
		branches = append(branches, in)
	}
	for _, x := range op.In {
		branches = append(branches, c.branch(x, true, e)...)
	}
	if len(op.In) == 0 && in == nil {
		branches = c.tables("*", e)
	}
	wanted, pack := c.findColumns(op, branches)
	var kept []*rows
	for _, r := range branches {
		sc := &scope{env: e, rows: r, searching: true, tolerant: true}
		pred := c.searchPredicate(op.Predicate, sc)
		f := r.with(&plan.Filter{In: r.rel, Pred: pred}, r.cols)
		kept = append(kept, c.findProject(f, wanted, pack))
	}
	if len(kept) == 0 {
		c.errorf(token.UnknownTable, op, "there is no table to look in")
		return nil
	}
	return c.combine(kept, source, "union_arg", false)
}

// findColumns lists the columns a find delivers; pack says that all others come
// as one bag, pack_.
func (c *checker) findColumns(op *ast.Find, branches []*rows) (wanted []field, pack bool) {
	if len(op.Project) > 0 {
		for _, p := range op.Project {
			if p.Pack {
				pack = true
				continue
			}
			t := catalog.Unknown
			if p.Column.Type != nil {
				t, _ = catalog.ParseType(p.Column.Type.Name)
			} else {
				for _, r := range branches {
					if col, ok := r.find(p.Column.Name.Name); ok {
						t = col.Type
						break
					}
				}
			}
			if t == catalog.Unknown {
				t = catalog.Dynamic
			}
			wanted = append(wanted, field{p.Column.Name.Name, t})
		}
		return wanted, pack
	}
	// project-smart: the columns the predicate names, and those all tables have.
	named := map[string]bool{}
	if op.Predicate != nil {
		ast.Walk(op.Predicate, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				named[id.Name] = true
			}
			return true
		})
	}
	seen := map[string]bool{}
	for _, r := range branches {
		for _, col := range r.cols {
			everywhere := true
			for _, other := range branches {
				if _, ok := other.find(col.Name); !ok {
					everywhere = false
				}
			}
			if !seen[col.Name] && (named[col.Name] || everywhere) {
				seen[col.Name] = true
				wanted = append(wanted, field{col.Name, col.Type})
			}
		}
	}
	return wanted, true
}

func (c *checker) findProject(r *rows, wanted []field, pack bool) *rows {
	p := &projection{plan.Project{In: r.rel}}
	taken := map[string]bool{}
	for _, f := range wanted {
		taken[f.name] = true
		col, ok := r.find(f.name)
		switch {
		case ok && col.Type == f.typ:
			p.keep(col)
		case ok:
			p.compute(c.column(f.name, f.typ), explicitCast(colRef(col), f.typ))
		default:
			p.compute(c.column(f.name, f.typ), null(f.typ))
		}
	}
	if pack {
		var rest []plan.Column
		for _, col := range r.cols {
			if !taken[col.Name] {
				rest = append(rest, col)
			}
		}
		p.compute(c.column("pack_", catalog.Dynamic), packed("bag_pack_nonempty", rest))
	}
	out := unordered(&p.Project, p.Cols)
	out.name = r.name
	return out
}
