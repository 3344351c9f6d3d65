package command

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Database is the name of an installation's only database.
const Database = "Tocsin"

// A World is what answers are made of.
type World struct {
	Catalog catalog.Catalog
	Version string    // of the product; empty is "dev"
	Now     time.Time // of the query
}

// An Answer is a table of constants.
type Answer struct {
	Columns []catalog.Column
	// Rows hold nil, bool, int64, string by column, or a Count.
	Rows [][]any
}

// A Count is a cell whose value is the number of rows of a stored table.
type Count struct{ Table *catalog.Table }

// A Command is one command that is answered.
type Command struct {
	Syntax string // ".show table NAME details"
	Doc    string // one line
	answer func(w World, c call) (*Answer, *token.Diagnostic)
}

// A call is what a command names.
type call struct {
	names []ast.Word
	list  []ast.Word
	all   bool // there is no list
}

// All returns every command that is answered.
func All() []Command {
	return []Command{
		{"show version", "The version of the product.", version},
		{"show [cluster] databases [LIST] [WITH]", "The databases: there is one.", databases},
		{"show [cluster] databases details", "The database.", databases},
		{"show tables [LIST]", "The tables.", tables},
		{"show tables [LIST] details", "The tables with their numbers of rows.", tablesDetails},
		{"show table NAME details", "A table with its number of rows.", tablesDetails},
		{"show table NAME cslschema", "The columns of a table as KQL.", cslSchema},
		{"show table NAME kqlschema", "The columns of a table as KQL.", cslSchema},
		{"show table NAME schema as json", "The columns of a table as JSON.", jsonSchema},
		{"show table NAME", "The columns of a table, one per row.", attributes},
		{"show database [NAME] schema [details] [LATER]", "Every column of every table.", databaseSchema},
		{"show databases [LIST] schema [details]", "Every column of every table.", databaseSchema},
		{"show database [NAME] schema [LATER] as json [WITH]", "Tables and functions as one JSON document.", databaseJSON},
		{"show databases [LIST] schema as json [WITH]", "Tables and functions as one JSON document.", databaseJSON},
		{"show [cluster] schema [details]", "Every column of every table.", databaseSchema},
		{"show [cluster] schema as json", "Tables and functions as one JSON document.", clusterJSON},
		{"show database [NAME] cslschema", "The columns of every table as KQL.", databaseCSL},
		{"show database [NAME] kqlschema", "The columns of every table as KQL.", databaseCSL},
		{"show database [NAME] [WITH]", "The database.", databases},
		{"show databases entities [WITH]", "Tables and functions, one per row.", entities},
		{"show functions", "The saved functions.", functions},
		{"show function NAME schema as json [WITH]", "A saved function with its parameters as JSON.", functionJSONSchema},
		{"show function NAME [WITH]", "A saved function.", functions},
		{"show cluster", "The node.", cluster},
		{"show diagnostics", "Whether the installation answers.", diagnostics},
		{"show plugins [WITH]", "The plugins of evaluate.", plugins},
		{"show operations [LIST]", "Asynchronous operations: there are none.", nothing("OperationId:guid, Operation:string, NodeId:string, StartedOn:datetime, LastUpdatedOn:datetime, Duration:timespan, State:string, Status:string, RootActivityId:guid, ShouldRetry:bool, Database:string, Principal:string, User:string, AdminEpochStartTime:datetime, VirtualCluster:string")},
		{"show materialized-views", "Materialized views: there are none.", nothing("Name:string, SourceTable:string, Query:string, MaterializedTo:datetime, LastRun:datetime, LastRunResult:string, IsHealthy:bool, IsEnabled:bool, Folder:string, DocString:string, AutoUpdateSchema:bool, EffectiveDateTime:datetime, Lookback:timespan, LookbackColumn:string")},
		{"show external tables [WITH]", "External tables: there are none.", nothing("TableName:string, TableType:string, Folder:string, DocString:string, Properties:string, ConnectionStrings:dynamic, Partitions:dynamic, PathFormat:string")},
	}
}

// Respond answers a command, or says why not.
func Respond(c *ast.Command, w World) (*Answer, *token.Diagnostic) {
	words := c.Words
	for len(words) > 0 && !words[len(words)-1].Quoted && words[len(words)-1].Text == ";" {
		words = words[:len(words)-1]
	}
	for _, known := range All() {
		if got, ok := match(strings.Fields(known.Syntax), words, call{all: true}); ok && c.Input == "" {
			return known.answer(w, got)
		}
	}
	return nil, refuse(c)
}

