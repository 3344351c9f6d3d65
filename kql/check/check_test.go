package check_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

func testCatalog() *catalog.Static {
	cat := &catalog.Static{}
	cat.AddTable(catalog.NewTable("Logs", []catalog.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "User", Type: catalog.String}, {Name: "Id", Type: catalog.Int},
		{Name: "Bytes", Type: catalog.Long}, {Name: "Props", Type: catalog.Dynamic}, {Name: "_IngestionTime", Type: catalog.DateTime},
	}))
	cat.AddTable(catalog.NewTable("Users", []catalog.Column{{Name: "User", Type: catalog.String}, {Name: "Id", Type: catalog.String}, {Name: "Mail", Type: catalog.String}}))
	cat.AddTable(&catalog.Table{Name: "Wild", Columns: []catalog.Column{{Name: "a", Type: catalog.Long}}, Open: true})
	cat.AddFunction(&catalog.SavedFunction{Name: "Parsed", Parameters: "since:datetime=datetime(null)", Body: "Logs | where TimeGenerated > since | extend Parsed = true"})
	cat.AddFunction(&catalog.SavedFunction{Name: "Broken", Parameters: "n:long=1", Body: "NotThere | where n > 1"})
	cat.AddFunction(&catalog.SavedFunction{Name: "Unreadable", Body: "Logs | where ("})
	cat.AddFunction(&catalog.SavedFunction{Name: "All", Body: "union isfuzzy=true Users, Broken(2), (Unreadable)"})
	cat.AddFunction(&catalog.SavedFunction{Name: "Loop", Body: "Loop"})
	cat.AddWatchlist(catalog.NewTable("VIP", []catalog.Column{{Name: "SearchKey", Type: catalog.String}}))
	return cat
}

