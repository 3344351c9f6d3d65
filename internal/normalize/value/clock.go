package value

import "time"

// A Clock says how a time is read that names no zone. The zero Clock reads it as
// UTC.
type Clock struct {
	Zone     *time.Location // whose clocks the sender writes; nil is UTC
	Received time.Time      // when the record was received; zero if that says nothing
}

// ahead is how far a sender's clock may be ahead of ours before an hour that
// comes twice is taken for the first one.
const ahead = 10 * time.Minute

// Local returns when the zone's clocks show a time, which is given as if they
// were UTC's.
//
// When clocks are put back, an hour comes twice: it is the second one, unless
// that lies behind the time of receipt; then, and without a time of receipt, it
// is the first. When they are put forward, an hour is left out, and a sender that
// shows it has not moved its clock yet: the offset from before holds.
func (c Clock) Local(wall time.Time) time.Time {
	if c.Zone == nil {
		return wall
	}
	const near = 26 * time.Hour // offsets differ from UTC by less, and zones change their offset less often
	before, after := c.offset(wall.Add(-near)), c.offset(wall.Add(near))
	old, new := wall.Add(-before), wall.Add(-after)
	isOld, isNew := c.offset(old) == before, c.offset(new) == after
	switch {
	case before == after || !isNew:
		return old
	case !isOld:
		return new
	case !c.Received.IsZero() && !new.After(c.Received.Add(ahead)):
		return new
	}
	return old
}

// offset is how far the zone is ahead of UTC at an instant.
func (c Clock) offset(at time.Time) time.Duration {
	_, seconds := at.In(c.Zone).Zone()
	return time.Duration(seconds) * time.Second
}
