package native

import (
	"strings"
	"sync/atomic"
)

// A termList is the right side of has_any and has_all, prepared once. Any term's
// first run of letters and digits is a whole run of a text it occurs in, so the
// runs of the text lead to the few terms worth looking for.
type termList struct {
	source string
	terms  []string            // lower case
	byRun  map[string][]string // first run -> terms
	rest   []string            // terms without letters and digits
}

// termLists remembers the list seen last: within a query it is always the same.
type termLists struct{ last atomic.Pointer[termList] }

func newTermLists() *termLists { return &termLists{} }

func (c *termLists) get(source string) *termList {
	if l := c.last.Load(); l != nil && l.source == source {
		return l
	}
	l := &termList{source: source, byRun: map[string][]string{}}
	v := dynamicOf(source)
	if _, ok := v.([]any); !ok && v != nil {
		v = []any{v}
	}
	var add func(v any)
	add = func(v any) {
		if list, ok := v.([]any); ok {
			for _, e := range list {
				add(e)
			}
			return
		}
		t := strings.ToLower(scalarText(v))
		l.terms = append(l.terms, t)
		if run := firstRun(t); run != "" {
			l.byRun[run] = append(l.byRun[run], t)
		} else {
			l.rest = append(l.rest, t)
		}
	}
	if v != nil {
		add(v)
	}
	c.last.Store(l)
	return l
}

func firstRun(s string) string {
	run := ""
	eachRun(s, func(r string) bool { run = r; return false })
	return run
}

// eachRun calls fn for every run of letters and digits until it returns false.
func eachRun(s string, fn func(run string) bool) {
	start := -1
	for i, r := range s {
		switch {
		case isTermRune(r):
			if start < 0 {
				start = i
			}
		case start >= 0:
			if !fn(s[start:i]) {
				return
			}
			start = -1
		}
	}
	if start >= 0 {
		fn(s[start:])
	}
}

// has is has_any, or has_all when the last argument is true.
func (c *termLists) has(a []any) any {
	all, _ := a[2].(bool)
	source, ok := a[1].(string)
	if !ok {
		return all
	}
	l, s := c.get(source), strings.ToLower(str(a[0]))
	if all {
		for _, t := range l.terms {
			if !termMatch(s, t, true, true, true) {
				return false
			}
		}
		return true
	}
	for _, t := range l.rest {
		if termMatch(s, t, true, true, true) {
			return true
		}
	}
	found := false
	eachRun(s, func(run string) bool {
		for _, t := range l.byRun[run] {
			found = found || termMatch(s, t, true, true, true)
		}
		return !found
	})
	return found
}
