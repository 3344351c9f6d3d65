package tuple

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShortenedJSON(t *testing.T) {
	long := strings.Repeat("x", 3000)
	quotes, smile := strings.Repeat(`\"`, 2000), strings.Repeat(`\ud83d\ude00`, 500)
	for _, c := range []struct{ name, value, want string }{
		{"texts inside", `{"a":"` + long + `","Image":"cmd.exe","n":[1,"` + long + `"]}`, `{"a":"` + long[:1023] + `… [shortened by Tocsin: 3000 bytes]","Image":"cmd.exe","n":[1,"` + long[:1023] + `… [shortened by Tocsin: 3000 bytes]"]}`},
		{"names stay", `{"` + long + `" : 1}`, `{"` + long + `" : 1}`},
		{"no escape is cut", `["` + quotes + `"]`, `["` + quotes[:1022] + `… [shortened by Tocsin: 4000 bytes]"]`},
		{"no character is cut", `["a` + smile + `"]`, `["a` + smile[:1020] + `… [shortened by Tocsin: 6001 bytes]"]`},
		{"too many texts", `{"k":[` + strings.Repeat(`"abc",`, 5000) + `1]}`, ""},
		{"numbers", `[` + strings.Repeat("1234567890,", 5000) + `1]`, ""},
	} {
		got := shortenedJSON(c.value)
		if !json.Valid([]byte(got)) || len(got) > shortJSON+2*shortText {
			t.Errorf("%s: %d bytes, valid JSON: %v", c.name, len(got), json.Valid([]byte(got)))
		}
		if c.want != "" && got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if c.want == "" && !strings.HasPrefix(got, `"`) {
			t.Errorf("%s: %.80s is no text", c.name, got)
		}
	}
}

func FuzzShortenedJSON(f *testing.F) {
	f.Add(`{"a":"` + strings.Repeat(`\u00e9`, 400) + `"}`)
	f.Add(`["` + strings.Repeat("\U0001f600", 600) + `"`)
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.Repeat(value, 1+5000/(1+len(value)))
		got := shortenedJSON(value)
		if len(got) > 6*shortJSON {
			t.Fatalf("%d bytes are left", len(got))
		}
		if json.Valid([]byte(value)) && !json.Valid([]byte(got)) {
			t.Fatalf("no JSON any more: %s", got)
		}
		if utf8.ValidString(value) && !utf8.ValidString(shortened(value)) {
			t.Fatal("a character was cut")
		}
	})
}
