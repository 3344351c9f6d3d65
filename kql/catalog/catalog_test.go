package catalog

import "testing"

func TestFunctionTable(t *testing.T) {
	table := Functions()
	if n := len(table.All()); n < 430 {
		t.Errorf("%d functions; the table lost some", n)
	}
	for _, f := range table.All() {
		if f.Doc == "" || f.Example == "" {
			t.Errorf("%s %s: no documentation or example", f.Kind, f.Name)
		}
		if f.Alias != "" && !f.Deprecated {
			if _, ok := table.Lookup(f.Alias, f.Kind); !ok {
				t.Errorf("%s: alias of unknown %s", f.Name, f.Alias)
			}
		}
	}
	f, ok := table.Lookup("extract", Scalar)
	if !ok || len(f.Signatures) != 2 || f.Signatures[1].Result != RuleTypeArg {
		t.Errorf("extract = %+v", f)
	}
	least, most := f.Signatures[0].Arity()
	if least != 3 || most != 3 {
		t.Errorf("extract takes %d..%d arguments", least, most)
	}
	if f, _ = table.Lookup("summarize", Scalar); f != nil {
		t.Error("summarize is no function")
	}
}

func TestStatic(t *testing.T) {
	var s Static
	s.AddTable(NewTable("B", []Column{{Name: "TimeGenerated", Type: DateTime}, {Name: "x", Type: Long}, {Name: "x", Type: String}}))
	s.AddTable(NewTable("A", nil))
	if got := s.TableNames(); len(got) != 2 || got[0] != "A" {
		t.Errorf("names = %v", got)
	}
	b, ok := s.Table("B")
	if !ok || b.TimeColumn != "TimeGenerated" || len(b.Columns) != 2 {
		t.Errorf("B = %+v", b)
	}
	if _, ok := s.Table("b"); ok {
		t.Error("table names ignore case")
	}
}
