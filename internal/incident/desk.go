package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Desk is the only door to incidents: it runs commands, records findings and
// answers questions. It is safe for concurrent use.
type Desk struct {
	store Store
	now   func() time.Time
	feed  *feed
}

// New makes a desk on a store. now is the clock that entries are stamped with.
func New(store Store, now func() time.Time) *Desk {
	return &Desk{store: store, now: now, feed: newFeed()}
}

// Apply runs one command and returns the incident as it stands after it (see
// each command for which incident, when it touches two). Subscribers are told
// after the change is committed.
func (d *Desk) Apply(ctx context.Context, cmd Command) (tocsin.Incident, error) {
	list, err := d.ApplyAll(ctx, []Command{cmd})
	if err != nil {
		return tocsin.Incident{}, err
	}
	return list[0], nil
}

// ApplyAll runs several commands in order, all or none, and returns the
// incident each of them names as it stands at the end.
func (d *Desk) ApplyAll(ctx context.Context, cmds []Command) ([]tocsin.Incident, error) {
	var out []tocsin.Incident
	var changes []Notice
	err := d.store.Update(ctx, func(tx Tx) error {
		s := newSession(tx, d.stamp())
		ids := make([]tocsin.IncidentID, len(cmds))
		for i, cmd := range cmds {
			var err error
			if ids[i], err = cmd.run(s); err != nil {
				return err
			}
		}
		if err := s.flush(); err != nil {
			return err
		}
		out = make([]tocsin.Incident, len(ids))
		for i, id := range ids {
			st, err := s.state(id)
			if err != nil {
				return err
			}
			out[i] = st.Incident
		}
		changes = s.changes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.feed.publish(changes)
	return out, nil
}

// stamp returns now in whole ticks, as it is stored.
func (d *Desk) stamp() time.Time { return wholeTicks(d.now()) }

// wholeTicks cuts a time to the precision of the store; the zero time stays zero.
func wholeTicks(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return tocsin.FromTicks(tocsin.Ticks(t))
}

// Incident returns an incident as it is now.
func (d *Desk) Incident(ctx context.Context, id tocsin.IncidentID) (Summary, error) {
	return d.store.Incident(ctx, id)
}

// AsOf returns an incident as it was at t; tocsin.NotFound when there was none yet.
func (d *Desk) AsOf(ctx context.Context, id tocsin.IncidentID, t time.Time) (tocsin.Incident, error) {
	entries, err := d.store.Timeline(ctx, id)
	if err != nil {
		return tocsin.Incident{}, err
	}
	inc, ok := AsOf(entries, t)
	if !ok {
		return tocsin.Incident{}, tocsin.Errorf(tocsin.NotFound, "There was no incident %d at %s.", id, t.UTC().Format(time.RFC3339))
	}
	return inc, nil
}

// Queue returns one page of incidents, with how many match in all.
func (d *Desk) Queue(ctx context.Context, f Filter) (Page, error) {
	if err := f.check(); err != nil {
		return Page{}, err
	}
	return d.store.Queue(ctx, f)
}

// Counts returns the header of the queue: of all incidents, whatever a filter says.
func (d *Desk) Counts(ctx context.Context) (Counts, error) { return d.store.Counts(ctx) }

// Timeline returns the activity log of one incident, oldest first. The entries
// of incidents merged into it are their own: see Story.
func (d *Desk) Timeline(ctx context.Context, id tocsin.IncidentID) ([]Entry, error) {
	entries, err := d.store.Timeline(ctx, id)
	if err == nil && len(entries) == 0 {
		return nil, notFound(id)
	}
	return entries, err
}

// Story returns the timelines of an incident and of every incident that stands
// merged into it, so that no comment is lost by a merge, in order of time.
// Entry.Incident says whose each entry is.
func (d *Desk) Story(ctx context.Context, id tocsin.IncidentID) ([]Entry, error) {
	seen := map[tocsin.IncidentID]bool{}
	var all []Entry
	for queue := []tocsin.IncidentID{id}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		entries, err := d.Timeline(ctx, queue[0])
		if err != nil {
			return nil, fmt.Errorf("reading the timeline of incident %d: %w", queue[0], err)
		}
		all = append(all, entries...)
		queue = append(queue, FoldState(entries).MergedIn...)
	}
	sortEntries(all)
	return all, nil
}

// Log returns up to limit entries of all incidents after a position, in order
// of commit: what projections such as the table SecurityIncident follow.
func (d *Desk) Log(ctx context.Context, after int64, limit int) ([]Entry, error) {
	return d.store.Log(ctx, after, limit)
}

// Alert returns one alert with its evidence.
func (d *Desk) Alert(ctx context.Context, id tocsin.AlertID) (tocsin.Alert, error) {
	return d.store.Alert(ctx, id)
}

// AlertsOf returns the alerts of an incident, by first activity: the attack story.
func (d *Desk) AlertsOf(ctx context.Context, id tocsin.IncidentID) ([]tocsin.Alert, error) {
	return d.store.AlertsOf(ctx, id)
}

// Alerts returns one page of alerts without their evidence, newest first.
func (d *Desk) Alerts(ctx context.Context, f AlertFilter) (AlertPage, error) {
	if err := f.check(); err != nil {
		return AlertPage{}, err
	}
	return d.store.Alerts(ctx, f)
}

// Candidates returns the incidents that new alerts might belong to, for
// correlation, the ones with the newest activity first.
func (d *Desk) Candidates(ctx context.Context, q Related) ([]Candidate, error) {
	if q.Limit <= 0 || q.Limit > MaxCandidates {
		q.Limit = MaxCandidates
	}
	return d.store.Candidates(ctx, q)
}

// Degrees counts in how many incidents active since then each entity key
// occurs, up to MaxDegree: what makes a hub.
func (d *Desk) Degrees(ctx context.Context, keys []string, since time.Time) (map[string]int, error) {
	return d.store.Degrees(ctx, keys, since)
}

// notFound is the error for an incident that does not exist.
func notFound(id tocsin.IncidentID) error {
	return tocsin.Errorf(tocsin.NotFound, "There is no incident %d.", id)
}
