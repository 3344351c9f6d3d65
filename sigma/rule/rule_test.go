package rule

import (
	"strings"
	"testing"
	"time"
)

func TestExpr_String(t *testing.T) {
	set := Parse("r", []byte("title: T\nlogsource: {product: p}\ndetection:\n  a: {F|contains: [x, y], G: 1}\n  b: {H|re|i: 'z+'}\n  k: [w]\n  condition: a and not (b or k)\n"))
	if len(set.Rules) != 1 {
		t.Fatal(set.Rejected)
	}
	if got := set.Rules[0].Expr.String(); got != "(F: *x* or F: *y*) and G: 1 and not (H|re: (?i)z+ or keyword: *w*)" {
		t.Error(got)
	}
}

func TestParseTimespan(t *testing.T) {
	for s, want := range map[string]time.Duration{"90s": 90 * time.Second, "5m": 5 * time.Minute, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "1w": 168 * time.Hour, "1M": 2629746 * time.Second} {
		if d, err := ParseTimespan(s); err != nil || d != want {
			t.Errorf("%s: %v %v", s, d, err)
		}
	}
	for _, s := range []string{"", "5", "m", "-1m", "0s", "1.5h", "1h30m", "9999999999999d"} {
		if _, err := ParseTimespan(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestLink_FilterWithoutNotWarns(t *testing.T) {
	const base = "title: R\nname: r\nlogsource: {product: p}\ndetection: {s: {F: 1}, condition: s}\n---\ntitle: W\nlogsource: {product: p}\nfilter: {rules: any, s: {U: a}, condition: "
	for condition, warnings := range map[string]int{"s": 1, "not s": 0} {
		set := Parse("r", []byte(base+condition+"}\n"))
		set.Link()
		if len(set.Warnings) != warnings || len(set.Rejected) != 0 {
			t.Errorf("%s: %v %v", condition, set.Warnings, set.Rejected)
		}
	}
}

func TestLink_CorrelationsInACircle(t *testing.T) {
	one := func(name, ref string) string {
		return "title: " + name + "\nname: " + name + "\ncorrelation: {type: event_count, rules: [" + ref + "], timespan: 1m, condition: {gte: 1}}\n"
	}
	set := Parse("r", []byte(strings.Join([]string{one("a", "b"), one("b", "c"), one("c", "a"), one("d", "d")}, "---\n")))
	set.Link()
	if len(set.Correlations) != 0 || len(set.Rejected) != 4 {
		t.Errorf("%d left, %v", len(set.Correlations), set.Rejected)
	}
}

// FuzzParse: no document panics, and what is accepted can be printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte("title: T\nlogsource: {product: p}\ndetection:\n  a: {F|windash|contains|all: ['-a /b', x]}\n  condition: 1 of a* and not all of them | count() by F > 3\n  timeframe: 5m\n"))
	f.Add([]byte("title: T\ncorrelation: {type: temporal, rules: [a, b], timespan: 1h, condition: a and not b, aliases: {x: {a: F}}}\n"))
	f.Add([]byte("title: T\nlogsource: {category: c}\nfilter: {rules: [x], s: {F|re|i|m: 'a+'}, condition: not s}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		set := Parse("fuzz", src)
		set.Link()
		for _, r := range set.Rules {
			_ = r.Expr.String()
		}
	})
}
