package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/watchlist"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A workspace is everything a query may name: the declared tables, the functions
// and the watchlists that load. Queries of people, rules and checks all see the same.
type workspace struct {
	schema    *schema.Schema
	catalog   *catalog.Static
	functions []schema.Function
	rejected  []schema.RejectedFunction
	warnings  []schema.RejectedFunction // functions that load, with something their author should know

	lists         []*watchlist.List
	rejectedLists []watchlist.Rejected
	opened        time.Time
}

// folders are the folders of a workspace besides the built-in content, and when it is read.
type folders struct {
	functions, watchlists, tables []string
	now                           time.Time
}

func (c *Config) folders() folders { return folders{c.FuncDirs, c.ListDirs, c.TableDirs, c.Now()} }

// openWorkspace loads the built-in tables, functions and watchlists and those of
// the folders. A function that does not compile is listed and left out; a table
// that is not right is an error, because what was sent to it would be lost to sight.
func openWorkspace(from folders) (*workspace, error) {
	tables, mistakes, err := loadTables(from.tables)
	if err == nil {
		err = refuseMistakes("tables", mistakes)
	}
	if err != nil {
		return nil, err
	}
	return openWorkspaceOf(tables, from)
}

// openWorkspaceOf is openWorkspace with tables that are loaded.
func openWorkspaceOf(tables *schema.Schema, from folders) (*workspace, error) {
	list, rejected, err := schema.LoadFunctions(folder("functions"), "builtin")
	if err != nil {
		return nil, err
	}
	for _, dir := range from.functions {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			return nil, tocsin.Wrap(orNotDir(err), tocsin.Invalid, "The function folder %s cannot be read. Check --functions.", dir)
		}
		more, bad, err := schema.LoadFunctions(os.DirFS(dir), filepath.ToSlash(dir))
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The function folder %s cannot be read. Check --functions.", dir)
		}
		list, rejected = append(list, more...), append(rejected, bad...)
	}
	w := &workspace{schema: tables, rejected: rejected, opened: from.now}
	if err := w.loadLists(from.watchlists); err != nil {
		return nil, err
	}
	w.functions = w.distinct(list)
	for w.drop() {
	}
	return w, nil
}

// distinct leaves out functions whose name means something else already. A
// function of a folder takes the place of a replaceable one.
func (w *workspace) distinct(list []schema.Function) []schema.Function {
	taken := map[string]string{}
	for _, f := range catalog.Functions().All() {
		taken[f.Name] = "a function of the language"
	}
	for _, t := range w.schema.Tables() {
		taken[t.Name] = "a table"
	}
	var kept []schema.Function
	for _, f := range list {
		if i := slices.IndexFunc(kept, func(k schema.Function) bool { return k.Name == f.Name && k.Replaceable && k.Folder != f.Folder }); i >= 0 {
			kept[i], taken[f.Name] = f, "the function in "+f.Path
			continue
		}
		if as, ok := taken[f.Name]; ok {
			w.reject(&f, fmt.Sprintf("the name %s is already that of %s", f.Name, as))
			continue
		}
		taken[f.Name] = "the function in " + f.Path
		kept = append(kept, f)
	}
	return kept
}

func (w *workspace) reject(f *schema.Function, reason string) {
	w.rejected = append(w.rejected, schema.RejectedFunction{Path: f.Path, Name: f.Name, Reason: reason})
}

// drop makes the catalogue of the functions and leaves out those that do not
// compile in it. It reports whether there were any: others may have called them.
func (w *workspace) drop() bool {
	w.catalog = w.schema.Catalog()
	w.listsIn(w.catalog)
	for i := range w.functions {
		w.catalog.AddFunction(&w.functions[i].SavedFunction)
	}
	hunter := hunt.New(w.catalog, nil, nil, noClock)
	kept := make([]schema.Function, 0, len(w.functions))
	w.warnings = nil
	for _, f := range w.functions {
		diags := checkFunction(hunter, &f)
		if diags.HasErrors() {
			w.reject(&f, explainQuery(diags, f.Body))
			continue
		}
		for _, d := range diags {
			at := token.Locate(f.Body, d.Span.Start)
			w.warnings = append(w.warnings, schema.RejectedFunction{Path: f.Path, Name: f.Name, Reason: fmt.Sprintf("query %d:%d: %s", at.Line, at.Column, d.Error())})
		}
		kept = append(kept, f)
	}
	dropped := len(kept) < len(w.functions)
	w.functions = kept
	return dropped
}

// checkFunction compiles a call of a function, leniently as rules are, and
// returns the errors and warnings, placed in its body. A function gives rows or a
// value, so it is tried as both.
func checkFunction(hunter *hunt.Hunter, f *schema.Function) token.Diagnostics {
	head := "let " + f.Name + " = (" + f.Parameters + ") {\n"
	text := head + f.Body + "\n};\n"
	call := f.Name + "(" + strings.Join(placeholders(f.Params), ", ") + ")"
	diags := hunter.Check(hunt.Query{Text: text + call, Lenient: true})
	if diags.HasErrors() {
		if value := hunter.Check(hunt.Query{Text: text + "print " + call, Lenient: true}); !value.HasErrors() {
			diags = value
		}
	}
	var placed token.Diagnostics
	for _, d := range diags.Shown(text) {
		if d.Severity != token.Error && d.Severity != token.Warning {
			continue
		}
		at, end := int(d.Span.Start)-len(head), int(d.Span.End)-len(head)
		if at < 0 || at > len(f.Body) { // in the declaration or the call, which the body does not show
			at, end = 0, 0
		}
		d.Span = token.Span{Start: token.Pos(at), End: token.Pos(min(end, len(f.Body)))}
		placed = append(placed, d)
	}
	return placed
}

// placeholders are arguments for the required parameters.
func placeholders(params []schema.FunctionParameter) []string {
	var args []string
	for _, p := range params {
		switch {
		case p.Default != "":
			return args // the rest is optional, or named by callers who want it
		case p.Type == "(*)":
			args = append(args, "(print Placeholder = 1)")
		case strings.HasPrefix(p.Type, "("):
			args = append(args, "(datatable"+p.Type+"[])")
		case p.Type == "string":
			args = append(args, `"placeholder"`)
		default:
			args = append(args, p.Type+"(null)")
		}
	}
	return args
}

// reading returns a query's text followed by the bodies of the functions it
// names, and of those they name: every table it may read is named there.
func (w *workspace) reading(text string) string {
	var b strings.Builder
	b.WriteString(text)
	seen := make([]bool, len(w.functions))
	for next := []string{text}; len(next) > 0; {
		text, next = next[0], next[1:]
		for i := range w.functions {
			if f := &w.functions[i]; !seen[i] && strings.Contains(text, f.Name) {
				seen[i] = true
				b.WriteString("\n" + f.Body)
				next = append(next, f.Body)
			}
		}
	}
	return b.String()
}
