package simulate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// An Emission is one event as it leaves its source: a row in the shape of the
// table it is meant for.
type Emission struct {
	UID   string // unique within the data set; the key of the truth
	At    time.Time
	Table string
	Row   []byte // JSON object
}

// A Truth says what an event really was. It never travels with the event.
type Truth struct {
	UID   string
	Step  string // empty for benign activity
	Actor string // attacker, or a user's UPN
	Table string
}

// A Dataset is everything a scenario emitted, in order of time, with the truth.
type Dataset struct {
	Scenario  *Scenario
	Seed      uint64
	Start     time.Time
	Emissions []Emission
	Truth     map[string]Truth
	Roles     map[string]string // victim → UPN, attacker-address → IP, …
}

// A run is a scenario being played: its clock, its randomness, the facts that
// hold by now, and what has been emitted.
type run struct {
	world  *World
	random *rand.Rand
	start  time.Time
	facts  map[string]bool
	roles  map[string]string
	step   string // the attacker's step that is being played; empty for benign activity
	actor  string
	seq    int
	data   *Dataset

	victim   *User
	attacker Address
	lure     lure
	app      App
}

// A lure is the phishing mail the victim gets.
type lure struct {
	messageID, url, sender, subject string
}

// row is one event's columns; JSON encoding sorts them, so the same event has
// the same bytes.
type row map[string]any

// emit records one event of a table at a time.
func (r *run) emit(at time.Time, table string, columns row) {
	r.seq++
	stamp := at.UTC().Format("2006-01-02T15:04:05.0000000Z")
	columns["TimeGenerated"] = stamp
	if isXDR(table) {
		columns["Timestamp"] = stamp
	}
	columns["TenantId"] = r.world.TenantID
	columns["Type"] = table
	text, err := json.Marshal(columns)
	if err != nil {
		panic(fmt.Sprintf("simulate: a row of %s cannot be encoded: %v", table, err))
	}
	uid := fmt.Sprintf("%s-%d-%06d", r.data.Scenario.ID, r.data.Seed, r.seq)
	r.data.Emissions = append(r.data.Emissions, Emission{UID: uid, At: at, Table: table, Row: text})
	r.data.Truth[uid] = Truth{UID: uid, Step: r.step, Actor: r.actor, Table: table}
}

// isXDR reports whether the table is one of Defender XDR's, whose time column
// is Timestamp.
func isXDR(table string) bool {
	for _, prefix := range []string{"Device", "Email", "UrlClick", "CloudApp", "Identity"} {
		if strings.HasPrefix(table, prefix) {
			return true
		}
	}
	return false
}

// Generate plays the scenario from start with this seed and returns all events.
func Generate(s *Scenario, seed uint64, start time.Time) (*Dataset, error) {
	r := &run{
		world: NewWorld(s.Users, seed), random: rand.New(rand.NewPCG(seed, 0xA77AC4)), start: start.UTC(),
		facts: map[string]bool{}, roles: map[string]string{}, actor: "attacker",
		data: &Dataset{Scenario: s, Seed: seed, Start: start.UTC(), Truth: map[string]Truth{}},
	}
	r.attacker = attackerAddress(r.random)
	r.roles["attacker-address"] = r.attacker.IP
	r.benignDay(s.Duration)
	for _, name := range s.Confusers {
		confusers[name](r, s.Duration)
	}
	for _, st := range s.Steps {
		for _, need := range st.Requires {
			if !r.facts[need] {
				return nil, fmt.Errorf("step %s: %q does not hold", st.ID, need)
			}
		}
		r.step, r.actor = st.ID, "attacker"
		actions[st.Do](r, st, r.start.Add(st.At))
		for _, fact := range st.Yields {
			r.facts[fact] = true
		}
	}
	slices.SortStableFunc(r.data.Emissions, func(a, b Emission) int { return a.At.Compare(b.At) })
	r.data.Roles = r.roles
	return r.data, r.data.logged()
}

// logged checks that every step left the telemetry it must leave: a failure is
// a broken emitter, not a missed detection.
func (d *Dataset) logged() error {
	have := map[string]bool{}
	for _, t := range d.Truth {
		have[t.Step+" "+t.Table] = true
	}
	for _, st := range d.Scenario.Steps {
		for _, table := range st.MustLog {
			if !have[st.ID+" "+table] {
				return fmt.Errorf("step %s left nothing in %s", st.ID, table)
			}
		}
	}
	return nil
}

// jitter returns a duration between a half and one and a half of d.
func (r *run) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(r.random.Int64N(int64(d)+1))
}
