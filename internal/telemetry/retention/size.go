package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// A cut is a deletion that a bound of size asks for.
type cut struct {
	table  Table
	before time.Time
	reason string
}

// oversize says what is to go so that tables and store keep to their bounds.
// Bytes per row are taken as even within a table.
func (k *Keeper) oversize(ctx context.Context) (cuts []cut, err error) {
	bound := k.opts.Keep
	bounded := bound.Bytes > 0
	for _, k := range bound.Tables {
		bounded = bounded || k.Bytes > 0
	}
	if !bounded {
		return nil, nil
	}
	if err := k.checkpoint(ctx); err != nil { // sizes are known only of what is in the file
		return nil, err
	}
	tables := slices.DeleteFunc(k.store.Tables(), func(t Table) bool { return t.IsUndeclared }) // nobody said how long those are kept
	total := int64(0)
	var all []slice
	for _, t := range tables {
		size, err := k.tableBytes(ctx, t)
		if err != nil {
			return nil, err
		}
		total += size
		limit := bound.Tables[t.Name].Bytes
		if bound.Bytes == 0 && (limit == 0 || size <= limit) {
			continue
		}
		parts, err := k.slicesOf(ctx, t, size)
		if err != nil {
			return nil, err
		}
		if limit > 0 && size > limit {
			before, freed := cutOff(parts, size-room(limit))
			cuts = append(cuts, cut{t, before, fmt.Sprintf("the table had %d bytes, its bound is %d", size, limit)})
			total -= freed
			parts = slices.DeleteFunc(parts, func(p slice) bool { return p.end.Compare(before) <= 0 })
		}
		all = append(all, parts...)
	}
	if bound.Bytes > 0 && total > bound.Bytes {
		slices.SortFunc(all, func(a, b slice) int { return a.end.Compare(b.end) })
		before, _ := cutOff(all, total-room(bound.Bytes))
		for _, t := range tables {
			cuts = append(cuts, cut{t, before, fmt.Sprintf("the store had %d bytes, its bound is %d", total, bound.Bytes)})
		}
	}
	return cuts, nil
}

// room is what a bound is kept to once it was passed: a tenth less, so that not
// every pass has a little to delete.
func room(bound int64) int64 { return bound - bound/10 }

// A slice is the rows of a table from a stretch of time.
type slice struct {
	end   time.Time // rows received before it
	bytes int64
}

// cutOff returns up to when rows have to go for this many bytes.
func cutOff(parts []slice, excess int64) (before time.Time, freed int64) {
	for _, p := range parts {
		if freed >= excess {
			break
		}
		before, freed = p.end, freed+p.bytes
	}
	return before, freed
}

// slicesPerTable is how finely a table is cut by time.
const slicesPerTable = 4096

// slicesOf cuts the rows of a table by time of receipt, oldest first.
func (k *Keeper) slicesOf(ctx context.Context, t Table, size int64) ([]slice, error) {
	at := schema.Quote(schema.IngestionTimeColumn)
	var out []slice
	err := k.store.Inspect(ctx, func(c *duck.Chunk) {
		for i := range c.Len {
			out = append(out, slice{tocsin.FromTicks(c.Columns[0].Ints[i]), c.Columns[1].Ints[i]})
		}
	}, fmt.Sprintf(`WITH span AS (SELECT min(%[1]s) AS first, greatest((max(%[1]s) - min(%[1]s)) // %[3]d + 1, 1) AS width, count(*) AS n FROM %[2]s)
		SELECT any_value(first) + ((%[1]s - first) // width + 1) * any_value(width) AS upto, (count(*) * $1::DOUBLE / any_value(n))::BIGINT FROM %[2]s, span GROUP BY (%[1]s - first) // width, first ORDER BY 1`,
		at, t.Qualified, slicesPerTable), float64(size))
	if err != nil {
		return nil, fmt.Errorf("measuring table %s: %w", t.Name, err)
	}
	return out, nil
}
