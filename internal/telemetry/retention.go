package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// deleteBefore deletes the rows received before cutoff. Rows lie in the order
// of arrival, so whole row groups go and their space is free at once. Going by
// the time of receipt keeps old evidence that was imported yesterday.
func (t *storedTable) deleteBefore(ctx context.Context, c *duck.Conn, cutoff time.Time) (int64, error) {
	rows, err := c.Query(ctx, fmt.Sprintf(`DELETE FROM %s WHERE %s < $1`, t.qualified(), schema.Quote(schema.IngestionTimeColumn)), tocsin.Ticks(cutoff))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.NextChunk() {
		n += rows.Chunk().Columns[0].Ints[0]
	}
	return n, rows.Err()
}
