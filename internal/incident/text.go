package incident

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
)

// Text says what happened in a few words, for people: "assigned to amelie". It
// never holds a comment's text; that is Comment.
func (e *Entry) Text() string {
	b := &e.Body
	switch e.Kind {
	case Opened:
		return openedText(b)
	case AlertAttached:
		return "added " + alertsText(b.Links)
	case AlertDetached:
		text := "took out " + count(len(b.Alerts), "alert")
		if b.Other != 0 {
			text += ", moved to incident " + number(b.Other)
		}
		return text
	case AlertRepeated:
		return "saw again: " + titles(b.Links)
	case Merged:
		return fmt.Sprintf("merged incident %d into this one (%s)%s", b.Other, count(len(b.Links), "alert"), because(b.Why))
	case Redirected:
		return fmt.Sprintf("merged this incident into incident %d%s", b.Other, because(b.Why))
	case Unmerged:
		return fmt.Sprintf("undid the merge of incident %d; %s went back", b.Other, count(len(b.Alerts), "alert"))
	case Restored:
		return fmt.Sprintf("undid the merge into incident %d; %s came back", b.Other, count(len(b.Links), "alert"))
	case Continued:
		return fmt.Sprintf("found this incident full (%d alerts); it continues in incident %d", MaxAlerts, b.Other)
	case Assigned:
		switch {
		case b.To == "":
			return "unassigned " + b.From
		case b.From == "":
			return "assigned to " + b.To
		}
		return "reassigned from " + b.From + " to " + b.To
	case StatusChanged:
		return "changed the status from " + b.From + " to " + b.To
	case SeverityChanged:
		return "changed the severity from " + b.From + " to " + b.To
	case Renamed:
		return fmt.Sprintf("renamed it from %q to %q", b.From, b.To)
	case Tagged:
		return taggedText(b)
	case Classified:
		if b.Classification == tocsin.Unclassified {
			return "took back the classification"
		}
		return "classified as " + verdictText(b)
	case Commented:
		return "commented"
	case Closed:
		return "closed as " + verdictText(b)
	case Reopened:
		return "reopened as " + b.To
	}
	panic("incident: describing an entry of unknown kind " + string(e.Kind))
}

// Comment is what somebody wrote with this entry: plain text, possibly of
// several lines; empty for most kinds.
func (e *Entry) Comment() string {
	switch e.Kind {
	case Commented, Closed, Reopened:
		return e.Body.Text
	}
	return ""
}

// openedText says how an incident came to be.
func openedText(b *Body) string {
	text := "opened"
	if len(b.Links) > 0 {
		text += " with " + alertsText(b.Links)
	}
	if b.Other != 0 {
		text += fmt.Sprintf(", as the continuation of incident %d, which is full", b.Other)
	}
	if b.Owner != "" {
		text += ", assigned to " + b.Owner
	}
	return text
}

// alertsText names one alert with its reason, or counts several.
func alertsText(links []Link) string {
	if len(links) != 1 {
		return count(len(links), "alert") + ": " + titles(links)
	}
	text := "alert " + quoted(links[0].Facts.Title)
	if links[0].Reason.Rule == "first" {
		return text // that it opened the incident is said already
	}
	return text + because(&links[0].Reason)
}

// titles names the alerts of links, at most three different titles.
func titles(links []Link) string {
	var names []string
	seen := map[string]bool{}
	for _, l := range links {
		if !seen[l.Facts.Title] {
			seen[l.Facts.Title] = true
			names = append(names, quoted(l.Facts.Title))
		}
	}
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// taggedText says which tags came and went.
func taggedText(b *Body) string {
	var parts []string
	if len(b.AddTags) > 0 {
		parts = append(parts, "added "+tagList(b.AddTags))
	}
	if len(b.DropTags) > 0 {
		parts = append(parts, "removed "+tagList(b.DropTags))
	}
	return strings.Join(parts, " and ")
}

func tagList(tags []string) string {
	if len(tags) == 1 {
		return "the tag " + tags[0]
	}
	return "the tags " + strings.Join(tags, ", ")
}

// verdicts are the words for classifications.
var verdicts = map[tocsin.Classification]string{
	tocsin.TruePositive: "true positive", tocsin.BenignPositive: "benign positive",
	tocsin.FalsePositive: "false positive", tocsin.Undetermined: "undetermined",
}

func verdictText(b *Body) string {
	text := verdicts[b.Classification]
	if b.Determination != "" {
		text += " (" + spaced(string(b.Determination)) + ")"
	}
	return text
}

// spaced writes camelCase as words: "compromised account".
func spaced(camel string) string {
	var out strings.Builder
	for _, r := range camel {
		if r >= 'A' && r <= 'Z' {
			out.WriteByte(' ')
			r += 'a' - 'A'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// because appends a reason.
func because(why *tocsin.Reason) string {
	if why == nil || why.Text == "" {
		return ""
	}
	return ": " + why.Text
}

func quoted(title string) string { return "“" + title + "”" }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// newsOf sums up entries for whoever missed them: "amelie assigned to bob
// (10:02), Correlation added alert …". The newest three are named.
func newsOf(entries []Entry) string {
	var parts []string
	for i := range entries {
		e := &entries[i]
		parts = append(parts, fmt.Sprintf("%s %s (%s UTC)", e.Actor.Name, e.Text(), e.At.Format("15:04:05")))
	}
	if n := len(parts); n > 3 {
		return fmt.Sprintf("%d earlier changes, then %s", n-3, strings.Join(parts[n-3:], "; "))
	}
	return strings.Join(parts, "; ")
}
