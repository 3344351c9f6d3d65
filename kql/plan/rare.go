package plan

// The operators below serve the last few per cent of queries. Those that run a
// subquery hold it as Body, whose leaves include the operator's Leaf.

// Expand is mv-expand: for each row of In one row per element of its Items,
// zipped: the longest array decides, shorter ones yield null ("" for strings).
// A null or empty array in all Items yields one row of nulls. A value that is
// neither array nor bag is an array of one. Row order and element order are kept.
type Expand struct {
	In    Rel
	Items []ExpandItem
	// Index, when its ID is not 0, is the 0-based position of the element (long).
	Index Column
	// Limit is the greatest number of rows per input row; nil for none.
	Limit Expr
	Cols  []Column
}

// An ExpandItem is one array to expand.
type ExpandItem struct {
	X   Expr // dynamic
	Col Column
	// Pairs says how a bag expands: true (kind=array) as [key, value] arrays, false
	// (kind=bag) as one-property bags.
	Pairs bool
}

// Leaf is the row set a Body reads: see Apply and Partition.
type Leaf struct {
	ID   int
	Cols []Column
}

// Apply is mv-apply: Body is evaluated once for each row of In, with Leaf as
// the row set of that row's expansion. The result is In's row joined with every
// row of its Body: Cols refer to columns of In and of Body. A row whose Body is
// empty disappears.
type Apply struct {
	In Rel
	// Expand has the row itself as input: Expand.In is nil.
	Expand *Expand
	Leaf   *Leaf // Cols = In's columns (same IDs), then Expand's items and index
	Body   Rel
	Cols   []Column
}

// Partition evaluates Body once for each distinct value of Key, Leaf being the
// rows of In with that value, and appends the results. Null is a value.
type Partition struct {
	In   Rel
	Key  ColID
	Leaf *Leaf
	Body Rel
	Cols []Column
}

// ParseMode is how a parse pattern matches.
type ParseMode uint8

// Simple: the literals must occur in order and every typed capture must convert,
// else all captures are null (""). Relaxed: a capture that does not convert is
// null alone. Regex: literals are regular expressions, captures are `(.*?)`.
const (
	ParseSimple ParseMode = iota
	ParseRelaxed
	ParseRegex
)

// Parse is parse and parse-where: matches X against Steps, anchored at the start,
// and sets the captured columns. With Filter, rows that do not match are dropped.
type Parse struct {
	In     Rel
	X      Expr // string
	Mode   ParseMode
	Flags  string // regex mode: Kusto's flags, "U" ungreedy, "s", "m", "i"
	Steps  []ParseStep
	Filter bool
	Cols   []Column
}

// A ParseStep is one element of a pattern: text to find, `*` (Skip), or a
// capture into Col (its ID not 0). A capture of a string takes everything up to
// the next literal; of a number only what reads as that number.
type ParseStep struct {
	Text string
	Skip bool
	Col  Column
}

// ParseKV is parse-kv: finds key/value pairs in X and sets a column per key.
type ParseKV struct {
	In            Rel
	X             Expr     // string
	Keys          []Column // Name is the key looked for
	PairDelimiter string   // "" = keys are found by the regular grammar of unquoted text
	KVDelimiter   string
	Quotes        []string // one or two characters each: same or opening+closing
	Escape        string
	Greedy        bool
	Regex         string // regex mode with groups 1 (key) and 2 (value); "" otherwise
	Cols          []Column
}

// MakeSeries is make-series: one row per combination of Keys, each Agg an array
// with one element per step of the axis, Default where no row falls; Axis is the
// array of the steps' starts.
type MakeSeries struct {
	In   Rel
	Keys []Item
	Aggs []SeriesAgg
	On   Expr   // datetime, timespan or number
	Axis Column // dynamic array
	// From, To (exclusive) and Step have On's type (Step of a datetime is a
	// timespan). From and To may be nil: the least and greatest value of On over
	// the whole input, bins being aligned to Step.
	From, To, Step Expr
	NonEmpty       bool // kind=nonempty: an empty input still yields one series
	Inclusive      bool // the old `in range(a, b, step)`: To is included
	Cols           []Column
}

// A SeriesAgg is one aggregate of make-series; Agg.Cols[0] has the element type.
type SeriesAgg struct {
	Agg     Agg
	Col     Column // dynamic array
	Default Expr   // of the element type
}

// Call runs a plugin whose result columns are known (or were found by Shapes).
type Call struct {
	In     Rel // nil when the plugin is a source
	Plugin string
	Args   []Arg
	Cols   []Column
}

// An Arg is an argument of a plugin: a scalar or a row set.
type Arg struct {
	Name string // named argument; may be empty
	X    Expr
	Rel  Rel
}

// TopNested is one `top-nested` clause chain; each level keeps the best groups
// within the group above it.
type TopNested struct {
	In     Rel
	Levels []TopLevel
	Cols   []Column // level by level: group, aggregate
}

// A TopLevel is one clause: top-nested N of Key with others=Others by Agg.
type TopLevel struct {
	N      Expr // nil keeps all
	Key    Item
	Others Expr // nil for none; value of the row that sums up what was cut
	Agg    Item // over Aggs' columns
	Aggs   []Agg
	Desc   bool
	Hidden bool // group is not part of Cols
}

// Scan is the scan operator: a state machine over the ordered rows.
type Scan struct {
	In       Rel // Sort or Number below gives the order
	Ord      ColID
	Keys     []Item // partition by
	Steps    []ScanStep
	Declared []Item // declare: defaults
	MatchID  Column // with_match_id; ID 0 for none
	StepName Column // with_step_name; ID 0 for none
	Cols     []Column
}

// A ScanStep is one step. Its expressions see In's columns and, through State,
// the columns of the named steps' last rows.
type ScanStep struct {
	Name     string
	Optional bool
	Output   string // all, last, none
	When     Expr
	Assign   []Item
	State    []Column // In's columns and Declared as this step last saw them
}

// Columns implements Rel.
func (r *Expand) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Leaf) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Apply) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Partition) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Parse) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *ParseKV) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *MakeSeries) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Call) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *TopNested) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Scan) Columns() []Column { return r.Cols }

func (*Expand) rel()     {}
func (*Leaf) rel()       {}
func (*Apply) rel()      {}
func (*Partition) rel()  {}
func (*Parse) rel()      {}
func (*ParseKV) rel()    {}
func (*MakeSeries) rel() {}
func (*Call) rel()       {}
func (*TopNested) rel()  {}
func (*Scan) rel()       {}

// Pivot is evaluate pivot with its values known: it groups by Keys and delivers,
// for each of Values, Agg over the group's rows whose Column, as text (tostring),
// is that value. An aggregate of no rows is what the function gives for none.
type Pivot struct {
	In     Rel
	Keys   []Item
	Column Column
	Agg    Agg // one column; its type is that of all value columns
	Values []PivotValue
	Cols   []Column // keys, then values
}

// A PivotValue is one column of a Pivot.
type PivotValue struct {
	Text string
	Col  Column
}

// Columns implements Rel.
func (r *Pivot) Columns() []Column { return r.Cols }

func (*Pivot) rel() {}