// TestColumns holds names and types of results against Kusto's rules.
func TestColumns(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"print 1, x = 'a', now()", "print_0:long x:string print_2:datetime"},
		{"Logs | summarize count(), dcount(User), sum(Id), avg(Bytes) by bin(TimeGenerated, 1h)", "TimeGenerated:datetime count_:long dcount_User:long sum_Id:long avg_Bytes:real"},
		{"Logs | summarize arg_max(TimeGenerated, *) by User", "User:string TimeGenerated:datetime Id:int Bytes:long Props:dynamic _IngestionTime:datetime"},
		{"Logs | summarize arg_max(Bytes, User), take_any(Id) by User", "User:string Bytes:long User1:string Id:int"},
		{"Logs | summarize make_set(User), make_set(User, 5)", "set_User:dynamic set_User1:dynamic"},
		{"Logs | summarize percentiles(Bytes, 5, 99.9)", "percentile_Bytes_5:long percentile_Bytes_99_9:long"},
		{"Logs | summarize x = count() * 2, max(Bytes) - min(Bytes)", "x:long Column1:long"},
		{"Logs | project Props.a.b, Props['c'], Props[0], tolower(User), tostring(Id)", "Props_a_b:dynamic Props_c:dynamic Props_0:dynamic Column1:string Id:string"},
		{"Logs | extend Id = tostring(Id) | project Id, Id + 1", "error:KQL3001"},
		{"Logs | join kind=inner (Users) on User | project-away Props", "TimeGenerated:datetime User:string Id:int Bytes:long _IngestionTime:datetime User1:string Id1:string Mail:string"},
		{"Logs | join kind=leftanti Users on User | getschema | count", "Count:long"},
		{"Logs | lookup Users on User", "TimeGenerated:datetime User:string Id:int Bytes:long Props:dynamic _IngestionTime:datetime Id1:string Mail:string"},
		{"union Logs, Users | project Id_int, Id_string", "Id_int:int Id_string:string"},
		{"union kind=inner Logs, Users | project-away Id", "User:string"},
		{"union isfuzzy=true withsource=Src Users, NotThere", "Src:string User:string Id:string Mail:string"},
		{"union isfuzzy=true Users, Broken(2), Unreadable", "User:string Id:string Mail:string"},
		{"union isfuzzy=true Users, (Unreadable) | union Unreadable", "error:KQL2003"},
		{"union Users, Broken", "error:KQL2002"},
		{"union isfuzzy=true Users, Broken(a = 2)", "error:KQL2007"},
		{"union isfuzzy=true Users, Broken('x')", "User:string Id:string Mail:string"},
		{"union isfuzzy=true Users, (Broken | where x)", "error:KQL2002"},
		{"All", "User:string Id:string Mail:string"},
		{"Users | mv-expand x = dynamic([1]) to typeof(long) | project x, Mail", "x:long Mail:string"},
		{"Users | parse Mail with Local '@' Domain:string | project-keep Local, Domain", "Local:string Domain:string"},
		{"Logs | make-series n = count(), b = sum(Bytes) default = 0 on TimeGenerated step 1d by User", "User:string n:dynamic b:dynamic TimeGenerated:dynamic"},
		{"Logs | project-rename Who = User | project-reorder Who, B* | project-away _*, T*", "Who:string Bytes:long Id:int Props:dynamic"},
		{"Logs | top 3 by Bytes | serialize n = row_number(), p = prev(User) | project n, p", "n:long p:string"},
		{"Logs | extend (a, b) = array_sort_asc(dynamic([1]), dynamic([2])) | project a, b", "a:dynamic b:dynamic"},
		{"print s = dynamic([1]) | project series_stats(s) | project-keep *min*", "series_stats_s_min:real series_stats_s_min_idx:long"},
		{"Wild | project a, b", "a:long b:dynamic"},
		{"_GetWatchlist('VIP') | project SearchKey", "SearchKey:string"},
		{"Parsed(ago(1d)) | project Parsed", "Parsed:bool"},
		{"Logs | where Id == '7' and User == 5 and Props.x == 1 and Bytes in (1, '2') | count", "Count:long"},
		{"let f = (x:long, y:string = 'd') { strcat(y, x) }; print f(y = 'q', x = 1), f(2)", "print_0:string print_1:string"},
		{"let T = Logs | project User; T | join kind=inner T on User", "User:string User1:string"},
		{"let x = 1; Logs | extend x = Bytes | project x", "x:long"},
		{"Logs | extend A = iff(Bytes > 1, Props.a, 'none'), B = case(Bytes > 1, Props.a, Props.b), C = coalesce(Id, Bytes) | project A, B, C", "A:string B:dynamic C:long"},
		{"let a = 1; let a = 2; print a", "error:KQL2008"},
		{"Logs | project Usr", "error:KQL2001"},
		{"Log | count", "error:KQL2002"},
		{"Logs | project x = foo(User)", "error:KQL2003"},
		{"Logs | project a = User, a = Id", "error:KQL2005"},
		{"Logs | where User", "error:KQL3001"},
		{"Logs | where count() > 1", "error:KQL3007"},
		{"Logs | extend n = row_number()", "error:KQL3009"},
		{"Logs | extend n = row_cumsum(Bytes)", "error:KQL3009"},
		{"datatable(v:long)[1] | where v > 0 | project n = row_cumsum(v)", "n:long"},
		{"datatable(v:long)[1] | distinct v | project n = row_cumsum(v)", "error:KQL3009"},
		{"datatable(v:long)[1] | project n = row_number()", "error:KQL3009"},
		{"Logs | summarize User", "error:KQL3006"},
		{"Logs | project strlen(User, 1)", "error:KQL3002"},
		{"Logs | extend x = Users", "error:KQL3004"},
		{"Logs | evaluate python(typeof(*), 'x')", "error:KQL4002"},
		{"cluster('c').database('d').T", "error:KQL4004"},
		{"Loop", "error:KQL5002"},
		{"let a = 'x' + 1; print a", "error:KQL3001"},
		{"Logs | project format_datetime(TimeGenerated, 'yyyyTMM')", "error:KQL3008"},
	} {
		script, diags := parser.Parse(c.src)
		q, found := check.Check(script, testCatalog(), check.Options{Now: now})
		got := ""
		switch diags = append(diags, found...); {
		case diags.HasErrors():
			for _, d := range diags {
				if d.Severity == 0 {
					got = "error:" + string(d.Code)
					break
				}
			}
		default:
			got = strings.TrimSpace(resultColumns(q))
			if err := plan.Verify(q); err != nil {
				t.Errorf("%s\n  %v", c.src, err)
			}
		}
		if got != c.want {
			t.Errorf("%s\n  got  %s\n  want %s", c.src, got, c.want)
		}
	}
}

