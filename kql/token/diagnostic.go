package token

import (
	"fmt"
	"sort"
	"strings"
)

// A Severity says whether a diagnostic stops the query.
type Severity uint8

// The two severities. The zero value is Error, so a diagnostic that forgets to
// say stops the query rather than passing in silence.
const (
	Error   Severity = iota // the query cannot run
	Warning                 // the query runs; the author should know
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Diagnostic is one thing the compiler has to say about a query.
type Diagnostic struct {
	Code     Code     // stable, see codes.go
	Severity Severity // Error unless said otherwise
	Span     Span     // half-open byte range of the text it is about
	Message  string   // lower case, no final period, names the thing: unknown column "UserNme"
	Hint     string   // what to do: did you mean "UserName"? May be empty
}

// Error is the one-line form without a position: `unknown column "UserNme" [KQL2001]`.
func (d Diagnostic) Error() string { return fmt.Sprintf("%s [%s]", d.Message, d.Code) }

// MaxDiagnostics is how many diagnostics a list keeps; a query with more
// mistakes is told the first ones.
const MaxDiagnostics = 100

// Diagnostics is what one compilation has to say, in the order found until sorted.
// It is an ordinary slice; the zero value is ready to use.
type Diagnostics []Diagnostic

// Add appends d, unless the list is full or already holds a diagnostic with the
// same code and span. No warning keeps an error out: the error takes its place.
func (ds *Diagnostics) Add(d Diagnostic) {
	warning := -1
	for i, e := range *ds {
		if e.Code == d.Code && e.Span == d.Span {
			if d.Severity == Error && e.Severity != Error {
				(*ds)[i] = d
			}
			return
		}
		if e.Severity != Error {
			warning = i
		}
	}
	switch {
	case len(*ds) < MaxDiagnostics:
		*ds = append(*ds, d)
	case d.Severity == Error && warning >= 0:
		(*ds)[warning] = d
	}
}

// Errorf adds an error without a hint.
func (ds *Diagnostics) Errorf(code Code, at Span, format string, args ...any) {
	ds.Add(Diagnostic{Code: code, Span: at, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning without a hint.
func (ds *Diagnostics) Warnf(code Code, at Span, format string, args ...any) {
	ds.Add(Diagnostic{Code: code, Severity: Warning, Span: at, Message: fmt.Sprintf(format, args...)})
}

// Sort orders by position, errors before warnings at the same place, then by code.
func (ds Diagnostics) Sort() {
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := ds[i], ds[j]
		switch {
		case a.Span.Start != b.Span.Start:
			return a.Span.Start < b.Span.Start
		case a.Severity != b.Severity:
			return a.Severity < b.Severity
		}
		return a.Code < b.Code
	})
}

// HasErrors reports whether anything in the list stops the query.
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns nil when nothing stops the query, else an error that reads as the
// first error and the number of others. errors.As finds the Diagnostics in it.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return &Failure{Diagnostics: ds}
}

// A Failure is a query that was rejected, with everything that was said about it.
type Failure struct {
	Diagnostics Diagnostics // at least one of severity Error
}

// Error is the first error, and how many more there are.
func (f *Failure) Error() string {
	var first string
	n := 0
	for _, d := range f.Diagnostics {
		if d.Severity != Error {
			continue
		}
		if n++; n == 1 {
			first = d.Error()
		}
	}
	if n > 1 {
		first += fmt.Sprintf(" (and %d more)", n-1)
	}
	return first
}

// Shown returns what a user should see: sorted, and at most one error and one warning per source
// line, because the second complaint about a line is usually an echo of the first.
func (ds Diagnostics) Shown(src string) Diagnostics {
	sorted := append(Diagnostics(nil), ds...)
	sorted.Sort()
	lines := NewLines(src)
	type seen struct {
		line int
		sev  Severity
	}
	had := make(map[seen]bool, len(sorted))
	shown := sorted[:0]
	for _, d := range sorted {
		key := seen{lines.Place(d.Span.Start).Line, d.Severity}
		if !had[key] {
			had[key] = true
			shown = append(shown, d)
		}
	}
	return shown
}

// Render shows the list as a user reads it, one block per diagnostic, name
// standing for the text ("query", a file name). The empty list renders as "".
func (ds Diagnostics) Render(name, src string) string {
	var b strings.Builder
	for i, d := range ds.Shown(src) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(d.Render(name, src))
	}
	return b.String()
}
