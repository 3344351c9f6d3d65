package native

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestZones(t *testing.T) {
	names := strings.Fields(zones)
	if !slices.IsSorted(names) || !slices.Contains(names, "Europe/Berlin") || !slices.Contains(names, "UTC") {
		t.Errorf("the list of %d zones is incomplete or unsorted", len(names))
	}
	for _, name := range names {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
