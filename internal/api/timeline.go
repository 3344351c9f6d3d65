package api

import (
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// entryOf writes one entry of the activity log for people. shown is the incident
// whose page it is on: an entry of one merged into it says so.
func entryOf(e *incident.Entry, shown tocsin.IncidentID) TimelineEntry {
	text := e.Text()
	if e.Incident != shown {
		text = fmt.Sprintf("in incident %d: %s", e.Incident, text)
	}
	return TimelineEntry{Seq: e.Seq, At: e.At, Actor: e.Actor, Kind: string(e.Kind), Text: text, Comment: e.Comment()}
}
