package detect

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/tocsin-soc/tocsin"
)

// A Finding is one reason to raise an alert: one matched record or one result
// row. Several findings may belong to the same alert; the incident desk counts
// each finding once, however often it is delivered.
type Finding struct {
	ID    string // derived from the alert and what was found: the same finding, the same id
	Alert tocsin.Alert
}

// newFinding gives the alert its identity and the finding its own.
func newFinding(a tocsin.Alert, what string) Finding {
	a.ID = tocsin.IdentifyAlert(a.Rule, a.Fingerprint)
	a.Count = 1
	a.Status = tocsin.AlertNew
	sum := sha256.Sum256([]byte(string(a.ID) + "\x00" + what))
	return Finding{ID: hex.EncodeToString(sum[:16]), Alert: a}
}

// principal are the entity types that make two findings of one rule the same
// alert: who, where, against what. Files and processes vary with every attempt
// and are shown, not compared.
var principal = map[tocsin.EntityType]bool{
	tocsin.Account: true, tocsin.Host: true, tocsin.IP: true, tocsin.Mailbox: true,
	tocsin.CloudApplication: true, tocsin.AzureResource: true,
}

// fingerprint is made of the principal entities; of all when there is none.
func fingerprint(entities []tocsin.Entity) string {
	var chosen []tocsin.Entity
	for _, e := range entities {
		if principal[e.Type] {
			chosen = append(chosen, e)
		}
	}
	if len(chosen) == 0 {
		chosen = entities
	}
	return tocsin.Fingerprint(chosen)
}
