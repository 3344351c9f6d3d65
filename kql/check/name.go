package check

import (
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// autoName is the name Kusto gives an unnamed column made of e; "" when it gives
// none (then Column1, print_0 …). See inventory.md §15.
func (c *checker) autoName(e ast.Expr, sc *scope) string {
	switch e := e.(type) {
	case *ast.Paren:
		return c.autoName(e.X, sc)
	case *ast.Ident:
		return e.Name
	case *ast.Member:
		if id, ok := e.X.(*ast.Ident); ok {
			if _, side := sc.side(id.Name); side || sc.elements[id.Name] != nil {
				if sc.elements[id.Name] != nil {
					return id.Name + "_" + e.Name.Name
				}
				return e.Name.Name
			}
		}
		return joinNames(c.autoName(e.X, sc), e.Name.Name)
	case *ast.Index:
		key := ""
		if l, ok := ast.Unparen(e.Y).(*ast.Literal); ok {
			switch l.Kind {
			case ast.String:
				key = l.Text
			case ast.Long, ast.Int:
				key = strconv.FormatInt(l.Int, 10)
			}
		}
		if key == "" {
			return c.autoName(e.X, sc)
		}
		return joinNames(c.autoName(e.X, sc), key)
	case *ast.Call:
		return c.callName(e, sc)
	}
	return ""
}

func joinNames(left, right string) string {
	if left == "" {
		return right
	}
	return left + "_" + right
}

// callName applies the naming rule of a function of the table. Let and saved
// functions give no name.
func (c *checker) callName(e *ast.Call, sc *scope) string {
	if e.Name == nil || e.Recv != nil {
		return ""
	}
	if b, ok := sc.env.lookup(e.Name.Name); ok && b.fn != nil {
		return ""
	}
	f, ok := c.fns.Lookup(e.Name.Name, catalog.Scalar)
	if sc.chain != nil {
		if g, inGraph := c.fns.Lookup(e.Name.Name, catalog.Graph); inGraph {
			f, ok = g, true
		}
	}
	if sc.agg != nil {
		if a, isAgg := c.fns.Lookup(e.Name.Name, catalog.Aggregate); isAgg {
			f, ok = a, true
		}
	}
	if !ok {
		return ""
	}
	nth := func(i int) string {
		if i >= len(e.Args) {
			return ""
		}
		if n := e.Args[i].Name(); n != nil {
			return n.Name
		}
		return c.autoName(e.Args[i].X, sc)
	}
	first := func() string { return nth(0) }
	switch f.Naming.Kind {
	case catalog.NameNone:
		return ""
	case catalog.NameFirstArg:
		return first()
	case catalog.NameOnlyArg:
		if len(e.Args) == 1 {
			return first()
		}
		return ""
	case catalog.NamePrefixArg:
		return f.Naming.Prefix + "_" + first()
	case catalog.NamePrefixArgs:
		return f.Naming.Prefix + "_" + nth(0) + "_" + nth(1)
	case catalog.NamePrefixOnly:
		return f.Naming.Prefix
	case catalog.NameFuncArg:
		return f.Name + "_" + first()
	case catalog.NameFirstArgValue:
		if len(e.Args) > 0 {
			if l, ok := ast.Unparen(e.Args[0].X).(*ast.Literal); ok && l.Kind == ast.String {
				if _, exists := sc.rows.find(l.Text); exists {
					return l.Text
				}
			}
		}
		return ""
	}
	panic("check: naming without a case")
}
