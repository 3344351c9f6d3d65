package incident

import (
	"fmt"
	"slices"

	"github.com/tocsin-soc/tocsin"
)

func (c Merge) run(s *session) (tocsin.IncidentID, error) {
	if c.Source == c.Target {
		return 0, tocsin.Errorf(tocsin.Invalid, "An incident cannot be merged into itself. Choose another one.")
	}
	source, err := s.expect(c.Source, c.SourceVersion, c.Actor)
	if err != nil {
		return 0, err
	}
	target, err := s.expect(c.Target, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if err := Mergeable(&source.Incident, &target.Incident); err != nil {
		return 0, err
	}
	title, err := checkGenerated(c.Title, target)
	if err != nil {
		return 0, err
	}
	links := source.links()
	tags := missingFrom(target.Incident.Tags, source.Incident.Tags)
	if len(target.Incident.Tags)+len(tags) > tocsin.MaxTags {
		return 0, tocsin.Errorf(tocsin.Conflict, "The two incidents have more than %d tags together. Remove some first.", tocsin.MaxTags)
	}
	status, why := source.Incident.Status, c.Why
	take := takeover(source, target, title)
	s.emit(c.Target, c.Actor, Merged, Body{Other: c.Source, Links: links, AddTags: tags, Merge: take, Why: &why})
	s.emit(c.Source, c.Actor, Redirected, Body{Other: c.Target, From: string(status), Links: links, Why: &why})
	if err := s.need(linked(links)); err != nil {
		return 0, err
	}
	s.settle(c.Target, links)
	s.files[c.Source].stale = true
	return c.Target, nil
}

// Mergeable says whether two incidents may be merged: nil, or a tocsin.Conflict
// that says what forbids it (Microsoft Defender XDR, "Alert correlation and
// incident merging": closed, different assignees, different classification,
// too much together).
func Mergeable(source, target *tocsin.Incident) error {
	for _, inc := range []*tocsin.Incident{source, target} {
		switch inc.Status {
		case tocsin.IncidentClosed:
			return tocsin.Errorf(tocsin.Conflict, "Incident %d is closed. Reopen it before merging.", inc.ID)
		case tocsin.IncidentRedirected:
			return tocsin.Errorf(tocsin.Conflict, "Incident %d was merged into incident %d already.", inc.ID, inc.MergedInto)
		}
	}
	switch {
	case source.Owner != "" && target.Owner != "" && source.Owner != target.Owner:
		return tocsin.Errorf(tocsin.Conflict, "Incident %d belongs to %s and incident %d to %s. Assign both to one person before merging.",
			source.ID, source.Owner, target.ID, target.Owner)
	case source.Classification != target.Classification || source.Determination != target.Determination:
		return tocsin.Errorf(tocsin.Conflict, "Incidents %d and %d are classified differently. Classify them alike before merging.", source.ID, target.ID)
	}
	if n := len(source.Alerts) + len(target.Alerts); n > MaxAlerts {
		return tocsin.Errorf(tocsin.Conflict, "The two incidents hold %d alerts together; %d are the most.", n, MaxAlerts)
	}
	return nil
}

// takeover says what a merge changes in the target besides alerts and tags.
func takeover(source, target *State, title string) *Takeover {
	t := Takeover{Comments: source.Incident.Comments}
	if title != "" && !target.OwnTitle && title != target.Incident.Title {
		t.Title = Swap{From: target.Incident.Title, To: title}
	}
	if target.Incident.Owner == "" && source.Incident.Owner != "" {
		t.Owner = Swap{To: source.Incident.Owner}
	}
	if target.Incident.AcknowledgedAt.IsZero() {
		t.Acknowledged = source.Incident.AcknowledgedAt
	}
	return &t
}

// links returns all links, in order of linking.
func (s *State) links() []Link {
	links := make([]Link, len(s.Incident.Alerts))
	for i, l := range s.Incident.Alerts {
		links[i] = Link{AlertLink: l, Facts: s.Facts[l.Alert]}
	}
	return links
}

// missingFrom returns those of tags that are not in have.
func missingFrom(have, tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(have, t) })
}

func (c Unmerge) run(s *session) (tocsin.IncidentID, error) {
	source, err := s.state(c.Source)
	if err != nil {
		return 0, err
	}
	if source.Incident.Status != tocsin.IncidentRedirected {
		return 0, tocsin.Errorf(tocsin.Conflict, "Incident %d is not merged into another one.", c.Source)
	}
	into := source.Incident.MergedInto
	target, err := s.expect(into, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if err := mustBeOpen(target, "a merge into it can be undone"); err != nil {
		return 0, err
	}
	gone, err := s.entry(c.Source, source.RedirectAt)
	if err != nil {
		return 0, err
	}
	came, err := s.entry(into, target.MergeSeq[c.Source])
	if err != nil {
		return 0, err
	}
	back := stillThere(gone.Body.Links, target)
	give := giveBack(came.Body.Merge, target)
	// A tag counts as untouched while the target has it.
	tags := slices.DeleteFunc(slices.Clone(came.Body.AddTags), func(t string) bool { return !slices.Contains(target.Incident.Tags, t) })
	s.emit(into, c.Actor, Unmerged, Body{Other: c.Source, Alerts: linked(back), DropTags: tags, Merge: give, Seq: came.Seq})
	s.emit(c.Source, c.Actor, Restored, Body{Other: into, To: gone.Body.From, Links: back, Seq: gone.Seq})
	if err := s.need(linked(back)); err != nil {
		return 0, err
	}
	s.settle(c.Source, back)
	s.files[into].stale = true
	return c.Source, nil
}

// stillThere returns those of the links a source lost whose alerts are in the
// target now, with the reason they had in the source and the facts of today.
func stillThere(lost []Link, target *State) []Link {
	var back []Link
	for _, l := range lost {
		if facts, there := target.Facts[l.Alert]; there {
			back = append(back, Link{AlertLink: l.AlertLink, Facts: facts})
		}
	}
	return back
}

// giveBack says what the target gives back of what it took over: what still
// stands as the merge left it.
func giveBack(took *Takeover, target *State) *Takeover {
	give := Takeover{}
	if took == nil {
		return &give
	}
	give.Comments = took.Comments
	inc := &target.Incident
	if took.Title != (Swap{}) && inc.Title == took.Title.To && !target.OwnTitle {
		give.Title = Swap{From: took.Title.To, To: took.Title.From}
	}
	if took.Owner != (Swap{}) && inc.Owner == took.Owner.To {
		give.Owner = Swap{From: took.Owner.To, To: took.Owner.From}
	}
	if !took.Acknowledged.IsZero() && inc.AcknowledgedAt.Equal(took.Acknowledged) {
		give.Acknowledged = took.Acknowledged
	}
	return &give
}

// entry returns one entry of an incident, from this session or the store.
func (s *session) entry(id tocsin.IncidentID, seq int) (Entry, error) {
	for _, e := range s.files[id].entries {
		if e.Seq == seq {
			return e, nil
		}
	}
	list, err := s.tx.Entries(id, seq-1)
	if err != nil {
		return Entry{}, fmt.Errorf("reading entry %d of incident %d: %w", seq, id, err)
	}
	if seq < 1 || len(list) == 0 || list[0].Seq != seq {
		return Entry{}, fmt.Errorf("incident %d has no entry %d", id, seq)
	}
	return list[0], nil
}
