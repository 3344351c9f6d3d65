package document

import (
	"strings"
	"testing"
)

func TestParse_KeepsKinds(t *testing.T) {
	docs, err := Parse([]byte("a: 1\nb: '1'\nc: 1.50\nd: true\ne: null\nf:\ng: 0x10\nh: [x, {y: z}]\ni: yes\nj: |\n  two\n  lines\n---\nk: 2\n---\n"))
	if err != nil || len(docs) != 2 {
		t.Fatal(len(docs), err)
	}
	for key, want := range map[string]Node{"a": {Kind: Int, Text: "1"}, "b": {Kind: String, Text: "1"}, "c": {Kind: Float, Text: "1.5"}, "d": {Kind: Bool, Text: "true"},
		"e": {Kind: Null}, "f": {Kind: Null}, "g": {Kind: Int, Text: "16"}, "i": {Kind: String, Text: "yes"}, "j": {Kind: String, Text: "two\nlines\n"}} {
		if n := docs[0].Get(key); n == nil || n.Kind != want.Kind || n.Text != want.Text {
			t.Errorf("%s: %+v", key, n)
		}
	}
	if l := docs[0].Get("h"); l.Kind != List || l.Items[1].Get("y").Str() != "z" || l.Line != 8 {
		t.Errorf("%+v", l)
	}
	if docs[1].Get("a") != nil || docs[1].Get("k").Str() != "2" {
		t.Error("documents run into one another")
	}
}

func TestParse_Refuses(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 8 {
		c := string(rune('a' + i))
		n := string(rune('b' + i))
		bomb += n + ": &" + n + " [" + strings.Repeat("*"+c+",", 10) + "]\n"
	}
	for name, src := range map[string]string{
		"aliases that blow up": bomb, "unknown alias": "a: *b\n", "merge key": "a: &a {x: 1}\nb:\n  <<: *a\n",
		"depth": strings.Repeat("[", 100) + strings.Repeat("]", 100), "size": strings.Repeat("a", maxDocumentBytes+1), "syntax": "a: [\n",
	} {
		if _, err := Parse([]byte(src)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// FuzzParse: no input panics, and what is read stays within bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: [1, 'x', null]\n---\nb: &c {d: *c}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		docs, err := Parse(src)
		if err != nil {
			return
		}
		n := 0
		var count func(d *Node)
		count = func(d *Node) {
			n++
			if len(d.Keys) > 0 && len(d.Keys) != len(d.Items) {
				t.Fatal("keys without values")
			}
			for i := range d.Items {
				count(&d.Items[i])
			}
		}
		for i := range docs {
			count(&docs[i])
		}
		if n > maxYAMLNodes*len(docs) {
			t.Fatalf("%d values", n)
		}
	})
}
