package api

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// entryOf writes one entry of the activity log for people. shown is the incident
// whose page it is on: an entry of one merged into it says so.
func entryOf(e *incident.Entry, shown tocsin.IncidentID) TimelineEntry {
	text, comment := sentence(e)
	if e.Incident != shown {
		text = fmt.Sprintf("in incident %d: %s", e.Incident, text)
	}
	return TimelineEntry{Seq: e.Seq, At: e.At, Actor: e.Actor, Kind: string(e.Kind), Text: text, Comment: comment}
}

// sentence says what happened, without the actor; comment is what a person wrote.
func sentence(e *incident.Entry) (text, comment string) {
	b := &e.Body
	switch e.Kind {
	case incident.Opened:
		if len(b.Links) == 0 {
			return "opened the incident", b.Text
		}
		return "opened the incident with" + alerts(b.Links), b.Text
	case incident.AlertAttached:
		return "linked" + alerts(b.Links), b.Text
	case incident.AlertDetached:
		if b.Other != 0 {
			return fmt.Sprintf("moved %s to incident %d", number(len(b.Alerts), "alert"), b.Other), b.Text
		}
		return "took out " + number(len(b.Alerts), "alert"), b.Text
	case incident.AlertRepeated:
		return "saw again the" + alerts(b.Links), ""
	case incident.Merged:
		return fmt.Sprintf("merged incident %d into this one%s", b.Other, because(b.Why)), b.Text
	case incident.Redirected:
		return fmt.Sprintf("merged this incident into incident %d%s", b.Other, because(b.Why)), b.Text
	case incident.Unmerged:
		return fmt.Sprintf("undid the merge of incident %d", b.Other), b.Text
	case incident.Restored:
		return fmt.Sprintf("undid the merge into incident %d", b.Other), b.Text
	case incident.Continued:
		return fmt.Sprintf("found this incident full; further alerts go to incident %d", b.Other), b.Text
	case incident.Assigned:
		if b.To == "" {
			return "took the incident from " + b.From, ""
		}
		return "assigned the incident to " + b.To, ""
	case incident.StatusChanged:
		return fmt.Sprintf("changed the status from %s to %s", b.From, b.To), b.Text
	case incident.SeverityChanged:
		return fmt.Sprintf("changed the severity from %s to %s", b.From, b.To), ""
	case incident.Renamed:
		return fmt.Sprintf("renamed the incident to “%s”", b.To), ""
	case incident.Tagged:
		return tagged(b.AddTags, b.DropTags), ""
	case incident.Classified:
		return "classified as " + classified(b), ""
	case incident.Commented:
		return "commented", b.Text
	case incident.Closed:
		return "closed as " + classified(b), b.Text
	case incident.Reopened:
		if len(b.Links) == 0 {
			return "opened it again", b.Text
		}
		return "opened it again with" + alerts(b.Links), b.Text
	}
	panic("api: no sentence for a timeline entry of kind " + string(e.Kind))
}

// openingReason is the rule of the reason that says no more than that an alert
// opened its incident.
const openingReason = "first"

// alerts names the alerts that came with an entry.
func alerts(links []incident.Link) string {
	switch len(links) {
	case 0:
		return ""
	case 1:
		text := fmt.Sprintf(" alert “%s”", links[0].Facts.Title)
		if why := links[0].Reason; why.Text != "" && why.Rule != openingReason {
			text += ": " + why.Text
		}
		return text
	}
	titles := make([]string, 0, 3)
	for _, l := range links[:min(3, len(links))] {
		titles = append(titles, "“"+l.Facts.Title+"”")
	}
	text := fmt.Sprintf(" %d alerts: %s", len(links), strings.Join(titles, ", "))
	if len(links) > 3 {
		text += " and others"
	}
	return text
}

func because(why *tocsin.Reason) string {
	if why == nil || why.Text == "" {
		return ""
	}
	return ": " + why.Text
}

func number(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func tagged(add, drop []string) string {
	var parts []string
	if len(add) > 0 {
		parts = append(parts, "added the tag "+strings.Join(add, ", "))
	}
	if len(drop) > 0 {
		parts = append(parts, "removed the tag "+strings.Join(drop, ", "))
	}
	return strings.Join(parts, " and ")
}

// classificationWords are the classifications as people say them.
var classificationWords = map[tocsin.Classification]string{
	tocsin.TruePositive: "true positive", tocsin.BenignPositive: "benign positive", tocsin.FalsePositive: "false positive", tocsin.Undetermined: "undetermined",
}

func classified(b *incident.Body) string {
	text := classificationWords[b.Classification]
	if text == "" {
		text = "unclassified"
	}
	if b.Determination != "" {
		text += " (" + spaced(string(b.Determination)) + ")"
	}
	return text
}

// spaced writes camelCase as words.
func spaced(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
