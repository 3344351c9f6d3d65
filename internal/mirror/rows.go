package mirror

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// sentinelStatus and the maps below are our value sets in Sentinel's words.
var (
	sentinelStatus = map[tocsin.IncidentStatus]string{
		tocsin.IncidentNew: "New", tocsin.IncidentActive: "Active", tocsin.IncidentClosed: "Closed", tocsin.IncidentRedirected: "Closed",
	}
	sentinelSeverity = map[tocsin.Severity]string{
		tocsin.Informational: "Informational", tocsin.Low: "Low", tocsin.Medium: "Medium", tocsin.High: "High",
	}
	sentinelClass = map[tocsin.Classification]string{
		tocsin.TruePositive: "TruePositive", tocsin.BenignPositive: "BenignPositive", tocsin.FalsePositive: "FalsePositive", tocsin.Undetermined: "Undetermined",
	}
	sentinelReason = map[tocsin.Determination]string{
		"suspiciousActivity": "SuspiciousActivity", "suspiciousButExpected": "SuspiciousButExpected", "incorrectAlertLogic": "IncorrectAlertLogic", "inaccurateData": "InaccurateData",
	}
	sentinelAlertStatus = map[tocsin.AlertStatus]string{tocsin.AlertNew: "New", tocsin.AlertInProgress: "InProgress", tocsin.AlertResolved: "Resolved"}
)

// incidentRow is the incident after the last of its entries, in SecurityIncident's columns.
func (m *Mirror) incidentRow(timeline []incident.Entry, last *incident.Entry) tocsin.Event {
	inc := incident.Fold(timeline)
	r := m.newRow("SecurityIncident")
	r.set("IncidentNumber", tocsin.IntValue(int64(inc.ID)))
	r.text("IncidentName", inc.Name)
	r.text("Title", inc.Title)
	r.text("Severity", sentinelSeverity[inc.Severity])
	r.text("Status", sentinelStatus[inc.Status])
	r.text("Classification", sentinelClass[inc.Classification])
	r.text("ClassificationReason", sentinelReason[inc.Determination])
	r.text("ClassificationComment", inc.CloseComment)
	r.text("ProviderName", "Tocsin")
	r.text("ProviderIncidentId", strconv.FormatInt(int64(inc.ID), 10))
	r.text("ModifiedBy", last.Actor.Name)
	r.time("CreatedTime", inc.CreatedAt)
	r.time("LastModifiedTime", last.At)
	r.time("FirstModifiedTime", firstModified(timeline))
	r.time("ClosedTime", inc.ClosedAt)
	r.time("FirstActivityTime", inc.FirstActivity)
	r.time("LastActivityTime", inc.LastActivity)
	r.set("Owner", dynamic(map[string]string{"assignedTo": inc.Owner, "userPrincipalName": inc.Owner}))
	ids, rules := []string{}, []string{}
	for _, link := range inc.Alerts {
		ids = append(ids, string(link.Alert))
	}
	seen := map[tocsin.RuleID]bool{}
	labels := []map[string]string{}
	comments := []map[string]string{}
	for _, e := range timeline {
		for _, link := range e.Body.Links {
			if rule := link.Facts.Rule; !seen[rule] {
				seen[rule], rules = true, append(rules, string(rule))
			}
		}
		if e.Kind == incident.Commented {
			comments = append(comments, map[string]string{"message": e.Body.Text, "author": e.Actor.Name, "createdTimeUtc": e.At.Format(time.RFC3339Nano)})
		}
	}
	for _, tag := range inc.Tags {
		labels = append(labels, map[string]string{"labelName": tag, "labelType": "User"})
	}
	r.set("AlertIds", dynamic(ids))
	r.set("RelatedAnalyticRuleIds", dynamic(rules))
	r.set("Labels", dynamic(labels))
	r.set("Comments", dynamic(comments))
	r.set("AdditionalData", dynamic(map[string]any{
		"alertsCount": len(inc.Alerts), "commentsCount": inc.Comments, "tactics": inc.Tactics, "techniques": inc.Techniques,
		"alertProductNames": []string{"Tocsin"}, "change": string(last.Kind), "logPosition": last.Position,
	}))
	return m.event(r, fmt.Sprintf("incident %d change %d", inc.ID, last.Seq), last.At)
}

// firstModified is when something first changed the incident after it was opened.
func firstModified(timeline []incident.Entry) time.Time {
	if len(timeline) > 1 {
		return timeline[1].At
	}
	return time.Time{}
}

