package incident

import (
	"net/netip"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
)

// Limits on what is kept for the queue and the search of one incident.
const (
	maxShown   = 5     // entities shown in a row of the queue
	maxWords   = 2_000 // words the search finds an incident by
	maxKeys    = 5_000 // entity keys correlation finds it by
	maxWord    = 64    // bytes of one word; longer ones are found by their beginning
	queryLimit = 8     // words of one search
)

// entityOrder is the order in which kinds of entity tell most about an
// incident: who, where, from where, with what.
var entityOrder = map[tocsin.EntityType]int{
	tocsin.Account: 1, tocsin.Host: 2, tocsin.Mailbox: 3, tocsin.IP: 4, tocsin.CloudApplication: 5,
	tocsin.AzureResource: 6, tocsin.URL: 7, tocsin.DNS: 8, tocsin.MailMessage: 9, tocsin.Malware: 10,
	tocsin.File: 11, tocsin.FileHash: 12, tocsin.Process: 13, tocsin.IoTDevice: 14, tocsin.MailCluster: 15,
	tocsin.SubmissionMail: 16, tocsin.SecurityGroup: 17, tocsin.RegistryKey: 18, tocsin.RegistryValue: 19,
}

// An EntityIn is an entity of an incident, with where it occurs.
type EntityIn struct {
	tocsin.Entity
	Alerts    []tocsin.AlertID // that mention it, in the order given
	FirstSeen time.Time        // of those alerts' activity
	LastSeen  time.Time
}

// Entities returns the distinct things that alerts are about, the most telling
// first: kinds in turn (account, host, mailbox, address, …), within a kind what
// most alerts mention. Mentions that share a key are one thing, and its
// identifiers are those of all its mentions.
func Entities(alerts []*tocsin.Alert) []EntityIn {
	var all []tocsin.Entity
	var from []int // index of the alert of each mention
	for i, a := range alerts {
		for _, e := range a.Entities {
			all = append(all, e)
			from = append(from, i)
		}
	}
	merged, thing := unite(all)
	list := make([]EntityIn, len(merged))
	for m, t := range thing {
		a, e := alerts[from[m]], &list[t]
		e.Entity = merged[t]
		if n := len(e.Alerts); n > 0 && e.Alerts[n-1] == a.ID {
			continue
		}
		e.Alerts = append(e.Alerts, a.ID)
		if e.FirstSeen.IsZero() || a.FirstActivity.Before(e.FirstSeen) {
			e.FirstSeen = a.FirstActivity
		}
		if a.LastActivity.After(e.LastSeen) {
			e.LastSeen = a.LastActivity
		}
	}
	return tellingFirst(list)
}

// tellingFirst orders entities: the first of each kind, then the second of each.
func tellingFirst(list []EntityIn) []EntityIn {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		if ra, rb := entityOrder[a.Type], entityOrder[b.Type]; ra != rb {
			return ra < rb
		}
		if len(a.Alerts) != len(b.Alerts) {
			return len(a.Alerts) > len(b.Alerts)
		}
		return a.Label() < b.Label()
	})
	turn := make([]int, len(list))
	nth := map[tocsin.EntityType]int{}
	order := make([]int, len(list))
	for i := range list {
		turn[i] = nth[list[i].Type]
		nth[list[i].Type]++
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return turn[order[i]] < turn[order[j]] })
	out := make([]EntityIn, len(list))
	for i, k := range order {
		out[i] = list[k]
	}
	return out
}

