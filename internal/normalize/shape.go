package normalize

import (
	"iter"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/recognition"
)

// A shapeRule says how one shape of records is recognised and what it becomes.
// A field is named by its path: userIdentity.arn. Arrays on the way are
// transparent: the first element that has the field gives it. target.*.id is
// the list of all, target.0.id that of one element.
type shapeRule struct {
	Name      string           `yaml:"name"`
	Recognise recognition.Rule `yaml:"recognise"` // none: a parser names the shape
	Time      string           `yaml:"time"`      // expression; when it happened
	// Pairs are arrays of objects that hold a name and a value each: read like
	// an object of these names. The two words are the members' names.
	Pairs  map[string][2]string `yaml:"pairs"`
	Ignore []string             `yaml:"ignore"` // fields that say nothing about the event; with all below them
	// Strip are objects whose fields Sigma rules also know without this prefix.
	Strip []string `yaml:"strip"`
	// Under are prefixes that Sigma rules may put before every field.
	Under     []string    `yaml:"under"`
	LogSource string      `yaml:"logsource"` // lines "product = aws", of product, category and service
	Fields    string      `yaml:"fields"`    // lines "Name expression": further names for Sigma
	View      bool        `yaml:"view"`      // Sigma also sees the first row by its columns' names, and takes its log source if logsource is empty
	Unwrap    *unwrapRule `yaml:"unwrap"`
	Row       *rowOfTable `yaml:"row"`
	Rows      []tableRow  `yaml:"rows"`
}

// A rowOfTable says that a record carries a row that has a table's shape.
type rowOfTable struct {
	Table string `yaml:"table"` // expression: the table's name
	Body  string `yaml:"body"`  // field with the row
}

// An unwrapRule says that a record is an envelope around another one, which is
// recognised in its turn. If it is not, the rows of the envelope's own shape are
// made.
type unwrapRule struct {
	Body string `yaml:"body"` // expression: the inner record, an object or a text
	Host string `yaml:"host"` // expressions of what the envelope knows, for $Host,
	Kind string `yaml:"kind"` // $Kind
	Time string `yaml:"time"` // and the time of records that have none
	// Program, PID, Facility and Severity are what a shipper cut off a syslog
	// message: with a program, or a facility, the body is read behind a header of
	// them. Facility and severity are names or numbers.
	Program  string `yaml:"program"`
	PID      string `yaml:"pid"`
	Facility string `yaml:"facility"`
	Severity string `yaml:"severity"`
}

// A tableRow says how a record becomes a row of a table.
type tableRow struct {
	Table string              `yaml:"table"`
	When  map[string][]string `yaml:"when"` // field → values of which it must have one; "*" is any but none, "" is none
	Use   []string            `yaml:"use"`
	Auto  []string            `yaml:"auto"` // objects whose members fill the columns of their names, ignoring case; "." is the record
	// Suffixed are objects whose members, at any depth, fill columns as Azure's
	// collector names them: actor.id fills actor_id_s, _d, _b, _t or _g. The
	// value is what the names begin with, instead of the object's own path.
	Suffixed map[string]string `yaml:"suffixed"`
	Columns  string            `yaml:"columns"`
	// Rest is the column for what no column takes. Empty: AdditionalFields, if
	// the table has it, in the first row of the record; "none" is nowhere. A text
	// column takes it as key=value split by semicolons.
	Rest string `yaml:"rest"`
	// Whole says that a column has the text of the whole record: what other
	// columns do not take is not lost.
	Whole bool `yaml:"whole"`
}

// A recordShape is a shapeRule compiled. It is immutable.
type recordShape struct {
	name      string
	sym       expression.Symbols
	root      *node // the fields that are asked for
	time      *expression.Expr
	logSource [3]*expression.Expr // product, category, service; nil where it has none
	strip     []string
	under     []string
	fields    []sigmaField
	view      bool
	unwrap    *unwrapping
	rowTable  *expression.Expr
	rowBody   *expression.Expr
	plans     []*shapePlan
}

