package telemetry

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// TestTextWindow_BoundsEveryStretch: of any 2,048 rows one behind the other, the
// long ones that were let in whole fit into the room, wherever the stretch begins.
func TestTextWindow_BoundsEveryStretch(t *testing.T) {
	const room = 1 << 20
	var w *textWindow
	w = w.clone()
	var sizes []int
	for i := range 5 * duck.ChunkRows {
		size := i * 7919 % 300_000 // every length, in no order
		if i/1000%3 == 1 {
			size = 100 // a calm spell, in which room is won back
		}
		if !w.fits(size, room) {
			size = shortRow
		}
		w.add(size)
		sizes = append(sizes, size)
	}
	whole := 0
	for from := range len(sizes) - duck.ChunkRows {
		sum := 0
		for _, size := range sizes[from : from+duck.ChunkRows] {
			if size > shortRow {
				sum += size
			}
		}
		if whole = max(whole, sum); sum > room {
			t.Fatalf("rows %d to %d have %d bytes of long texts, there is room for %d", from, from+duck.ChunkRows, sum, room)
		}
	}
	if whole < room/2 {
		t.Errorf("at most %d bytes were let in whole, of %d", whole, room)
	}
}

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
