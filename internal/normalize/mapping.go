package normalize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
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
	sym      symbols
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
	expr   *expr
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

type namedFile struct {
	name string
	mappingFile
}

// loadMapping reads and compiles every mapping file.
func loadMapping(fsys fs.FS, tables map[string]*table) (*mapping, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing mapping files: %w", err)
	}
	c := mappingCompiler{tables: tables, groups: map[string]string{}, maps: map[string]map[string]string{}}
	c.m = &mapping{sym: symbols{ids: map[string]int{}}, channels: map[string]*channelPlans{}}
	for _, name := range names {
		if path.Base(name) != tablesFile {
			c.read(fsys, name)
		}
	}
	c.compile()
	c.m.shapes = c.compileShapes()
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.m, nil
}

type mappingCompiler struct {
	m      *mapping
	tables map[string]*table
	files  []namedFile
	groups map[string]string
	maps   map[string]map[string]string
	errs   []error
}

func (c *mappingCompiler) reject(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *mappingCompiler) read(fsys fs.FS, name string) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		c.reject("%s: reading: %w", name, err)
		return
	}
	f := namedFile{name: name}
	if err := yaml.UnmarshalWithOptions(text, &f.mappingFile, yaml.Strict()); err != nil {
		c.reject("%s: %w", name, err)
		return
	}
	for group, text := range f.Groups {
		if _, twice := c.groups[group]; twice {
			c.reject("%s: group %s is declared twice", name, group)
		}
		c.groups[group] = text
	}
	for m, values := range f.Maps {
		if _, twice := c.maps[m]; twice {
			c.reject("%s: map %s is declared twice", name, m)
		}
		c.maps[m] = values
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
	if len(c.errs) > 0 { // a rule is compiled for each channel and event: say it once
		seen, once := map[string]bool{}, c.errs[:0]
		for _, err := range c.errs {
			if !seen[err.Error()] {
				seen[err.Error()] = true
				once = append(once, err)
			}
		}
		sort.Slice(once, func(i, j int) bool { return once[i].Error() < once[j].Error() })
		c.errs = once
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

func contains(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}

// plans compiles the rows of one event of a channel; event -1 is any other. The
// tables that take every event come first: alerts cite the first row.
func (c *mappingCompiler) plans(channel string, event int) []*rowPlan {
	var raw, list []*rowPlan
	for i := range c.files {
		f := &c.files[i]
		if !f.covers(channel) {
			continue
		}
		for j := range f.Rows {
			rule := &f.Rows[j]
			if len(rule.Events) > 0 && !contains(rule.Events, event) {
				continue
			}
			switch p := c.plan(f.name, rule, event); {
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

func (c *mappingCompiler) plan(file string, rule *rowRule, event int) *rowPlan {
	t, ok := c.tables[rule.Table]
	if !ok {
		c.reject("%s: table %s is not known", file, rule.Table)
		return nil
	}
	p := &rowPlan{t: t, auto: rule.Auto, twin: rule.Twin}
	for _, field := range sortedNames(rule.When) {
		p.when = append(p.when, condition{symbol: c.m.sym.id(field), values: rule.When[field]})
	}
	lines := lineReader{c: c, where: file + ": row of " + t.name, t: t, sym: &c.m.sym, renderings: specials}
	lines.use(rule.Use)
	lines.add(rule.Columns)
	for _, o := range rule.Overrides {
		if contains(o.Events, event) {
			lines.add(o.Columns)
		}
	}
	p.cells, p.special = lines.sorted()
	return p
}

// A lineReader reads lines of columns; a later line of a column replaces the
// earlier one.
type lineReader struct {
	c          *mappingCompiler
	where      string // file and row, for errors
	t          *table
	sym        *symbols
	renderings map[string]special
	order      []string
	cells      map[string]cell
}

// use adds the lines of groups.
func (l *lineReader) use(groups []string) {
	for _, group := range groups {
		text, ok := l.c.groups[group]
		if !ok {
			l.c.reject("%s: no group %s", l.where, group)
		}
		l.add(text)
	}
}

// add adds lines "Column expression".
func (l *lineReader) add(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || name[0] == '#' {
			continue
		}
		cl, err := l.cell(name, rest)
		if err != nil {
			l.c.reject("%s: column %s: %w", l.where, name, err)
			continue
		}
		if _, again := l.cells[name]; !again {
			l.order = append(l.order, name)
		}
		if l.cells == nil {
			l.cells = map[string]cell{}
		}
		l.cells[name] = cl
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
	x, err := parseExpr(text, l.sym, l.c.maps, l.renderings)
	if err != nil {
		return cell{}, err
	}
	if bag, member, ok := strings.Cut(name, "."); ok && (bag == additionalFields || bag == unmapped) {
		if l.t.additional < 0 || l.t.columns[l.t.additional].Name != bag {
			return cell{}, fmt.Errorf("the table has no dynamic %s", bag)
		}
		return cell{column: l.t.additional, member: member, expr: x}, nil
	}
	column, member := name, ""
	if l.renderings == nil {
		column, member, _ = strings.Cut(name, ".")
	}
	i, ok := l.t.byName[column]
	if !ok {
		return cell{}, fmt.Errorf("the table has no such column")
	}
	return cell{column: i, member: member, expr: x}, nil
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