type sigmaField struct {
	name string
	expr *expression.Expr
}

type unwrapping struct {
	body, host, kind, time           *expression.Expr
	program, pid, facility, severity *expression.Expr
}

// A shapePlan makes one row.
type shapePlan struct {
	rowPlan
	taken map[int]bool // columns that lines fill
	rest  int          // column, -1
	first bool         // the rest goes there only if this is the first row
	whole bool         // nothing of the record is lost
}

// maxPlans is how many rows a shape may have: the bits of node.plans.
const maxPlans = 64

// shape compiles one shape.
func (c *mappingCompiler) shape(f *mappingSource, at place, rule *shapeRule) *recordShape {
	s := &recordShape{name: rule.Name, sym: expression.Symbols{}, strip: rule.Strip, under: rule.Under, view: rule.View}
	where := "shape " + rule.Name
	if rule.Name == "" || len(rule.Rows) > maxPlans {
		c.reject(at, "%s: a shape has a name and at most %d rows", where, maxPlans)
		return nil
	}
	if f.isOwn && !c.isUseful(where, at, rule) {
		return nil
	}
	compiled := func(at place, what, text string) *expression.Expr {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		x, err := expression.Parse(text, &s.sym, expression.Names{Maps: f.names.maps})
		if err != nil {
			c.reject(at, "%s: %s: %w", where, what, err)
		}
		return x
	}
	takes := newTakes(s)
	s.time = compiled(at.in("time"), "time", rule.Time)
	c.shapeSource(where, at.in("logsource"), s, rule.LogSource, compiled)
	for i, line := range linesOf(rule.Fields) {
		s.fields = append(s.fields, sigmaField{name: line.name, expr: compiled(at.in("fields").line(i), "field "+line.name, line.rest)})
	}
	if u := rule.Unwrap; u != nil {
		part := func(text string) *expression.Expr { return compiled(at.in("unwrap"), "unwrap", text) }
		s.unwrap = &unwrapping{
			body: part(u.Body), host: part(u.Host), kind: part(u.Kind), time: part(u.Time),
			program: part(u.Program), pid: part(u.PID), facility: part(u.Facility), severity: part(u.Severity),
		}
	}
	if r := rule.Row; r != nil {
		s.rowTable, s.rowBody = compiled(at.in("row"), "row", r.Table), compiled(at.in("row"), "row", r.Body)
	}
	takes.mark(allPlans, s.time)
	inside := newTakes(s)
	inside.mark(allPlans, s.rowTable, s.rowBody)
	if s.unwrap != nil {
		u := s.unwrap
		inside.mark(allPlans, s.time, u.body, u.host, u.kind, u.time, u.program, u.pid, u.facility, u.severity)
	}
	for i := range rule.Rows {
		p := c.shapePlan(where, f.names, at.in("rows", i), s, &rule.Rows[i])
		if p == nil {
			continue
		}
		for _, cl := range append(p.cells, p.special...) {
			takes.mark(1<<len(s.plans), cl.expr)
		}
		for _, w := range p.when {
			takes.symbol(1<<len(s.plans), w.symbol)
		}
		s.plans = append(s.plans, p)
	}
	s.grow(rule, takes, inside)
	return s
}

// shapeSource compiles the lines that say what Sigma calls the source.
func (c *mappingCompiler) shapeSource(where string, at place, s *recordShape, text string, compiled func(at place, what, text string) *expression.Expr) {
	for n, line := range linesOf(text) {
		i := slices.Index(logSourceParts, line.name)
		if i < 0 {
			c.reject(at.line(n), "%s: a log source has no %s", where, line.name)
			continue
		}
		s.logSource[i] = compiled(at.line(n), "logsource", line.rest)
	}
}

// logSourceParts are what a log source has, in the order of recordShape.logSource.
var logSourceParts = []string{"product", "category", "service"}

