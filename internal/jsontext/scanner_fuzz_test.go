package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzScanner holds the scanner to encoding/json: what it takes, that takes too,
// with the same strings; what that takes and is not nested too deep, it takes.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+3,"x\n\ud83d\ude00",true,null,{}]}`, `"\ud800"`, `"\u12"`, `[1,]`, `{"a":1}}`, "\"a\x01\"", `01`, `-`, `1.`, `nul`,
		strings.Repeat("[", 70) + strings.Repeat("]", 70), "\"\xff\"", ` [ ] `, `{"\"":"\\"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		z := New(s)
		text, err := z.Raw()
		if err == nil {
			err = z.End()
		}
		valid := json.Valid([]byte(s))
		switch {
		case err == nil && !valid:
			t.Fatalf("%q is taken and is no JSON", s)
		case err != nil && valid && err != errNesting:
			t.Fatalf("%q is JSON and refused: %v", s, err)
		case err == nil && !json.Valid([]byte(text)):
			t.Fatalf("%q is handed on as %q, which is no JSON", s, text)
		}
		if err == nil && New(s).Kind() == String {
			got, err := New(strings.TrimSpace(s)).Text()
			var want string
			if json.Unmarshal([]byte(s), &want) != nil || err != nil || strings.ToValidUTF8(got, "\uFFFD") != strings.ToValidUTF8(want, "\uFFFD") && !strings.Contains(want, "\uFFFD") {
				t.Fatalf("%q is read as %q, not %q", s, got, want)
			}
		}
	})
}

// FuzzAppendQuoted: what was quoted is read again, by encoding/json and by the
// scanner.
func FuzzAppendQuoted(f *testing.F) {
	for _, s := range []string{"", "a\"b\\c\n\r\t\x00\x1f", "ä€😀", "\xff\xc3", "<&>\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := AppendQuoted(nil, s)
		want := ""
		for _, r := range s { // one U+FFFD for each byte that is none of UTF-8
			want += string(r)
		}
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != want {
			t.Fatalf("%q is quoted as %s, which is %q: %v", s, b, got, err)
		}
		if text, err := New(string(b)).Text(); err != nil || text != want {
			t.Fatalf("%q is quoted as %s, which is read as %q: %v", s, b, text, err)
		}
	})
}
