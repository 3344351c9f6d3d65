package retention

import (
	"context"
	"fmt"
	"sync"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// DuckDB says where each piece of a column lies, which takes about 15 µs per piece:
// a minute for a table of some hundred gigabytes. What a row of such a table takes
// changes little, so it is measured again only when the table has become a tenth
// larger or smaller.
const (
	exactBelow = 256 << 20 // bytes up to which a table is measured every time
	sameWithin = 10        // rows may differ by one part in so many
)

// sizes remembers what large tables took when they were measured.
type sizes struct {
	mu sync.Mutex
	of map[string]measured // by table
}

type measured struct{ rows, bytes int64 }

// now returns what the table takes with so many rows, if that is known well enough.
func (m measured) now(rows int64) (bytes int64, ok bool) {
	if m.bytes < exactBelow || max(m.rows-rows, rows-m.rows) > m.rows/sameWithin {
		return 0, false
	}
	return int64(float64(m.bytes) / float64(m.rows) * float64(rows)), true
}

// tableBytes is the space that a table takes in the file: exactly, in whole
// blocks, for a table up to 256 MiB.
func (k *Keeper) tableBytes(ctx context.Context, t Table) (int64, error) {
	k.sizes.mu.Lock()
	defer k.sizes.mu.Unlock()
	rows, err := k.numbers(ctx, "SELECT count(*) FROM "+t.Qualified, 1)
	if err != nil {
		return 0, fmt.Errorf("counting table %s: %w", t.Name, err)
	}
	if bytes, ok := k.sizes.of[t.Name].now(rows[0]); ok {
		return bytes, nil
	}
	b, err := k.blocks(ctx)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	err = k.store.Inspect(ctx, func(c *duck.Chunk) { n = c.Columns[0].Ints[0] }, `WITH info AS (SELECT block_id, additional_block_ids FROM pragma_storage_info($1) WHERE persistent)
		SELECT count(DISTINCT id) FROM (SELECT block_id AS id FROM info UNION ALL SELECT unnest(additional_block_ids) FROM info) WHERE id >= 0`, t.Qualified)
	if err != nil {
		return 0, fmt.Errorf("measuring table %s: %w", t.Name, err)
	}
	if k.sizes.of == nil {
		k.sizes.of = map[string]measured{}
	}
	k.sizes.of[t.Name] = measured{rows[0], n * b.size}
	return n * b.size, nil
}
