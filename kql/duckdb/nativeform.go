package duckdb

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/plan"
)

// A NativeArg is one argument of a native function: an argument of the KQL call, or a constant.
type NativeArg struct {
	From  int  // index into Func.Args; -1 for a constant
	Real  bool // converted to a real
	Value any  // the constant
}

var (
	nativeCall = regexp.MustCompile(`^(kql_\w+)\(([^()]*)\)(::UUID)?$`)
	nativeSlot = regexp.MustCompile(`^\{(r?)(\d+)(\*?)(?:\|(.*))?\}$`)
)

// NativeForm returns the native function that a scalar function is, and its
// arguments, when its lowering is nothing but a call of one. What runs outside the
// engine (scan) uses it, so that both say the same.
func NativeForm(f *plan.Func) (name string, args []NativeArg, ok bool) {
	m := nativeCall.FindStringSubmatch(templates[f.Name])
	if m == nil {
		return "", nil, false
	}
	for _, part := range strings.Split(m[2], ", ") {
		slot := nativeSlot.FindStringSubmatch(part)
		if slot == nil {
			v, known := sqlConstant(part)
			if !known {
				return "", nil, false
			}
			args = append(args, NativeArg{From: -1, Value: v})
			continue
		}
		n, err := strconv.Atoi(slot[2])
		if err != nil {
			return "", nil, false
		}
		switch {
		case slot[3] != "":
			for ; n < len(f.Args); n++ {
				args = append(args, NativeArg{From: n, Real: slot[1] == "r"})
			}
		case n < len(f.Args):
			args = append(args, NativeArg{From: n, Real: slot[1] == "r"})
		default:
			v, known := sqlConstant(slot[4])
			if !known {
				return "", nil, false
			}
			args = append(args, NativeArg{From: -1, Value: v})
		}
	}
	return m[1], args, true
}

// sqlConstant reads the constants templates hold.
func sqlConstant(text string) (any, bool) {
	text, _, _ = strings.Cut(text, "::")
	switch {
	case text == "NULL":
		return nil, true
	case text == "TRUE":
		return true, true
	case text == "FALSE":
		return false, true
	case len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'':
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'"), true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}
