package doors

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	p := pace{perSecond: 10}
	for i := range 10 {
		if wait := p.spend(at, i > 0); wait != 0 {
			t.Fatalf("record %d of the first second waits %s", i, wait)
		}
	}
	for range 20 { // a submission that has begun is taken in whole
		if wait := p.spend(at, true); wait != 0 {
			t.Fatalf("a submission is cut off: %s", wait)
		}
	}
	wait := p.spend(at, false)
	if wait < 2*time.Second || wait > 3*time.Second {
		t.Errorf("20 records in debt wait %s", wait)
	}
	if early := p.spend(at.Add(wait/2), false); early <= 0 {
		t.Error("half the time is enough")
	}
	if late := p.spend(at.Add(wait+time.Millisecond), false); late != 0 {
		t.Errorf("after the time it was told: %s more", late)
	}
	free := pace{longest: 5}
	for range 1000 {
		if free.spend(at, false) != 0 {
			t.Fatal("without a limit there is nothing to wait for")
		}
	}
}
