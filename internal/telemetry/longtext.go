package telemetry

import (
	"time"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// DuckDB reads and writes a column 2,048 rows at a time, on each of its threads,
// and holds the texts of all of them meanwhile. With megabytes in each a query
// fails for lack of memory however narrow it is, and a checkpoint takes the
// database down. So of any 2,048 rows of a table one behind the other as many
// are stored whole as there is room for. A row that finds none is stored with
// its long texts shortened; each that was says so, and its source counts it.
const shortRow = 4 << 10 // bytes of texts up to which a row is stored whole in any case

// mostRoom is the room of a store whose memory is not limited.
const mostRoom = 256 << 20

// textRoom returns the bytes of texts that 2,048 rows of a table may have. A
// thread that reads them needs up to six times as much: its buffer grows by
// doubling, the blocks are held besides, and JSON that is looked into is taken apart.
func textRoom(memory int64, threads int) int64 {
	if memory <= 0 {
		return mostRoom
	}
	return min(mostRoom, memory/int64(6*threads))
}

// A textWindow knows how long the texts of a table's newest 2,048 rows are. It
// begins empty when the store is opened.
type textWindow struct {
	sizes [duck.ChunkRows]uint32
	next  int // the oldest, which the next row takes the place of
	sum   int64
}

// clone copies a window; nil is an empty one.
func (w *textWindow) clone() *textWindow {
	if w == nil {
		return &textWindow{}
	}
	c := *w
	return &c
}

// fits reports whether a row with so many bytes of texts can be stored whole.
func (w *textWindow) fits(size int, room int64) bool {
	return size <= shortRow || w.sum-int64(w.sizes[w.next])+int64(size) <= room
}

// add takes in the next row.
func (w *textWindow) add(size int) {
	w.sum += int64(size) - int64(w.sizes[w.next])
	w.sizes[w.next] = uint32(size)
	w.next = (w.next + 1) % len(w.sizes)
}

// noteShortened says in the log that rows were shortened, once a minute at most.
func (s *Store) noteShortened(k *commit, now time.Time) {
	for _, p := range k.parts {
		if p.shortened > 0 && now.Sub(s.shortenedAt) >= time.Minute {
			s.shortenedAt = now
			s.opts.Log.Warn("long texts of rows were shortened: more memory leaves room for more (--memory)", "table", p.table.name, "rows", p.shortened, "bytesPer2048Rows", s.textRoom)
		}
	}
}

// shorten cuts the long texts of a row.
func (t *storedTable) shorten(row *tuple.Tuple) {
	if t.name == deadLetterTable {
		shortenLetter(t, row)
		return
	}
	row.Shorten()
}