// refuse names a command that is not answered and what there is instead.
func refuse(c *ast.Command) *token.Diagnostic {
	d := &token.Diagnostic{Code: token.UnsupportedCommand, Span: c.Span()}
	var words []string
	for _, w := range c.Words[:min(len(c.Words), 2)] {
		words = append(words, w.Text)
	}
	d.Message = "the command ." + strings.Join(words, " ") + " is not answered here"
	verb, _, _ := strings.Cut(strings.ToLower(strings.Join(words, " ")), " ")
	switch {
	case verb == "show":
		d.Hint = "answered are .show tables, table, functions, function, databases, database schema, version, cluster and those the reference lists"
	case strings.HasPrefix(verb, "ingest"), strings.HasPrefix(verb, "append"), strings.HasPrefix(verb, "set"):
		d.Hint = "queries only read; send data to a door or use tocsin import"
	default:
		d.Hint = "queries only read; tables, functions and watchlists are files that the installation is started with"
	}
	return d
}

// match matches words with a syntax: words, NAME, LIST for a list in parentheses, WITH
// for with (…), LATER for if_later_than "version"; in brackets all are optional.
func match(syntax []string, words []ast.Word, c call) (call, bool) {
	if len(syntax) == 0 {
		return c, len(words) == 0
	}
	element, optional := strings.CutPrefix(syntax[0], "[")
	element = strings.TrimSuffix(element, "]")
	if len(words) > 0 {
		if after, n := take(element, words, c); n > 0 {
			if got, ok := match(syntax[1:], words[n:], after); ok {
				return got, true
			}
		}
	}
	if optional {
		return match(syntax[1:], words, c)
	}
	return c, false
}

// take matches one element and returns how many words it took.
func take(element string, words []ast.Word, c call) (call, int) {
	switch element {
	case "NAME":
		if words[0].Quoted || words[0].Text != "(" {
			c.names = append(append([]ast.Word(nil), c.names...), words[0])
			return c, 1
		}
		return c, 0
	case "WITH":
		if !strings.EqualFold(words[0].Text, "with") || len(words) < 2 {
			return c, 0
		}
		_, n := list(words[1:])
		if n == 0 {
			return c, 0
		}
		return c, n + 1
	case "LATER": // whoever knows this version gets it again: it never changes
		if strings.EqualFold(words[0].Text, later) && len(words) > 1 {
			return c, 2
		}
		return c, 0
	case "LIST":
		names, n := list(words)
		if n > 0 {
			c.list, c.all = names, false
		}
		return c, n
	}
	if !words[0].Quoted && strings.EqualFold(words[0].Text, element) {
		return c, 1
	}
	return c, 0
}

// later stands before the version of a schema that a client knows.
const later = "if_later_than"

// list reads ( a , b ) and returns the words between the commas.
func list(words []ast.Word) (names []ast.Word, n int) {
	if words[0].Quoted || words[0].Text != "(" {
		return nil, 0
	}
	for i, w := range words[1:] {
		switch {
		case strings.EqualFold(w.Text, later), strings.EqualFold(words[i].Text, later): // with the version after it
		case !w.Quoted && w.Text == ")":
			return names, i + 2
		case !w.Quoted && w.Text == ",":
		default:
			names = append(names, w)
		}
	}
	return nil, 0
}

// columns reads a list of name:type.
func columns(text string) []catalog.Column {
	var out []catalog.Column
	for _, part := range strings.Split(text, ", ") {
		name, kind, _ := strings.Cut(part, ":")
		t, ok := catalog.ParseType(kind)
		if !ok {
			panic("command: column " + part + " has no type")
		}
		out = append(out, catalog.Column{Name: name, Type: t})
	}
	return out
}

// nothing is an answer without rows.
func nothing(text string) func(World, call) (*Answer, *token.Diagnostic) {
	return func(World, call) (*Answer, *token.Diagnostic) { return &Answer{Columns: columns(text)}, nil }
}

// isHere reports whether the database a call names is the one there is.
func (c call) isHere() *token.Diagnostic {
	for _, w := range append(append([]ast.Word(nil), c.names...), c.list...) {
		if !strings.EqualFold(w.Text, Database) && w.Text != "*" {
			return &token.Diagnostic{Code: token.UnknownTable, Span: w.Span(), Message: "there is no database \"" + w.Text + "\"", Hint: "the only one is " + Database}
		}
	}
	return nil
}

// chosen are the tables that a call names, all of them when it names none.
func (w World) chosen(c call) ([]*catalog.Table, *token.Diagnostic) {
	words := append(append([]ast.Word(nil), c.names...), c.list...)
	var out []*catalog.Table
	if c.all && len(words) == 0 {
		for _, name := range w.Catalog.TableNames() {
			if t, ok := w.Catalog.Table(name); ok {
				out = append(out, t)
			}
		}
		return out, nil
	}
	for _, word := range words {
		t, ok := w.Catalog.Table(word.Text)
		if !ok {
			return nil, unknown("table", word, w.Catalog.TableNames())
		}
		out = append(out, t)
	}
	return out, nil
}

func unknown(kind string, word ast.Word, names []string) *token.Diagnostic {
	return &token.Diagnostic{Code: token.UnknownTable, Span: word.Span(), Message: "unknown " + kind + " \"" + word.Text + "\"",
		Hint: token.DidYouMean(word.Text, func(yield func(string) bool) {
			for _, name := range names {
				if !yield(name) {
					return
				}
			}
		})}
}
