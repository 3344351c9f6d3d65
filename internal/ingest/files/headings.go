package files

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// headingsText says where the columns of portals' exports belong in the records
// of the API they come from.
//
//go:embed headings.txt
var headingsText string

// An export is one kind of file in headings.txt.
type export struct {
	must  []string          // columns by which it is recognised
	paths map[string]string // by heading; # stands for a number from 1 on
}

// exports is headings.txt, read once; it is never changed.
var exports = parseHeadings(headingsText)

// parseHeadings reads headings.txt: a line in brackets names the columns by
// which an export is recognised, the lines below give a heading and its place.
func parseHeadings(text string) (list []export) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case strings.HasPrefix(line, "["):
			must := strings.Split(strings.Trim(line, "[]"), ", ")
			list = append(list, export{must: must, paths: map[string]string{}})
		default:
			heading, path, ok := strings.Cut(line, " = ")
			if !ok || len(list) == 0 {
				panic("files: headings.txt: " + line) // it is embedded at build
			}
			list[len(list)-1].paths[heading] = path
		}
	}
	return list
}

var digits = regexp.MustCompile(`\d+`)

// pathsOf returns where the columns of an export belong; nil for no known one.
// A column without a place keeps its own name.
func pathsOf(names []string) [][]string {
	for _, x := range exports {
		if slices.ContainsFunc(x.must, func(m string) bool { return !slices.Contains(names, m) }) {
			continue
		}
		paths := make([][]string, len(names))
		for i, name := range names {
			path, ok := x.paths[name]
			if !ok {
				if path, ok = x.paths[digits.ReplaceAllString(name, "#")]; ok {
					for _, n := range digits.FindAllString(name, -1) {
						index, _ := strconv.Atoi(n) // digits
						path = strings.Replace(path, "#", strconv.Itoa(min(max(index-1, 0), maxColumns)), 1)
					}
				}
			}
			if !ok {
				path = name
				paths[i] = []string{path}
				continue
			}
			paths[i] = strings.Split(path, ".")
		}
		return paths
	}
	return nil
}

// nested writes a row as the record of the API.
func (t *header) nested(cells []string) []byte {
	root := map[string]any{}
	for i, cell := range cells {
		if cell != "" {
			place(root, t.paths[i], cell)
		}
	}
	body, err := json.Marshal(withLists(root))
	if err != nil {
		panic("files: texts in maps cannot be written as JSON: " + err.Error())
	}
	return body
}

// place puts a text at a path. A path that ends with ! is a number, if the text is one.
func place(in map[string]any, path []string, text string) {
	for _, step := range path[:len(path)-1] {
		next, ok := in[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			in[step] = next
		}
		in = next
	}
	last := path[len(path)-1]
	if name, ok := strings.CutSuffix(last, "!"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			in[name] = n
			return
		}
		last = name
	}
	in[last] = text
}

// withLists turns objects whose members are all numbers into arrays.
func withLists(v any) any {
	in, ok := v.(map[string]any)
	if !ok {
		return v
	}
	isList := len(in) > 0
	for name, member := range in {
		in[name] = withLists(member)
		if _, err := strconv.Atoi(name); err != nil {
			isList = false
		}
	}
	if !isList {
		return in
	}
	indexes := make([]int, 0, len(in))
	for name := range in {
		n, _ := strconv.Atoi(name) // checked above
		indexes = append(indexes, n)
	}
	slices.Sort(indexes)
	list := make([]any, len(indexes))
	for i, n := range indexes {
		list[i] = in[strconv.Itoa(n)]
	}
	return list
}
