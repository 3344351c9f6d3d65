package normalize

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// mappingFile is the form of content/normalize/<source>.yaml. groups and maps
// are known in every file; channels and rows are about Windows events, shapes
// about every other record.
type mappingFile struct {
	Shapes   []shapeRule                  `yaml:"shapes"`
	Channels []string                     `yaml:"channels"` // "any": every channel that is not in Except
	Except   []string                     `yaml:"except"`
	Groups   map[string]string            `yaml:"groups"`
	Maps     map[string]map[string]string `yaml:"maps"`
	Rows     []rowRule                    `yaml:"rows"`
}

// A rowRule says how events become a row of a table.
type rowRule struct {
	Table     string              `yaml:"table"`
	Events    []int               `yaml:"events"` // none: all
	When      map[string][]string `yaml:"when"`   // field → values of which it must have one
	Use       []string            `yaml:"use"`    // groups
	Twin      bool                `yaml:"twin"`   // the row is shown in another form in a second table, too
	Auto      bool                `yaml:"auto"`   // columns named like a field of the event take it
	Columns   string              `yaml:"columns"`
	Overrides []struct {
		Events  []int  `yaml:"events"`
		Columns string `yaml:"columns"`
	} `yaml:"overrides"`
}

// A mapping is all mapping files, compiled.
type mapping struct {
	sym      expression.Symbols
	channels map[string]*channelPlans // by name as written, and in lower case
	other    *channelPlans            // channels that no file names
	shapes   *shapes
}

// channelPlans are the rows that events of a channel become.
type channelPlans struct {
	byEvent map[int][]*rowPlan
	rest    []*rowPlan // events that no rule names
}

// A rowPlan makes one row.
type rowPlan struct {
	t       *table
	auto    bool
	twin    bool
	when    []condition
	cells   []cell
	special []cell // members of AdditionalFields
}

type condition struct {
	symbol int
	values []string
}

// A cell is a column, or a member of an object in a column, and how to make it.
type cell struct {
	column int
	member string // of the column's object; empty is the column itself
	expr   *expression.Expr

	rendering windows.Rendering // of a Windows event, where the expression begins with one
}

// eval makes the text of the cell; ok is false when the event does not have it.
func (c *cell) eval(e *winEvent) (text string, ok bool) {
	if c.rendering != nil {
		text, ok = c.rendering(e.Event)
		return c.expr.Convert(text, ok)
	}
	text, _, ok = c.expr.Of(&e.Slots)
	return text, ok
}

// at returns the plans of an event.
func (m *mapping) at(channel string, eventID int) []*rowPlan {
	c := m.channels[channel]
	if c == nil {
		c = m.channels[strings.ToLower(channel)]
	}
	if c == nil {
		c = m.other
	}
	if plans, ok := c.byEvent[eventID]; ok {
		return plans
	}
	return c.rest
}

// tablesFile is not a mapping of Windows events, see loadViews.
const tablesFile = "tables.yaml"

// loadMapping reads and compiles every mapping file.
func loadMapping(folders []Folder, tables map[string]*table) (*mapping, error) {
	c := mappingCompiler{tables: tables, m: &mapping{sym: expression.Symbols{}, channels: map[string]*channelPlans{}}}
	names := &scope{groups: map[string]group{}, maps: map[string]map[string]string{}}
	for i := range folders {
		paths, err := folders[i].mappings()
		if err != nil {
			return nil, err
		}
		names = names.inner()
		for _, p := range paths {
			c.read(&folders[i], p, names)
		}
	}
	c.compile()
	c.m.shapes = c.compileShapes()
	if err := c.err(); err != nil {
		return nil, err
	}
	return c.m, nil
}

type mappingCompiler struct {
	m      *mapping
	tables map[string]*table
	files  []*mappingSource
	errs   []*schema.Mistake
}

func (c *mappingCompiler) read(from *Folder, name string, names *scope) {
	f := &mappingSource{yamlFile: yamlFile{path: from.path(name)}, names: names, isOwn: from.IsOwn}
	if m := f.decode(from.Files, name, &f.mappingFile); m != nil {
		c.errs = append(c.errs, m)
		return
	}
	for _, name := range sortedNames(f.Groups) {
		if names.declared["group "+name] {
			c.reject(f.at("groups", name), "group %s is declared twice", name)
			continue
		}
		names.declared["group "+name] = true
		names.groups[name] = group{f.Groups[name], f.at("groups", name)}
	}
	for _, name := range sortedNames(f.Maps) {
		if names.declared["map "+name] {
			c.reject(f.at("maps", name), "map %s is declared twice", name)
			continue
		}
		names.declared["map "+name] = true
		names.maps[name] = f.Maps[name]
	}
	c.files = append(c.files, f)
}

// compile makes the plans of every channel that a file names, and of all others.
func (c *mappingCompiler) compile() {
	const others = ""
	named := map[string]bool{others: true}
	for _, f := range c.files {
		for _, channel := range append(append([]string(nil), f.Channels...), f.Except...) {
			if channel != "any" {
				named[strings.ToLower(channel)] = true
			}
		}
	}
	for channel := range named {
		plans := &channelPlans{byEvent: map[int][]*rowPlan{}}
		events := map[int]bool{}
		for _, f := range c.files {
			if !f.covers(channel) {
				continue
			}
			for _, rule := range f.Rows {
				rule.named(events)
			}
		}
		for event := range events {
			plans.byEvent[event] = c.plans(channel, event)
		}
		plans.rest = c.plans(channel, -1)
		if c.m.channels[channel] = plans; channel == others {
			c.m.other = plans
		}
	}
	for _, f := range c.files {
		for _, channel := range f.Channels {
			if plans := c.m.channels[strings.ToLower(channel)]; plans != nil {
				c.m.channels[channel] = plans
			}
		}
	}
}

