package normalize

import (
	"bytes"
	"path/filepath"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
)

// TestShapes_SigmaHQ runs SigmaHQ's rules over the records of the golden cases
// of cloud sources and sensors: the rules that know the source by its own names
// must see what happened.
func TestShapes_SigmaHQ(t *testing.T) {
	program := sigmaHQ(t, filepath.Join(corpora, "sigma", "sigmahq"))
	matcher, ev := program.NewMatcher(), sigma.NewEvent(program.Fields())
	n := shipped(t)
	got := map[string][]string{}
	for _, name := range []string{"cloudtrail", "entra_diagnostic", "entra_graph", "azure", "m365", "cloud_other", "zeek", "suricata", "ecs"} {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, line := range bytes.Split(bytes.TrimSpace(archive.Files[0].Data), []byte("\n")) {
			records, _ := n.Batch([]tocsin.Raw{{Source: "test", Format: tocsin.FormatJSONLine, ReceivedAt: received, Body: line}})
			for i := range records {
				fill(ev, &records[i])
				for _, m := range matcher.Match(ev) {
					if title := program.Rules()[m].Title; !seen[title] {
						seen[title] = true
						got[name] = append(got[name], title)
					}
				}
			}
		}
		sort.Strings(got[name])
	}
	if diff := cmp.Diff(firing, got); diff != "" {
		t.Error(diff)
	}
}

// firing are the rules that fire on the records of each golden case.
var firing = map[string][]string{
	"azure": {"Azure Network Security Configuration Modified or Deleted", "Enumerate All Information With Whoami.EXE", "Local Accounts Discovery"},
	"cloud_other": {
		"Container With A hostPath Mount Created", "New Github Organization Member Added", "Okta Admin Functions Access Through Proxy",
		"Okta Admin Role Assigned to an User or Group", "Privileged Container Deployed",
	},
	"cloudtrail":       {"AWS STS AssumeRole Misuse", "AWS Successful Console Login Without MFA", "Ingress/Egress Security Group Modification"},
	"ecs":              {"AWS Root Credentials", "Linux Network Service Scanning Tools Execution", "Potential Netcat Reverse Shell Execution", "Suspicious Reverse Shell Command Line"},
	"entra_diagnostic": {"Anonymous IP Address", "User Added to an Administrator's Azure AD Role"},
	"entra_graph":      {"Sign-ins from Non-Compliant Devices", "Unfamiliar Sign-In Properties"},
	"m365":             {"Mail Forwarding/Redirecting Activity In O365", "Suspicious Inbox Forwarding"},
	"zeek":             {"MITRE BZAR Indicators for Execution"},
}
