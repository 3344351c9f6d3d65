package assist

import (
	_ "embed" // operators.txt
	"strings"
	"sync"
)

//go:embed operators.txt
var operatorsText string

// An Operator describes one tabular operator.
type Operator struct {
	Name   string
	Syntax string // T | where predicate
	Doc    string // one sentence
}

// Operators returns the tabular operators by name, sorted. The caller does not change the slice.
var Operators = sync.OnceValue(func() []Operator {
	var list []Operator
	for line := range strings.Lines(operatorsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), " | ")
		if len(fields) != 3 {
			panic("assist: operators.txt: want three fields: " + line)
		}
		list = append(list, Operator{fields[0], strings.ReplaceAll(fields[1], "¦", "|"), fields[2]})
	}
	return list
})

// operator returns the operator of that name, following the old spellings.
func operator(name string) (Operator, bool) {
	switch name {
	case "filter":
		name = "where"
	case "mvexpand":
		name = "mv-expand"
	case "mvapply":
		name = "mv-apply"
	}
	for _, op := range Operators() {
		if op.Name == name {
			return op, true
		}
	}
	return Operator{}, false
}