// covers says whether the file is about a channel (lower case).
func (f *mappingFile) covers(channel string) bool {
	for _, name := range f.Except {
		if strings.EqualFold(name, channel) {
			return false
		}
	}
	for _, name := range f.Channels {
		if name == "any" || strings.EqualFold(name, channel) {
			return true
		}
	}
	return false
}

// named adds the events that a rule treats in a way of their own.
func (r *rowRule) named(events map[int]bool) {
	for _, e := range r.Events {
		events[e] = true
	}
	for _, o := range r.Overrides {
		for _, e := range o.Events {
			events[e] = true
		}
	}
}

// plans compiles the rows of one event of a channel; event -1 is any other. The
// tables that take every event come first: alerts cite the first row.
func (c *mappingCompiler) plans(channel string, event int) []*rowPlan {
	var raw, list []*rowPlan
	for i := range c.files {
		f := c.files[i]
		if !f.covers(channel) {
			continue
		}
		for j := range f.Rows {
			rule := &f.Rows[j]
			if len(rule.Events) > 0 && !slices.Contains(rule.Events, event) {
				continue
			}
			switch p := c.plan(f, f.at("rows", j), rule, event); {
			case p == nil:
			case len(rule.Events) == 0:
				raw = append(raw, p)
			default:
				list = append(list, p)
			}
		}
	}
	return append(raw, list...)
}

func (c *mappingCompiler) plan(f *mappingSource, at place, rule *rowRule, event int) *rowPlan {
	t, ok := c.tables[rule.Table]
	if !ok {
		c.rejectTable(at, "", rule.Table)
		return nil
	}
	p := &rowPlan{t: t, auto: rule.Auto, twin: rule.Twin}
	for _, field := range sortedNames(rule.When) {
		p.when = append(p.when, condition{symbol: c.m.sym.ID(field), values: rule.When[field]})
	}
	lines := lineReader{c: c, names: f.names, where: "row of " + t.name, t: t, sym: &c.m.sym, renders: true}
	lines.use(rule.Use, at.in("use"))
	lines.add(rule.Columns, at.in("columns"))
	for i, o := range rule.Overrides {
		if slices.Contains(o.Events, event) {
			lines.add(o.Columns, at.in("overrides", i, "columns"))
		}
	}
	p.cells, p.special = lines.sorted()
	return p
}

// A lineReader reads lines of columns; a later line of a column replaces the
// earlier one.
type lineReader struct {
	c       *mappingCompiler
	names   *scope
	where   string // shape and row, for errors
	t       *table
	sym     *expression.Symbols
	renders bool // renderings of Windows events may be named
	order   []string
	cells   map[string]cell
}

// use adds the lines of groups; at is where they are named.
func (l *lineReader) use(groups []string, at place) {
	for _, name := range groups {
		g, ok := l.names.groups[name]
		if !ok {
			l.c.reject(at, "%s: no group %s", l.where, name)
			continue
		}
		l.add(g.text, g.at)
	}
}

// add adds lines "Column expression", which stand at a place.
func (l *lineReader) add(text string, at place) {
	for i, line := range linesOf(text) {
		cl, err := l.cell(line.name, line.rest)
		if err != nil {
			l.c.reject(at.line(i), "%s: column %s: %w", l.where, line.name, err)
			continue
		}
		if _, again := l.cells[line.name]; !again {
			l.order = append(l.order, line.name)
		}
		if l.cells == nil {
			l.cells = map[string]cell{}
		}
		l.cells[line.name] = cl
	}
}

// sorted returns the columns and the members of objects, each in the order of
// the lines.
func (l *lineReader) sorted() (columns, members []cell) {
	for _, name := range l.order {
		if cl := l.cells[name]; cl.member != "" {
			members = append(members, cl)
		} else {
			columns = append(columns, cl)
		}
	}
	return columns, members
}

func (l *lineReader) cell(name, text string) (cell, error) {
	names := expression.Names{Maps: l.names.maps}
	if l.renders {
		names.IsRendering = func(name string) bool { return windows.RenderingOf(name) != nil }
	}
	x, err := expression.Parse(text, l.sym, names)
	if err != nil {
		return cell{}, err
	}
	rendering := windows.RenderingOf(x.Rendering())
	if bag, member, ok := strings.Cut(name, "."); ok && (bag == additionalFields || bag == unmapped) {
		if l.t.additional < 0 || l.t.columns[l.t.additional].Name != bag {
			return cell{}, fmt.Errorf("the table has no dynamic %s", bag)
		}
		return cell{column: l.t.additional, member: member, expr: x, rendering: rendering}, nil
	}
	column, member := name, ""
	if !l.renders {
		column, member, _ = strings.Cut(name, ".")
	}
	i, ok := l.t.byName[column]
	if !ok {
		return cell{}, fmt.Errorf("the table has no such column")
	}
	return cell{column: i, member: member, expr: x, rendering: rendering}, nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
