package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// nouns are the words for kinds of entity; the list of kinds that can be shared.
var nouns = map[tocsin.EntityType]string{
	tocsin.Account: "account", tocsin.Host: "host", tocsin.IP: "address", tocsin.URL: "URL", tocsin.AzureResource: "resource",
	tocsin.CloudApplication: "application", tocsin.DNS: "domain", tocsin.File: "file", tocsin.FileHash: "file hash",
	tocsin.Malware: "malware", tocsin.Process: "process", tocsin.RegistryKey: "registry key", tocsin.RegistryValue: "registry value",
	tocsin.SecurityGroup: "group", tocsin.Mailbox: "mailbox", tocsin.MailCluster: "mail cluster", tocsin.MailMessage: "message",
	tocsin.SubmissionMail: "submitted mail", tocsin.IoTDevice: "device",
}

// Title generates the title of an incident from what is known of its alerts:
// one finding is named for itself, several for the tactics they show, both with
// the entity they are about: "Password spray on amelie@contoso.example",
// "Multi-stage: initial access, then collection on ws-014".
func Title(alerts []*tocsin.Alert) string {
	if len(alerts) == 0 {
		return "Incident without alerts"
	}
	titles, tactics := map[string]bool{}, map[string]time.Time{}
	lead := alerts[0]
	for _, a := range alerts {
		titles[a.Title] = true
		for _, t := range a.Tactics {
			if first, seen := tactics[t]; !seen || a.FirstActivity.Before(first) {
				tactics[t] = a.FirstActivity
			}
		}
		if leads(a, lead) {
			lead = a
		}
	}
	what := lead.Title
	switch {
	case len(titles) == 1:
	case len(tactics) > 1:
		what = "Multi-stage: " + stages(tactics)
	default:
		what = fmt.Sprintf("%s and %s", lead.Title, counted(len(titles)-1, "related finding"))
	}
	return shorten(onWhat(what, alerts), tocsin.MaxTitleBytes)
}

// leads orders the alerts of an incident by how well they name it: the most
// severe, then the earliest.
func leads(a, b *tocsin.Alert) bool {
	if a.Severity.Rank() != b.Severity.Rank() {
		return a.Severity.Rank() > b.Severity.Rank()
	}
	if !a.FirstActivity.Equal(b.FirstActivity) {
		return a.FirstActivity.Before(b.FirstActivity)
	}
	return a.ID < b.ID
}

// stages names tactics in the order they were first seen: two or three of them,
// or the first and the last of more.
func stages(tactics map[string]time.Time) string {
	list := sortedKeys(tactics)
	slices.SortStableFunc(list, func(a, b string) int {
		return cmp.Or(tactics[a].Compare(tactics[b]), incident.TacticRank(a)-incident.TacticRank(b))
	})
	for i := range list {
		list[i] = tacticText(list[i])
	}
	if n := len(list); n > 3 {
		return fmt.Sprintf("%s to %s (%d tactics)", list[0], list[n-1], n)
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// onWhat appends the entity an incident is most about, unless the words name it.
func onWhat(what string, alerts []*tocsin.Alert) string {
	entities := incident.Entities(alerts)
	if len(entities) == 0 {
		return what
	}
	top := &entities[0]
	label := shorten(top.Label(), 120)
	same := 0
	for i := range entities {
		if entities[i].Type == top.Type {
			same++
		}
	}
	if strings.Contains(strings.ToLower(what), strings.ToLower(label)) {
		return what
	}
	what += " on " + label
	if same > 1 {
		what += " and " + counted(same-1, "other "+nounOf(top.Type))
	}
	return what
}

// nounOf is the word for a kind of entity, also for one nothing can share.
func nounOf(t tocsin.EntityType) string {
	if n, ok := nouns[t]; ok {
		return n
	}
	return "entity"
}

// counted writes "1 other account", "3 other accounts".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	switch {
	case strings.HasSuffix(noun, "address"), strings.HasSuffix(noun, "process"), strings.HasSuffix(noun, "hash"):
		noun += "e"
	case strings.HasSuffix(noun, "entity"):
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// tacticText writes a tactic as words: InitialAccess is "initial access".
func tacticText(tactic string) string {
	var out strings.Builder
	for i, r := range tactic {
		if unicode.IsUpper(r) && i > 0 && tactic != strings.ToUpper(tactic) {
			out.WriteByte(' ')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// shorten cuts a text to n bytes between characters, and shows that it did.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// unique returns texts in order, each once.
func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
