package telemetry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// TestAppend_LongDeadLetters: garbage of megabytes does not take down a store with
// little memory. As many whole records are kept as fit, of others the beginning,
// and every short one.
func TestAppend_LongDeadLetters(t *testing.T) {
	const letters = 60
	s := open(t, t.TempDir(), func(o *telemetry.Options) { o.MemoryLimit = 200 << 20 })
	for i := range letters {
		text := strings.Repeat(fmt.Sprintf("garbage %d ", i), tocsin.MaxRawBytes/9)
		appendOK(t, s, telemetry.Batch{ID: fmt.Sprint(i), Rejects: []tocsin.Reject{
			reject("a", fmt.Sprint("whole ", i), text[:tocsin.MaxRawBytes]), reject("a", fmt.Sprint("long ", i), text[:tocsin.MaxRawBytes+1]),
			reject("a", fmt.Sprint("short ", i), text[:1000]),
		}})
	}
	wantText(t, "letters", query(t, s, `SELECT "RawLength", "IsTruncated", length("RawData"), count(*) FROM "DeadLetters" GROUP BY 1, 2, 3 ORDER BY 1, 2`),
		"1000|false|1000|60\n4194304|false|4194304|6\n4194304|true|32768|54\n4194305|true|32768|60\n")
}
