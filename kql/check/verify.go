package check

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// regexArgument is which argument of a function is a regular expression.
var regexArgument = map[string]int{
	"extract": 0, "extract_all": 0, "replace_regex": 1, "replace": 0, "trim": 0, "trim_start": 0, "trim_end": 0, "indexof_regex": 1,
}

// verify looks at constant arguments that must have a certain form: regular
// expressions, formats. It reports what Kusto would refuse when the query runs.
func (c *checker) verify(e *ast.Call, name string, xs []plan.Expr) bool {
	if i, ok := regexArgument[name]; ok && i < len(xs) {
		return c.regex(e, name, &xs[i])
	}
	switch name {
	case "format_datetime", "format_timespan":
		if k, ok := xs[1].(*plan.Const); ok && !validFormat(name, k.Text) {
			c.hint(token.BadArgument, e, "formats are made of d f F h H m M s y t and the characters / - : , . _ [ ] and blank",
				name+"() cannot use the format \""+k.Text+"\"")
			return false
		}
	}
	return true
}

// regex brings a constant pattern to the syntax of RE2 and reports what it does
// not know.
func (c *checker) regex(n ast.Node, name string, x *plan.Expr) bool {
	k, ok := (*x).(*plan.Const)
	if !ok || k.T != catalog.String {
		return true
	}
	text := unicodeEscape.ReplaceAllString(k.Text, `\x{$1}`)
	if text != k.Text {
		*x = stringConst(text)
	}
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		c.errorf(token.BadArgument, n, "%s: not a regular expression that RE2 knows: %v", name, err)
		return false
	}
	if name == "extract_all" && re.MaxCap() == 0 {
		c.hint(token.BadArgument, n, "put parentheses around what to extract", "extract_all() needs a capture group")
		return false
	}
	return true
}

// unicodeEscape is a form Kusto's newer engine takes beside RE2's \x{…}.
var unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

var (
	datetimeFormat = regexp.MustCompile(`^(d{1,2}|f{1,7}|F{1,7}|h{1,2}|H{1,2}|m{1,2}|M{1,2}|s{1,2}|y{1,4}|tt|[ /\-:,._\[\]])*$`)
	timespanFormat = regexp.MustCompile(`^(d{1,8}|f{1,7}|F{1,7}|h{1,2}|H{1,2}|m{1,2}|s{1,2}|[ /\-:,._\[\]])*$`)
)

func validFormat(name, format string) bool {
	if strings.TrimSpace(format) == "" {
		return false
	}
	if name == "format_timespan" {
		return timespanFormat.MatchString(format)
	}
	return datetimeFormat.MatchString(format)
}
