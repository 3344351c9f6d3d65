package main

import "testing"

func TestLimitMemory_RefusesWhatIsNoUsefulSize(t *testing.T) {
	for _, size := range []string{"x", "12", "255MiB", "-2GiB"} {
		if _, err := limitMemory(size); err == nil {
			t.Errorf("%q is taken", size)
		}
	}
}