// TestPeriod sees to it that the period of the run reaches every table read,
// wherever it stands.
func TestPeriod(t *testing.T) {
	for _, src := range []string{
		"Logs | count",
		"let T = Logs; T | join kind=inner (T | where Bytes > 1) on User",
		"union Logs, (Logs | take 1)",
		"Users | where User in ((Logs | project User))",
		"print n = toscalar(Logs | count)",
		"let m = materialize(Logs); m | union m",
		"Parsed()",
		"let f = () { Logs }; f | lookup (f() | project User) on User",
		"search in (Logs) 'x'",
		"Logs | partition by User (top 1 by Bytes)",
	} {
		q, err := bind(src, testCatalog(), check.Options{From: 100, To: 200})
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		reads := 0
		eachTable(q, func(tb *plan.Table) {
			if tb.Name != "Logs" {
				return
			}
			reads++
			if tb.Period == nil || *tb.Period != (plan.Period{Column: "TimeGenerated", From: 100, To: 200}) {
				t.Errorf("%s: a read without the period: %+v", src, tb.Period)
			}
		})
		if reads == 0 {
			t.Errorf("%s: no read found", src)
		}
	}
}

// eachTable visits every table read of a query, subqueries in expressions too.
func eachTable(q *plan.Query, visit func(*plan.Table)) {
	var rel func(r plan.Rel)
	expr := func(x plan.Expr) {
		plan.Inspect(x, func(e plan.Expr) bool {
			if in, ok := e.(*plan.In); ok && in.Rel != nil {
				rel(in.Rel)
			}
			return true
		})
	}
	rel = func(r plan.Rel) {
		switch r := r.(type) {
		case *plan.Table:
			visit(r)
		case *plan.Filter:
			expr(r.Pred)
		}
		for _, in := range plan.Inputs(r) {
			rel(in)
		}
	}
	for _, s := range q.Shared {
		rel(s.Rel)
	}
	for _, s := range q.Scalars {
		rel(s.Rel)
	}
	for _, r := range q.Results {
		rel(r.Rel)
	}
}

func TestLenient(t *testing.T) {
	src := "Logs | join kind=leftouter Missing on User | where Nope == 'x' and EventID == 1 | project Nope, Missing2, strlen(Bytes)"
	script, _ := parser.Parse(src)
	q, diags := check.Check(script, testCatalog(), check.Options{Lenient: true})
	if diags.HasErrors() {
		t.Fatalf("lenient mode refuses: %v", diags.Err())
	}
	if len(diags) == 0 {
		t.Error("lenient mode says nothing about unknown names")
	}
	if err := plan.Verify(q); err != nil {
		t.Error(err)
	}
	if _, err := bind(src, testCatalog(), check.Options{}); err == nil {
		t.Error("strict mode accepts unknown names")
	}
}

// TestShapes runs the two rounds of a plugin whose columns only the data knows.
func TestShapes(t *testing.T) {
	src := "Logs | evaluate bag_unpack(Props, 'p_') | where p_x > 1 | project User, p_x"
	q, err := bind(src, testCatalog(), check.Options{})
	if err != nil || len(q.Shapes) != 1 || q.Shapes[0].Column.Name != "Props" {
		t.Fatalf("first round: %v, %+v", err, q)
	}
	q, err = bind(src, testCatalog(), check.Options{Shapes: map[string][]catalog.Column{q.Shapes[0].Key: {{Name: "x", Type: catalog.Long}}}})
	if err != nil || len(q.Shapes) != 0 {
		t.Fatalf("second round: %v", err)
	}
	if got := strings.TrimSpace(resultColumns(q)); got != "User:string p_x:long" {
		t.Errorf("columns %s", got)
	}
}

// TestUnfolding refuses texts that would double with every line.
func TestUnfolding(t *testing.T) {
	var b strings.Builder
	b.WriteString("let a0 = rand();\n")
	for i := 1; i < 60; i++ {
		b.WriteString("let a" + strings.Repeat("x", i) + " = a" + map[bool]string{true: "0"}[i == 1] + strings.Repeat("x", i-1) + " + a" +
			map[bool]string{true: "0"}[i == 1] + strings.Repeat("x", i-1) + ";\n")
	}
	b.WriteString("print a" + strings.Repeat("x", 59))
	if _, err := bind(b.String(), testCatalog(), check.Options{}); err == nil || !strings.Contains(err.Error(), "KQL5003") {
		t.Errorf("got %v", err)
	}
	if _, err := bind("let f = (x:real) { x + x }; print "+strings.Repeat("f(", 40)+"rand()"+strings.Repeat(")", 40), testCatalog(), check.Options{}); err == nil {
		t.Error("nested calls unfold without bound")
	}
}
