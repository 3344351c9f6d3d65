package pattern

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRequire(t *testing.T) {
	for _, c := range []struct {
		expr     string
		literals []string
		minLen   int
		run      int
	}{
		{`(?i)foo.*barbaz`, []string{"barbaz"}, 9, 0},
		{`\s[a-fA-F0-9]{64}\s[a-fA-F0-9]{16}`, nil, 82, 64},
		{"\\w+`(\\w+|-|.)`[\\w+|\\s]", []string{"`"}, 5, 0},
		{`(cmd|power(shell)?) /c`, []string{"cmd", "power"}, 6, 0},
		{`\\[a-z]{1,32}\.[a-z]{1,6}\.[ "']{1}`, []string{". ", ".\"", ".'"}, 6, 0},
		{`a|b?`, nil, 0, 0},
		{`[\\/]x{2,}`, []string{"x"}, 3, 0},
		{`(?:ab){3}`, []string{"ab"}, 6, 0},
	} {
		q := Require(c.expr)
		if !slices.Equal(q.Literals, c.literals) || q.MinLen != c.minLen || q.runLen != c.run {
			t.Errorf("%s: %q, at least %d, run of %d", c.expr, q.Literals, q.MinLen, q.runLen)
		}
	}
}

// FuzzRequire: what a regular expression finds, its requirement allows.
func FuzzRequire(f *testing.F) {
	f.Add(`\s[a-f0-9]{10,}x`, "say 0123456789abcdefx")
	f.Add(`(?i)(abc|de)+f?`, "xxDEf")
	f.Fuzz(func(t *testing.T, expr, v string) {
		re, err := regexp.Compile(expr)
		if err != nil || len(expr) > 200 || len(v) > 1000 || !IsASCII([]byte(v)) || !re.MatchString(v) {
			return
		}
		q := Require(expr)
		if !q.Allows([]byte(v)) {
			t.Fatalf("%q is found in %q but not allowed: %+v", expr, v, q.MinLen)
		}
		if q.Literals == nil {
			return
		}
		folded := FoldString(v)
		if !slices.ContainsFunc(q.Literals, func(l string) bool { return strings.Contains(folded, l) }) {
			t.Fatalf("%q is found in %q without any of %q", expr, v, q.Literals)
		}
	})
}