// unite joins mentions of the same thing: those that share a key, directly or
// through others; mentions without a key are the same when they read the same.
// thing[i] is the index in merged of mention i.
func unite(mentions []tocsin.Entity) (merged []tocsin.Entity, thing []int) {
	parent := make([]int, len(mentions))
	var find func(int) int
	find = func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	owner := map[string]int{}
	for i, e := range mentions {
		parent[i] = i
		for _, k := range keysOf(e) {
			if j, ok := owner[k]; ok {
				// The lower index stays the root, so the first mention leads.
				a, b := find(i), find(j)
				parent[max(a, b)] = min(a, b)
			} else {
				owner[k] = i
			}
		}
	}
	thing = make([]int, len(mentions))
	at := map[int]int{}
	for i, e := range mentions {
		root := find(i)
		t, ok := at[root]
		if !ok {
			t = len(merged)
			at[root] = t
			merged = append(merged, tocsin.Entity{Type: e.Type, Identifiers: map[string]string{}})
		}
		for name, value := range e.Identifiers {
			if merged[t].Identifiers[name] == "" {
				merged[t].Identifiers[name] = value
			}
		}
		thing[i] = t
	}
	return merged, thing
}

// keysOf returns the keys of an entity, or a private one for what has none.
func keysOf(e tocsin.Entity) []string {
	if keys := e.Keys(); len(keys) > 0 {
		return keys
	}
	return []string{"~" + strings.ToLower(e.String())}
}

// makeView makes what the queue shows of an incident's alerts.
func makeView(inc *tocsin.Incident, alerts []*tocsin.Alert) *View {
	v := &View{}
	seen := map[string]time.Time{}
	for _, a := range alerts {
		if a.Status != tocsin.AlertResolved {
			v.ActiveAlerts++
		}
		for _, e := range a.Entities {
			for _, k := range e.Keys() {
				if a.LastActivity.After(seen[k]) || seen[k].IsZero() {
					seen[k] = a.LastActivity
				}
			}
		}
	}
	entities := Entities(alerts)
	v.EntityCount = len(entities)
	words := map[string]bool{number(inc.ID): true}
	addWords(words, inc.Title)
	for i := range entities {
		if i < maxShown {
			v.Entities = append(v.Entities, entities[i].Entity)
		}
		addWords(words, entities[i].Label())
	}
	v.Words = sortedKeys(words)
	for k, at := range seen {
		v.Keys = append(v.Keys, KeySeen{Key: k, LastActivity: at})
	}
	sort.Slice(v.Keys, func(i, j int) bool { return v.Keys[i].Key < v.Keys[j].Key })
	v.Keys = v.Keys[:min(len(v.Keys), maxKeys)]
	return v
}

// addWords adds the words of a text: every piece between blanks
// (amelie@contoso.example), its endings from each part on (contoso.example,
// example) and its parts (amelie, contoso), except of an address, whose parts
// mean nothing.
func addWords(words map[string]bool, text string) {
	for _, piece := range strings.Fields(strings.ToLower(text)) {
		piece = strings.TrimFunc(piece, isPunctuation)
		if piece == "" || !utf8.ValidString(piece) {
			continue
		}
		if _, err := netip.ParseAddr(piece); err == nil {
			words[clip(piece, maxWord)] = true
			continue
		}
		for rest := piece; rest != "" && len(words) < maxWords; {
			words[clip(rest, maxWord)] = true
			end := strings.IndexFunc(rest, isPunctuation)
			if end < 0 {
				break
			}
			words[clip(rest[:end], maxWord)] = true
			rest = strings.TrimLeftFunc(rest[end:], isPunctuation)
		}
	}
}

// queryWords returns the words of a search, at most eight. A word of fewer than
// three characters must match a whole word, a longer one the beginning of one:
// see IsPrefix.
func queryWords(query string) []string {
	var out []string
	for _, piece := range strings.Fields(strings.ToLower(strings.ToValidUTF8(query, " "))) {
		piece = strings.TrimFunc(piece, isPunctuation)
		if piece != "" && len(out) < queryLimit {
			out = append(out, clip(strings.ReplaceAll(piece, "\x00", ""), maxWord))
		}
	}
	return out
}

// IsPrefix reports whether a word of a search matches the beginnings of words,
// not only whole ones.
func IsPrefix(word string) bool { return utf8.RuneCountInString(word) >= 3 }

// isPunctuation reports whether r may be cut from the ends of a word.
func isPunctuation(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// clip cuts a text to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
