package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// watchlist binds _GetWatchlist("alias"). In lenient mode a watchlist that does not
// exist is an empty one of any columns.
func (c *checker) watchlist(e *ast.Call, sc *scope) value {
	alias, ok := c.constantText(e, 0, sc.constant())
	if !ok {
		return unknown()
	}
	if len(e.Args) > 1 && !c.keepsTypes(e.Args[1], sc) {
		return unknown()
	}
	t, ok := c.cat.Watchlist(alias)
	if !ok {
		return c.unknownWatchlist(e, alias)
	}
	if t.Empty {
		return value{rows: c.emptyWatchlist(t)}
	}
	return value{rows: c.readTable(t, true)}
}

// keepsTypes checks the second argument of _GetWatchlist: whether columns keep the
// types they have. All of them are text, so both answers mean the same.
func (c *checker) keepsTypes(a *ast.NamedExpr, sc *scope) bool {
	if t := c.expr(a.X, sc.constant()).Type(); t != catalog.Bool && t != catalog.Unknown {
		c.errorf(token.TypeMismatch, a, "the second argument of _GetWatchlist() is true or false, not %s; filter on SearchKey with where", t)
		return false
	}
	return true
}

func (c *checker) unknownWatchlist(n ast.Node, alias string) value {
	hint := token.DidYouMean(alias, func(yield func(string) bool) {
		for _, name := range c.cat.WatchlistNames() {
			if !yield(name) {
				return
			}
		}
	})
	if !c.opt.Lenient {
		if hint == "" {
			hint = "_GetWatchlistAlias lists the watchlists there are"
		}
		c.hint(token.UnknownTable, n, hint, "there is no watchlist \""+alias+"\"")
		return unknown()
	}
	c.diags.Add(token.Diagnostic{Code: token.UnknownTable, Severity: token.Warning, Span: c.span(n), Hint: hint,
		Message: "there is no watchlist \"" + alias + "\"; it reads as empty"})
	t := catalog.NewWatchlist(alias)
	t.Open = true
	return value{rows: c.emptyWatchlist(t)}
}

// emptyWatchlist is a watchlist without rows that no store has.
func (c *checker) emptyWatchlist(t *catalog.Table) *rows {
	rel := &plan.Values{}
	for _, col := range t.Columns {
		rel.Cols = append(rel.Cols, c.column(col.Name, col.Type))
	}
	return &rows{rel: rel, cols: rel.Cols, open: t.Open, name: t.Name}
}

// watchlistAliases binds _GetWatchlistAlias: the aliases, one per row.
func (c *checker) watchlistAliases() *rows {
	rel := &plan.Values{Cols: []plan.Column{c.column("WatchlistAlias", catalog.String)}}
	for _, name := range c.cat.WatchlistNames() {
		rel.Rows = append(rel.Rows, []plan.Expr{stringConst(name)})
	}
	return unordered(rel, rel.Cols)
}
