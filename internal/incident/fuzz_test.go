package incident

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
)

func FuzzFilter(f *testing.F) {
	good := Filter{Sort: ByUpdated, Descending: true}
	f.Add("amelie contoso.example #12", good.NextCursor(Place{Key: 5, ID: 7}))
	f.Add("\x00 \xff %_ '", "dXBkYXRlZEF0L3RydWUge30")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, query, cursor string) {
		for _, filter := range []Filter{{Query: query, Cursor: cursor}, {Query: query, Cursor: cursor, Sort: BySeverity, Descending: true}} {
			if err := filter.check(); err != nil {
				if !tocsin.IsKind(err, tocsin.Invalid) {
					t.Fatalf("%v", err)
				}
				continue
			}
			if len(filter.Words) > queryLimit || (filter.After == nil) != (cursor == "") {
				t.Fatalf("%+v", filter)
			}
			for _, w := range filter.Words {
				if w == "" || len(w) > maxWord || !utf8.ValidString(w) || strings.ContainsRune(w, 0) {
					t.Fatalf("word %q", w)
				}
			}
		}
		alerts := AlertFilter{Cursor: cursor}
		if err := alerts.check(); err != nil && !tocsin.IsKind(err, tocsin.Invalid) {
			t.Fatal(err)
		}
	})
}

// FuzzSearchFindsWhatIsThere wants every piece of a title to find its incident.
func FuzzSearchFindsWhatIsThere(f *testing.F) {
	for _, s := range []string{"Password spray on amelie@contoso.example", `CORP\svc-backup`, "203.0.113.7", "größere Übertragung", "C:\\Windows\\System32\\cmd.exe", "2001:db8::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, title string) {
		if !utf8.ValidString(title) {
			return
		}
		words := map[string]bool{}
		addWords(words, title)
		if len(words) > maxWords {
			t.Fatalf("%d words", len(words))
		}
		for _, piece := range strings.Fields(title) {
			for _, q := range queryWords(piece) {
				if strings.ContainsRune(piece, 0) || len(words) == maxWords {
					return
				}
				if !words[q] {
					t.Fatalf("%q of %q is not found: %q", q, title, sortedKeys(words))
				}
			}
		}
	})
}

// FuzzClean wants whatever a rule delivers brought into bounds, and to stay as
// it is when cleaned again.
func FuzzClean(f *testing.F) {
	f.Add([]byte(`{"title":"a\u0000b","severity":"critical","entities":[{"type":"Account","identifiers":{"Name":"x"}}],"evidence":[{"eventId":"1"}],"customDetails":{"a":["b","b",""]}}`))
	f.Add([]byte(`{"firstActivity":"2026-01-01T00:00:00Z","count":-5,"notes":["n","n"]}`))
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		var in tocsin.Alert
		if json.Unmarshal(text, &in) != nil {
			return
		}
		in.Rule = "r"
		a := clean(&in, now)
		if a.Count < 1 || a.Severity.Rank() == 0 || a.Title == "" || len(a.Title) > tocsin.MaxTitleBytes || a.FirstActivity.IsZero() || a.LastActivity.Before(a.FirstActivity) {
			t.Fatalf("%+v", a)
		}
		if len(a.Entities) > MaxEntities || len(a.Evidence) > tocsin.MaxEvidence || len(a.CustomDetails) > MaxDetailKeys || len(a.Notes) > maxNotes {
			t.Fatalf("%d entities, %d evidence, %d details, %d notes", len(a.Entities), len(a.Evidence), len(a.CustomDetails), len(a.Notes))
		}
		again := clean(&a, now)
		first, err := json.Marshal(a)
		second, err2 := json.Marshal(again)
		if err != nil || err2 != nil || string(first) != string(second) {
			t.Fatalf("cleaned twice it changes:\n%s\n%s", first, second)
		}
		more := a
		combine(&more, &again)
		if more.Count != 2*a.Count || len(more.Evidence) != len(a.Evidence) || len(more.Entities) != len(a.Entities) {
			t.Fatalf("the same finding again adds more than its count")
		}
	})
}
