// Package sigma reads, compiles and matches Sigma detection rules
// (specification 2.1).
//
// The way of a rule: Load or Parse reads YAML documents into a Set of Rules,
// each with one boolean Expr of Predicates in which every modifier is resolved;
// Compile turns Rules and a Mapping (which log source is where, in which fields)
// into an immutable Program; a Matcher, one per goroutine, matches Events.
//
// It promises that a rule is either honoured exactly or rejected by name and
// reason; that the indexed matcher finds the same matches as walking each
// rule's Expr; and that an event which matches nothing allocates nothing.
// It refuses, per rule: placeholders without a value, unknown modifiers and
// modifier chains without meaning, regular expressions outside RE2, and
// conditions naming selections that do not exist.
//
// It is tested by a case per trap of the specification (testdata/traps), by a
// differential test and fuzzing against a naive evaluator, and by SigmaHQ's
// regression data when that lies beside the repository.
package sigma

import (
	"io/fs"

	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// The words of the rule language; see package rule.
type (
	Rule      = rule.Rule
	Head      = rule.Head
	Level     = rule.Level
	Logsource = rule.Logsource
	Expr      = rule.Expr
	Predicate = rule.Predicate
	Set       = rule.Set

	Correlation = rule.Correlation
	Rejection   = rule.Rejection
)

// The levels of a rule, from least to most severe.
const (
	LevelNone     = rule.LevelNone
	Informational = rule.Informational
	Low           = rule.Low
	Medium        = rule.Medium
	High          = rule.High
	Critical      = rule.Critical
)

// Load reads every .yml and .yaml file of the folders and links them; see
// rule.Load.
func Load(folders ...fs.FS) (*Set, error) { return rule.Load(folders...) }

// Parse reads the documents of one file, not yet linked; see rule.Parse and
// Set.Link.
func Parse(source string, src []byte) Set { return rule.Parse(source, src) }

// ParseLevel reads a level; "" is LevelNone.
func ParseLevel(s string) (Level, error) { return rule.ParseLevel(s) }