// alertRow is the alert as it was raised, in SecurityAlert's columns.
func (m *Mirror) alertRow(a *tocsin.Alert) tocsin.Event {
	r := m.newRow("SecurityAlert")
	r.text("SystemAlertId", string(a.ID))
	r.text("AlertName", a.Title)
	r.text("DisplayName", a.Title)
	r.text("Description", a.Description)
	r.text("AlertSeverity", sentinelSeverity[a.Severity])
	r.text("AlertType", string(a.Rule))
	r.text("ProviderName", "Tocsin")
	r.text("ProductName", "Tocsin")
	r.text("ProductComponentName", string(a.RuleKind))
	r.text("VendorName", "Tocsin")
	r.text("VendorOriginalId", string(a.ID))
	r.text("Status", sentinelAlertStatus[a.Status])
	r.time("StartTime", a.FirstActivity)
	r.time("EndTime", a.LastActivity)
	r.time("ProcessingEndTime", a.RaisedAt)
	r.text("Tactics", strings.Join(a.Tactics, ", "))
	r.text("Techniques", dynamic(a.Techniques).Str)
	r.set("IsIncident", tocsin.BoolValue(false))
	entities := make([]map[string]string, 0, len(a.Entities))
	for i, e := range a.Entities {
		item := map[string]string{"$id": strconv.Itoa(i + 1), "Type": strings.ToLower(string(e.Type))}
		for name, v := range e.Identifiers {
			item[name] = v
		}
		entities = append(entities, item)
	}
	r.text("Entities", dynamic(entities).Str)
	r.text("ExtendedProperties", dynamic(map[string]any{"Custom Details": a.CustomDetails, "Analytic Rule Ids": []string{string(a.Rule)}}).Str)
	if len(a.Entities) > 0 {
		r.text("CompromisedEntity", a.Entities[0].Label())
	}
	return m.event(r, "alert "+string(a.ID), a.RaisedAt)
}

// infoRow is the alert in AlertInfo's columns.
func (m *Mirror) infoRow(a *tocsin.Alert) tocsin.Event {
	r := m.newRow("AlertInfo")
	r.text("AlertId", string(a.ID))
	r.text("Title", a.Title)
	r.text("Severity", sentinelSeverity[a.Severity])
	if len(a.Tactics) > 0 {
		r.text("Category", a.Tactics[0])
	}
	r.text("AttackTechniques", dynamic(a.Techniques).Str)
	r.text("ServiceSource", "Tocsin")
	r.text("DetectionSource", string(a.RuleKind))
	return m.event(r, "alert "+string(a.ID), a.RaisedAt)
}

// evidenceColumns maps an entity's identifiers to AlertEvidence's columns.
var evidenceColumns = map[tocsin.EntityType]map[string]string{
	tocsin.Account:          {"Name": "AccountName", "NTDomain": "AccountDomain", "Sid": "AccountSid", "AadUserId": "AccountObjectId"},
	tocsin.Host:             {"HostName": "DeviceName"},
	tocsin.IP:               {"Address": "RemoteIP"},
	tocsin.URL:              {"Url": "RemoteUrl"},
	tocsin.File:             {"Name": "FileName", "Directory": "FolderPath"},
	tocsin.Process:          {"CommandLine": "ProcessCommandLine"},
	tocsin.FileHash:         {"Value": "SHA256"},
	tocsin.RegistryKey:      {"Key": "RegistryKey"},
	tocsin.MailMessage:      {"NetworkMessageId": "NetworkMessageId"},
	tocsin.CloudApplication: {"AppId": "OAuthApplicationId", "Name": "Application"},
}

// evidenceTypes are Defender's names of entity types where they differ from ours.
var evidenceTypes = map[tocsin.EntityType]string{tocsin.Account: "User", tocsin.Host: "Machine", tocsin.IP: "Ip", tocsin.URL: "Url"}

// evidenceRow is one entity of the alert in AlertEvidence's columns.
func (m *Mirror) evidenceRow(a *tocsin.Alert, i int) tocsin.Event {
	e := &a.Entities[i]
	r := m.newRow("AlertEvidence")
	r.text("AlertId", string(a.ID))
	r.text("Title", a.Title)
	r.text("Severity", sentinelSeverity[a.Severity])
	r.text("ServiceSource", "Tocsin")
	r.text("DetectionSource", string(a.RuleKind))
	r.text("EvidenceRole", "Related")
	kind := evidenceTypes[e.Type]
	if kind == "" {
		kind = string(e.Type)
	}
	r.text("EntityType", kind)
	for name, column := range evidenceColumns[e.Type] {
		r.text(column, e.Identifiers[name])
	}
	if e.Type == tocsin.Account && e.Identifiers["UPNSuffix"] != "" {
		r.text("AccountUpn", e.Label())
	}
	r.set("AdditionalFields", dynamic(e.Identifiers))
	return m.event(r, fmt.Sprintf("alert %s entity %d", a.ID, i), a.RaisedAt)
}

// dynamic makes a JSON value of plain data.
func dynamic(v any) tocsin.Value {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("mirror: plain data cannot be encoded: %v", err))
	}
	return tocsin.DynamicValue(string(text))
}
