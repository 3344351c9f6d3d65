package native

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the results in testdata/cases.txt")

// decodeArgs reads a JSON array as a function gets its arguments.
func decodeArgs(t *testing.T, text string, f Function) []any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var raw []any
	if err := dec.Decode(&raw); err != nil {
		t.Fatalf("%s %s: %v", f.Name, text, err)
	}
	for i, v := range raw {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		kind := f.Variadic
		if i < len(f.Args) {
			kind = f.Args[i]
		}
		if kind == Real {
			x, err := n.Float64()
			if err != nil {
				t.Fatal(err)
			}
			raw[i] = x
		} else {
			x, err := n.Int64()
			if err != nil {
				t.Fatal(err)
			}
			raw[i] = x
		}
	}
	return raw
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case float64:
		return RealText(v)
	}
	return fmt.Sprint(v)
}

// TestCases runs testdata/cases.txt: name, arguments as JSON, => and the result.
func TestCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if line == "" || line[0] == '#' {
			fmt.Fprintln(&out, line)
			continue
		}
		call, want, _ := strings.Cut(line, " => ")
		name, args, _ := strings.Cut(call, " ")
		f, err := Find(name)
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		covered[name] = true
		got := show(f.Fn(decodeArgs(t, args, f)))
		if got != want && !*update {
			t.Errorf("line %d: %s = %s, want %s", n, call, got, want)
		}
		fmt.Fprintf(&out, "%s => %s\n", strings.TrimSuffix(call, " =>"), got)
	}
	if *update {
		if err := os.WriteFile("testdata/cases.txt", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range Functions() {
		if !covered[f.Name] {
			t.Errorf("%s has no case", f.Name)
		}
	}
}

// hostile are arguments nobody meant: every function answers them without panic.
var hostile = map[Kind][]any{
	Text: {nil, "", "a", "null", "[]", "{}", `[1,"a",null,[2],{"b":1.5}]`, `{"a":[1]}`, "\xff", "(", "9999999999999999999", "0001-01-01", strings.Repeat("[", 300), "\x00", "😀", "xn--a"},
	Long: {nil, int64(0), int64(-1), int64(1), int64(math.MaxInt64), int64(math.MinInt64), int64(638000000000000000)},
	Int:  {nil, int64(0), int64(-7)},
	Real: {nil, 0.0, -1.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e308},
	Bool: {nil, true, false},
}

// TestHostile calls every function with each hostile value in each place.
func TestHostile(t *testing.T) {
	for _, f := range Functions() {
		if strings.HasPrefix(f.Name, "kql_range") || f.Name == "kql_repeat_value" {
			continue // a million elements each time: correct, but not a thousand times
		}
		kinds := append([]Kind(nil), f.Args...)
		if f.Variadic != None {
			kinds = append(kinds, f.Variadic, f.Variadic)
		}
		for place := range kinds {
			for seed := range 16 {
				args := make([]any, len(kinds))
				for i, k := range kinds {
					list := hostile[k]
					args[i] = list[(seed+i*3)%len(list)]
				}
				for _, v := range hostile[kinds[place]] {
					args[place] = v
					f.Fn(append([]any(nil), args...))
				}
			}
		}
	}
}

// FuzzJSON prints what it parses, and parses that again to the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,null,true,"x"]}`, "1e400", `"\ud83d\ude00"`, "[[[]]]", "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := parseJSON(s)
		if !ok {
			return
		}
		text := printJSON(v)
		again, ok := parseJSON(text)
		if !ok || printJSON(again) != text {
			t.Fatalf("%q printed as %q", s, text)
		}
	})
}

// FuzzDateTime never panics, and what it reads it can print and read again.
func FuzzDateTime(f *testing.F) {
	f.Add("2020-02-30T24:00:00.1234567+14:00")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseDateTime(s); ok {
			if m, ok := ParseDateTime(DateTimeText(n)); !ok || m != n {
				t.Fatalf("%q is %d, printed %q is %d", s, n, DateTimeText(n), m)
			}
		}
		ParseTimeSpan(s)
		TranslateRegex(s)
	})
}