// A mappingLine is a line "name expression".
type mappingLine struct{ name, rest string }

// linesOf reads lines "name expression", with their number in the text.
func linesOf(text string) iter.Seq2[int, mappingLine] {
	return func(yield func(int, mappingLine) bool) {
		n := -1
		for line := range strings.SplitSeq(text, "\n") {
			n++
			name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			if name != "" && name[0] != '#' && !yield(n, mappingLine{name, rest}) {
				return
			}
		}
	}
}

// isUseful says whether a shape of somebody's own can ever apply.
func (c *mappingCompiler) isUseful(where string, at place, rule *shapeRule) bool {
	r := &rule.Recognise
	switch {
	case len(r.Has)+len(r.Is)+len(r.Or) == 0:
		c.reject(at, "%s: nothing says how its records are recognised; add, for example: recognise: {has: [fieldA, fieldB]}", where)
	case len(rule.Rows) == 0 && rule.Unwrap == nil && rule.Row == nil:
		c.reject(at, "%s: nothing says what its records become; add rows", where)
	default:
		return true
	}
	return false
}

func (c *mappingCompiler) shapePlan(where string, names *scope, at place, s *recordShape, rule *tableRow) *shapePlan {
	t, ok := c.tables[rule.Table]
	if !ok {
		c.rejectTable(at, where+": ", rule.Table)
		return nil
	}
	p := &shapePlan{rowPlan: rowPlan{t: t}, taken: map[int]bool{}, rest: -1, whole: rule.Whole}
	for _, field := range sortedNames(rule.When) {
		p.when = append(p.when, condition{symbol: s.sym.ID(field), values: rule.When[field]})
	}
	lines := lineReader{c: c, names: names, where: where + ": row of " + t.name, t: t, sym: &s.sym}
	lines.use(rule.Use, at.in("use"))
	lines.add(rule.Columns, at.in("columns"))
	p.cells, p.special = lines.sorted()
	for _, cl := range append(p.cells, p.special...) {
		p.taken[cl.column] = true
	}
	switch rule.Rest {
	case "":
		p.rest, p.first = t.additional, true
	case "none":
	default:
		i, ok := t.byName[rule.Rest]
		if !ok {
			c.reject(at.in("rest"), "%s: row of %s: no column %s for the rest", where, t.name, rule.Rest)
		}
		p.rest = i
	}
	return p
}

// compileShapes compiles the shapes of every file and what recognises them.
func (c *mappingCompiler) compileShapes() *shapes {
	all := &shapes{named: map[string]*recordShape{}}
	shipped := map[string]bool{}
	for _, f := range c.files {
		for j := range f.Shapes {
			rule, at := &f.Shapes[j], f.at("shapes", j)
			s := c.shape(f, at, rule)
			if s == nil {
				continue
			}
			switch {
			case all.named[s.name] == nil:
			case f.isOwn && shipped[s.name]:
				c.reject(at.in("name"), "shape %s is shipped; choose another name. If it is recognised by the same, or by more, it is preferred to the shipped one", s.name)
			default:
				c.reject(at.in("name"), "shape %s is declared twice", s.name)
			}
			all.named[s.name], shipped[s.name] = s, shipped[s.name] || !f.isOwn
			all.symbols = max(all.symbols, len(s.sym.IDs))
			for _, way := range append([]recognition.Rule{rule.Recognise}, rule.Recognise.Or...) {
				if err := all.signals.Add(s.name, f.isOwn, &way); err != nil {
					c.reject(at, "shape %s: %w", s.name, err)
				}
			}
		}
	}
	if err := all.signals.AddForms(); err != nil {
		c.reject(c.files[len(c.files)-1].at(), "%w", err) // the last to ask for too much
	}
	all.signals.Compile()
	return all
}

// shapes are all shapes of records that are no Windows events.
type shapes struct {
	named   map[string]*recordShape
	signals recognition.Signals
	symbols int // the most that one of them has
}
