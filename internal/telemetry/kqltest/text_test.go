package kqltest

import "testing"

// TestText_BytesThatAreNoText: a literal with bytes that are not UTF-8 reads as one
// with the replacement character, wherever it stands.
func TestText_BytesThatAreNoText(t *testing.T) {
	e, cat := world(t)
	for query, want := range map[string]string{
		"print x = 'a\xffb'": "[\"x:string\"]\n[\"a\uFFFDb\"]\n",
		"Logons | where Account has '\xff' or Account in ('\xfe', 'bob') | project Account": "[\"Account:string\"]\n[\"bob\"]\n",
		"print x = strlen(@'\xff'), y = dynamic(['\xff'])":                                  "[\"x:long\",\"y:dynamic\"]\n[1,[\"\uFFFD\"]]\n",
	} {
		rows, diags, err := answer(e, cat, query, false)
		if err != nil || rows != want {
			t.Errorf("%q: got %q %s %v, want %q", query, rows, diags, err, want)
		}
	}
}
