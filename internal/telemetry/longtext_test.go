package telemetry

import (
	"testing"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// TestTextWindow_BoundsEveryStretch: of any 2,048 rows one behind the other, the
// long ones that were let in whole fit into the room, wherever the stretch begins.
func TestTextWindow_BoundsEveryStretch(t *testing.T) {
	const room = 1 << 20
	var w *textWindow
	w = w.clone()
	var sizes []int
	for i := range 5 * duck.ChunkRows {
		size := i * 7919 % 300_000 // every length, in no order
		if i/1000%3 == 1 {
			size = 100 // a calm spell, in which room is won back
		}
		if !w.fits(size, room) {
			size = shortRow
		}
		w.add(size)
		sizes = append(sizes, size)
	}
	whole := 0
	for from := range len(sizes) - duck.ChunkRows {
		sum := 0
		for _, size := range sizes[from : from+duck.ChunkRows] {
			if size > shortRow {
				sum += size
			}
		}
		if whole = max(whole, sum); sum > room {
			t.Fatalf("rows %d to %d have %d bytes of long texts, there is room for %d", from, from+duck.ChunkRows, sum, room)
		}
	}
	if whole < room/2 {
		t.Errorf("at most %d bytes were let in whole, of %d", whole, room)
	}
}
