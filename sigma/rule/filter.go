package rule

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// Filter narrows rules from outside: a rule it applies to matches when rule AND
// filter hold, as in pySigma, so that a filter which suppresses says "not
// selection". (The specification's example omits the not while its prose says
// suppress; Set.Link warns about filters without any not.)
type Filter struct {
	Head
	Logsource Logsource
	Rules     []string // references; none means every rule of the log source
	Expr      *Expr
}

// Applies reports whether the filter is for r: containment of log sources, and a
// reference unless it is for all.
func (f *Filter) Applies(r *Rule) bool {
	if !f.Logsource.Contains(r.Logsource) {
		return false
	}
	for _, ref := range f.Rules {
		if r.Ref(ref) {
			return true
		}
	}
	return len(f.Rules) == 0
}

func parseFilter(doc *document.Node, head Head) (*Filter, error) {
	f := &Filter{Head: head}
	var err error
	if f.Logsource, err = parseLogsource(doc.Get("logsource")); err != nil {
		return nil, err
	}
	n := doc.Get("filter")
	rules := n.Get("rules")
	if rules == nil {
		return nil, fmt.Errorf("filter names no rules; use any for all of the log source")
	}
	if refs := rules.Strs(); len(refs) != 1 || !strings.EqualFold(refs[0], "any") && !strings.EqualFold(refs[0], "all") {
		f.Rules = refs
	}
	detection := document.Node{Kind: document.Map, Line: n.Line}
	for i, key := range n.Keys {
		if key != "rules" {
			detection.Keys = append(detection.Keys, key)
			detection.Items = append(detection.Items, n.Items[i])
		}
	}
	f.Expr, err = parseDetection(&detection)
	return f, err
}

// negates reports whether any part of the filter excludes something.
func negates(e *Expr) bool {
	if e.Op == OpNot {
		return true
	}
	for _, a := range e.Args {
		if negates(a) {
			return true
		}
	}
	return false
}
