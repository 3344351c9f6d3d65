package watchlist_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-soc/tocsin/internal/watchlist"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func one(t *testing.T, yaml, csv string) (*watchlist.List, string) {
	t.Helper()
	lists, rejected, err := watchlist.Load(fstest.MapFS{"l.yaml": {Data: []byte("alias: list\n" + yaml)}, "l.csv": {Data: []byte(csv)}}, "test", noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(rejected) > 0 {
		return nil, rejected[0].Reason
	}
	return lists[0], ""
}

// TestLoad_ItemsKeepTheirIds: an item has the id of its cells, wherever it stands, and
// repetitions have ids of their own.
func TestLoad_ItemsKeepTheirIds(t *testing.T) {
	a, _ := one(t, "searchKey: k", "\xef\xbb\xbfk, Tags \r\nx,1\r\ny,2\r\nx,1\r\n")
	b, _ := one(t, "searchKey: k", "k,Tags\ny,2\nx,1\nx,1\n")
	if a == nil || b == nil || len(a.Items) != 3 || a.Columns[1] != "Tags" {
		t.Fatalf("%+v", a)
	}
	if a.Items[0].ID != b.Items[1].ID || a.Items[1].ID != b.Items[0].ID || a.Items[2].ID != b.Items[2].ID || a.Items[0].ID == a.Items[2].ID {
		t.Errorf("%v\n%v", a.Items, b.Items)
	}
	columns, rows := watchlist.Items([]*watchlist.List{a}, noon)
	if len(rows) != 3 || len(rows[0]) != len(columns) {
		t.Fatal(rows)
	}
	var bag map[string]string
	for i, c := range columns {
		if c.Name == "WatchlistItem" {
			if err := json.Unmarshal([]byte(rows[1][i].(string)), &bag); err != nil || bag["k"] != "y" || bag["Tags"] != "2" {
				t.Errorf("%v %v", rows[1][i], err)
			}
		}
	}
	if table := a.Table(); len(table.Columns) != len(a.Rows()[0]) || table.Columns[3].Name != "k" {
		t.Error(table.Columns)
	}
}

// TestLoad_SearchKeyColumn: a file's own column SearchKey is the one every list has.
func TestLoad_SearchKeyColumn(t *testing.T) {
	l, reason := one(t, "searchKey: SearchKey", "SearchKey,v\na,1\n")
	if l == nil {
		t.Fatal(reason)
	}
	if row := l.Rows()[0]; len(row) != 4 || row[2] != "a" || row[3] != "1" {
		t.Error(row)
	}
}

func TestLoad_Rejects(t *testing.T) {
	for _, c := range []struct{ yaml, csv, want string }{
		{"searchKey: k", "k\n\xff\n", "not UTF-8"},
		{"searchKey: k", "k,v\n1\n", "wrong number of fields"},
		{"searchKey: k", "k,K\n1,2\n", "differ only in case"},
		{"searchKey: k", "k,k\n1,2\n", "there twice"},
		{"searchKey: k", "k,\n1,2\n", "needs a name"},
		{"searchKey: k", "k,_DTItemId\n1,2\n", "every watchlist has"},
		{"searchKey: k", "", "is empty"},
		{"searchKey: k\nitems: ../x.csv", "k\n", "not a file in the folder"},
		{"searchKey: k\nitems: y.csv", "k\n", "cannot be read"},
		{"description: x", "k\n", "searchKey is missing"},
		{"searchkey: k", "k\n", "unknown field"},
		{"searchKey: k\ncolumns: [{name: other, required: true}]", "k\n1\n", `no column "other"`},
	} {
		if _, reason := one(t, c.yaml, c.csv); !strings.Contains(reason, c.want) {
			t.Errorf("%q, %q: %q, want %q", c.yaml, c.csv, reason, c.want)
		}
	}
}

// FuzzLoad: any files load or are rejected; what loads has rows as wide as its table.
func FuzzLoad(f *testing.F) {
	f.Add("alias: list\nsearchKey: k\n", "k,v\n1,2\n")
	f.Add("searchKey: SearchKey\ncolumns:\n- {name: SearchKey}", "")
	f.Fuzz(func(t *testing.T, yaml, csv string) {
		lists, _, err := watchlist.Load(fstest.MapFS{"l.yaml": {Data: []byte(yaml)}, "l.csv": {Data: []byte(csv)}}, "fuzz", noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lists {
			for _, row := range l.Rows() {
				if len(row) != len(l.Table().Columns) {
					t.Errorf("%d cells, %d columns", len(row), len(l.Table().Columns))
				}
			}
		}
	})
}
