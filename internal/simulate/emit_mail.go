package simulate

import (
	"net/url"
	"strings"
	"time"
)

// A message is one e-mail as the mail gateway sees it.
type message struct {
	id, subject     string
	from, fromName  string
	senderIP        string
	url             string
	isFirstContact  bool
	deliveredTo     string // Inbox/folder, Junk folder
	authentication  string // pass or fail of SPF, DKIM, DMARC together
	hasAttachment   bool
	directionInward bool
}

// delivers emits EmailEvents, and EmailUrlInfo when the mail has a link.
func (r *run) delivers(at time.Time, to *User, m message) {
	direction := "Intra-org"
	if m.directionInward {
		direction = "Inbound"
	}
	_, domain, _ := strings.Cut(m.from, "@")
	urls := 0
	if m.url != "" {
		urls = 1
	}
	r.emit(at, "EmailEvents", row{
		"NetworkMessageId": m.id, "InternetMessageId": "<" + m.id + "@" + domain + ">", "Subject": m.subject, "EmailDirection": direction,
		"SenderFromAddress": m.from, "SenderFromDomain": domain, "SenderDisplayName": m.fromName, "SenderMailFromAddress": m.from, "SenderMailFromDomain": domain,
		"SenderIPv4": m.senderIP, "RecipientEmailAddress": to.UPN, "RecipientObjectId": to.ObjectID, "RecipientDomain": r.world.Domain,
		"DeliveryAction": "Delivered", "DeliveryLocation": m.deliveredTo, "LatestDeliveryAction": "Delivered", "LatestDeliveryLocation": m.deliveredTo,
		"IsFirstContact": m.isFirstContact, "UrlCount": urls, "AttachmentCount": map[bool]int{true: 1}[m.hasAttachment],
		"AuthenticationDetails": `{"SPF":"` + m.authentication + `","DKIM":"` + m.authentication + `","DMARC":"` + m.authentication + `"}`,
		"EmailLanguage":         "en", "ReportId": guid(r.random),
	})
	if m.url == "" {
		return
	}
	host := m.url
	if u, err := url.Parse(m.url); err == nil {
		host = u.Host
	}
	r.emit(at, "EmailUrlInfo", row{"NetworkMessageId": m.id, "Url": m.url, "UrlDomain": host, "UrlLocation": "Body", "ReportId": guid(r.random)})
}

// clicks emits UrlClickEvents for a link in a mail.
func (r *run) clicks(at time.Time, who *User, from Address, messageID, link string) {
	r.emit(at, "UrlClickEvents", row{
		"AccountUpn": who.UPN, "ActionType": "ClickAllowed", "IsClickedThrough": true, "IPAddress": from.IP, "NetworkMessageId": messageID,
		"Url": link, "UrlChain": `["` + link + `"]`, "Workload": "Email", "AppName": "Outlook", "ReportId": guid(r.random),
	})
}

// An office is one record of the unified audit log.
type office struct {
	user      *User
	from      Address
	operation string
	workload  string // Exchange, SharePoint, OneDrive
	app       App
	client    string
	more      row
}

// audits emits one row of OfficeActivity.
func (r *run) audits(at time.Time, o office) {
	columns := row{
		"Operation": o.operation, "OfficeWorkload": o.workload, "UserId": o.user.UPN, "UserKey": o.user.ObjectID, "UserType": "Regular",
		"ClientIP": o.from.IP, "Client_IPAddress": o.from.IP, "ResultStatus": "Succeeded", "OrganizationName": r.world.Domain, "OrganizationId": r.world.TenantID,
		"AppId": o.app.ID, "ClientInfoString": o.client, "OfficeId": guid(r.random), "SourceSystem": "OfficeActivityManager", "Start_Time": at.UTC().Format(time.RFC3339Nano),
	}
	if o.workload == "Exchange" {
		columns["RecordType"], columns["MailboxOwnerUPN"], columns["MailboxGuid"] = "ExchangeItemAggregated", o.user.UPN, o.user.MailboxID
	} else {
		columns["RecordType"] = "SharePointFileOperation"
	}
	for name, value := range o.more {
		columns[name] = value
	}
	r.emit(at, "OfficeActivity", columns)
}
