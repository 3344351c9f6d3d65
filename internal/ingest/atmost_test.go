package ingest_test

import (
	"errors"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

func TestAtMost_RefusesTheRest(t *testing.T) {
	three := func(yield func(tocsin.Raw, error) bool) {
		for range 3 {
			if !yield(tocsin.Raw{}, nil) {
				return
			}
		}
	}
	for most, want := range map[int]int{2: 2, 3: 3} {
		got := 0
		var last error
		for _, err := range ingest.AtMost(three, most) {
			if last = err; err == nil {
				got++
			}
		}
		var large *ingest.TooLarge
		if got != want || errors.As(last, &large) != (most < 3) {
			t.Errorf("at most %d: %d, %v", most, got, last)
		}
	}
}
