package retention

import (
	"context"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// fakeFile answers what tableBytes asks.
type fakeFile struct {
	Store
	rows, blocks, measured int64
}

func answer(each func(*duck.Chunk), numbers ...int64) {
	c := &duck.Chunk{Len: 1}
	for _, n := range numbers {
		c.Columns = append(c.Columns, duck.Column{Kind: duck.Ints, Ints: []int64{n}})
	}
	each(c)
}

func (f *fakeFile) Read(_ context.Context, each func(*duck.Chunk), _ string, _ ...any) error {
	answer(each, f.rows)
	return nil
}

func (f *fakeFile) Inspect(_ context.Context, each func(*duck.Chunk), sql string, _ ...any) error {
	if strings.Contains(sql, "pragma_database_size") {
		answer(each, 1<<20, 0, 0, 0)
		return nil
	}
	f.measured++
	answer(each, f.blocks)
	return nil
}

func TestTableBytes_LargeTablesAreMeasuredSeldom(t *testing.T) {
	f := &fakeFile{}
	k := New(f, Options{})
	for _, step := range []struct {
		what                  string
		rows, blocks          int64
		wantMiB, wantMeasured int64
	}{
		{"small, always", 1000, 100, 100, 1},
		{"small, again", 1000, 101, 101, 2},
		{"large, first", 1_000_000, 1000, 1000, 3},
		{"a little more", 1_050_000, 1040, 1050, 3},
		{"a little less", 900_000, 910, 900, 3},
		{"a fifth more", 1_200_000, 1210, 1210, 4},
		{"most deleted", 1000, 300, 300, 5},
		{"empty", 0, 0, 0, 6},
		{"empty, again", 0, 0, 0, 7},
	} {
		f.rows, f.blocks = step.rows, step.blocks
		got, err := k.tableBytes(t.Context(), Table{Name: "T"})
		if err != nil || got != step.wantMiB<<20 || f.measured != step.wantMeasured {
			t.Errorf("%s: %d MiB, want %d; measured %d times, want %d; %v", step.what, got>>20, step.wantMiB, f.measured, step.wantMeasured, err)
		}
	}
}
