package kqltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// compareText is for cases that give rows as joined text: all of them where the
// form says so, else the last one. The text is another program's way to print a
// cell, so cells are compared by their type where the text splits into as many.
func compareText(c *Case, a actual) (Verdict, string) {
	want, rows := []string{*c.ExpectText}, a.rows[max(0, len(a.rows)-1):]
	if c.ExpectForm == "ResultAsLines" {
		want, rows = strings.Split(*c.ExpectText, "\n"), a.rows
	}
	if len(rows) == 0 {
		rows = [][]any{nil}
	}
	if len(want) != len(rows) {
		return Fail, fmt.Sprintf("text: expected %d rows, got %d", len(want), len(rows))
	}
	for _, w := range want {
		i := slices.IndexFunc(rows, func(row []any) bool { return lineEqual(w, row, a.types) })
		if i < 0 {
			return Fail, fmt.Sprintf("text: expected %q, got %s", w, gotText(a))
		}
		rows = slices.Delete(slices.Clone(rows), i, i+1)
	}
	return Pass, ""
}

func lineEqual(want string, row []any, types []string) bool {
	var parts []string
	for _, v := range row {
		parts = append(parts, plainText(v))
	}
	if normal(strings.Join(parts, ",")) == normal(want) {
		return true
	}
	cells := []string{want}
	if len(row) > 1 {
		cells = strings.Split(want, ",")
	}
	if len(cells) != len(row) {
		return false
	}
	for i := range cells {
		if !cellEqual(&cells[i], row[i], types[i], options{}) {
			return false
		}
	}
	return true
}

func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, _ := json.Marshal(v)
	return string(b)
}
