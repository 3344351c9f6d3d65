package plan

import (
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

func col(id ColID, name string, t catalog.Type) Column { return Column{ID: id, Name: name, Type: t} }

func ref(c Column) *Col { return &Col{ID: c.ID, Name: c.Name, T: c.Type} }

func TestVerifyFindsBreaches(t *testing.T) {
	a, b := col(1, "a", catalog.Long), col(2, "b", catalog.String)
	source := &Values{Cols: []Column{a, b}}
	one := &Const{T: catalog.Long, Int: 1}
	cases := []struct {
		rel  Rel
		want string // "" for a sound plan
	}{
		{source, ""},
		{&Filter{In: source, Pred: &Binary{Op: OpEq, X: ref(a), Y: one, T: catalog.Bool}}, ""},
		{&Filter{In: source, Pred: &Binary{Op: OpEq, X: ref(b), Y: one, T: catalog.Bool}}, "operator == over string and long"},
		{&Filter{In: source, Pred: ref(a)}, "predicate is long"},
		{&Filter{In: source, Pred: &Binary{Op: OpEq, X: ref(col(9, "z", catalog.Long)), Y: one, T: catalog.Bool}}, `"z" (9) is not in the input`},
		{&Project{In: source, Cols: []Column{a, a}}, "delivered twice"},
		{&Project{In: source, Cols: []Column{col(3, "c", catalog.Long)}}, "not produced"},
		{&Project{In: source, Items: []Item{{col(3, "c", catalog.String), one}}, Cols: []Column{col(3, "c", catalog.String)}}, "its expression long"},
		{&Union{Inputs: []Rel{source}, Cols: []Column{col(4, "x", catalog.Long)}}, "2 columns for 1"},
		{&Values{Cols: []Column{a}, Rows: [][]Expr{{&Const{T: catalog.String}}}}, "cell of"},
	}
	for i, c := range cases {
		err := Verify(&Query{Results: []*Result{{Rel: c.rel}}})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("case %d: %v", i, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("case %d: got %v, want %s", i, err, c.want)
		}
	}
}

func TestPrint(t *testing.T) {
	a := col(1, "a", catalog.Int)
	q := &Query{Results: []*Result{{Name: "PrimaryResult", Rel: &Filter{
		In:   &Table{Name: "T", Cols: []Column{a}, Source: []string{"a"}, Period: &Period{Column: "t", From: 1, To: 2}},
		Pred: &Binary{Op: OpGt, X: &Cast{X: ref(a), To: catalog.Long, Implicit: true}, Y: &Const{T: catalog.Long, Int: 5}, T: catalog.Bool},
	}}}}
	want := "result PrimaryResult\n  filter (long~(a#1) > 5)\n    table T where t in [1, 2) (a#1:int)\n"
	if got := Print(q); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
