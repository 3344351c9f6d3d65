package assist

import (
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A Marker is one diagnostic with its place.
type Marker struct {
	Range    Range  `json:"range"`
	Severity string `json:"severity"` // error or warning
	Code     string `json:"code"`     // KQL2001
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// Diagnose parses and checks a text and returns what there is to say, in order, at most one
// error and one warning per line.
func Diagnose(src string, cat catalog.Catalog, opt check.Options) []Marker {
	script, diags := parser.Parse(src)
	if !diags.HasErrors() && script.Command == nil {
		_, more := check.Check(script, cat, opt)
		for _, d := range more {
			diags.Add(d)
		}
	}
	return Markers(src, diags)
}

// Markers gives diagnostics their places in src.
func Markers(src string, diags token.Diagnostics) []Marker {
	r := newRuler(src)
	list := []Marker{}
	for _, d := range diags.Shown(src) {
		list = append(list, Marker{r.span(d.Span), d.Severity.String(), string(d.Code), d.Message, d.Hint})
	}
	return list
}
