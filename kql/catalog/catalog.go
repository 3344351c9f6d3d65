package catalog

import (
	"sort"
	"strings"
)

// Catalog is what the compiler asks about the world. Names are case-sensitive,
// as in Kusto. Implementations must be safe for concurrent use and must answer
// the same for the length of one Compile.
type Catalog interface {
	// Table returns a table by name; ok is false when there is none.
	Table(name string) (*Table, bool)
	// Function returns a saved function by name.
	Function(name string) (*SavedFunction, bool)
	// Watchlist returns the table behind _GetWatchlist(alias).
	Watchlist(alias string) (*Table, bool)
	// TableNames returns every table name, sorted: for wildcards, `union *`,
	// `search` and suggestions. The caller does not change the slice.
	TableNames() []string
	// FunctionNames returns every saved function name, sorted.
	FunctionNames() []string
}

// Static is a Catalog held in memory. The zero value is empty; fill it before
// the first Compile and leave it alone afterwards.
type Static struct {
	tables     map[string]*Table
	functions  map[string]*SavedFunction
	watchlists map[string]*Table

	tableNames, functionNames []string
}

// AddTable adds or replaces a table.
func (s *Static) AddTable(t *Table) {
	if s.tables == nil {
		s.tables = map[string]*Table{}
	}
	if _, ok := s.tables[t.Name]; !ok {
		s.tableNames = insertSorted(s.tableNames, t.Name)
	}
	s.tables[t.Name] = t
}

// AddFunction adds or replaces a saved function.
func (s *Static) AddFunction(f *SavedFunction) {
	if s.functions == nil {
		s.functions = map[string]*SavedFunction{}
	}
	if _, ok := s.functions[f.Name]; !ok {
		s.functionNames = insertSorted(s.functionNames, f.Name)
	}
	s.functions[f.Name] = f
}

// AddWatchlist adds or replaces the watchlist t under its name.
func (s *Static) AddWatchlist(t *Table) {
	if s.watchlists == nil {
		s.watchlists = map[string]*Table{}
	}
	s.watchlists[t.Name] = t
}

// Table implements Catalog.
func (s *Static) Table(name string) (*Table, bool) { t, ok := s.tables[name]; return t, ok }

// Function implements Catalog.
func (s *Static) Function(name string) (*SavedFunction, bool) {
	f, ok := s.functions[name]
	return f, ok
}

// Watchlist implements Catalog.
func (s *Static) Watchlist(alias string) (*Table, bool) { t, ok := s.watchlists[alias]; return t, ok }

// TableNames implements Catalog.
func (s *Static) TableNames() []string { return s.tableNames }

// FunctionNames implements Catalog.
func (s *Static) FunctionNames() []string { return s.functionNames }

func insertSorted(list []string, name string) []string {
	i := sort.SearchStrings(list, name)
	list = append(list, "")
	copy(list[i+1:], list[i:])
	list[i] = name
	return list
}

// Suggest returns the candidate a writer most likely meant by name, or "" when
// none is close: same letters in another case first, then the smallest edit
// distance of at most a third of the length (at least one, at most three).
func Suggest(name string, candidates []string) string {
	limit := min(max(len(name)/3, 1), 3)
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(c), limit); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance is the number of insertions, deletions, replacements and
// neighbour swaps between a and b, or limit+1 when it exceeds limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
