package storetest

import (
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// Start is the moment the clocks of the suite start from.
var Start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// A Clock is a clock that a test moves by hand.
type Clock struct{ at time.Time }

// NewClock makes a clock that stands at Start.
func NewClock() *Clock { return &Clock{at: Start} }

// Now returns the time and moves on by a second, so that no two entries share one.
func (c *Clock) Now() time.Time {
	c.at = c.at.Add(time.Second)
	return c.at
}

// Amelie and Bob are people, Engine is correlation.
var (
	Amelie = tocsin.Actor{Kind: tocsin.Person, ID: "u1", Name: "amelie"}
	Bob    = tocsin.Actor{Kind: tocsin.Person, ID: "u2", Name: "bob"}
	Engine = tocsin.Actor{Kind: tocsin.Correlation, ID: "correlation", Name: "Correlation"}
)

// Find makes a finding of a rule about an account, at a minute after Start.
func Find(rule, account string, minute int) incident.Finding {
	entity := tocsin.NewEntity(tocsin.Account, "FullName", account)
	at := Start.Add(time.Duration(minute) * time.Minute)
	return incident.Finding{
		ID: fmt.Sprintf("%s/%s/%d", rule, account, minute),
		Alert: tocsin.Alert{
			Rule: tocsin.RuleID(rule), RuleKind: tocsin.ScheduledRule, RuleVersion: "1.0.0", Author: "Tocsin",
			Title: "Rule " + rule, Severity: tocsin.Medium, Tactics: []string{"CredentialAccess"}, Techniques: []string{"T1110"},
			Entities:      []tocsin.Entity{entity},
			Evidence:      []tocsin.Evidence{{Event: tocsin.EventID(fmt.Sprintf("ev-%s-%s-%d", rule, account, minute)), Table: "SigninLogs", OccurredAt: at, Summary: "sign-in"}},
			CustomDetails: map[string][]string{}, Fingerprint: tocsin.Fingerprint([]tocsin.Entity{entity}),
			Count: 1, FirstActivity: at, LastActivity: at, RaisedAt: at.Add(time.Minute),
		},
	}
}
