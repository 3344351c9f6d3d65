package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// actions are the abstract things an attacker can do, by the name a scenario
// file uses. An action changes the run and speaks through the emitters.
var actions = map[string]func(r *run, s Step, at time.Time){
	"mail.phish":          phish,
	"user.click":          clickLure,
	"user.consent":        consentToApp,
	"mailbox.read":        readMailbox,
	"mailbox.rule":        hideWithInboxRule,
	"files.download":      downloadFiles,
	"account.spray":       sprayPasswords,
	"account.sign-in":     signInAsVictim,
	"account.add-method":  addMethod,
	"infrastructure.only": func(*run, Step, time.Time) {},
}

// number reads a numeric parameter of a step, or its default.
func (s Step) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(s.With[name]); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// text reads a parameter of a step, or its default.
func (s Step) text(name, otherwise string) string {
	if v := s.With[name]; v != "" {
		return v
	}
	return otherwise
}

// phish mails a lure from a look-alike domain to the victim and some colleagues.
func phish(r *run, s Step, at time.Time) {
	r.chooseVictim(s)
	domain := s.text("domain", "fjordbank-docs.example")
	r.lure = lure{messageID: guid(r.random), url: "https://" + domain + "/consent/" + hexString(r.random, 10), sender: "share@" + domain, subject: s.text("subject", "Shared with you: Q4 bonus overview")}
	recipients := []*User{r.victim}
	for len(recipients) < s.number("recipients", 6) {
		recipients = append(recipients, r.world.Users[r.random.IntN(len(r.world.Users))])
	}
	for i, u := range recipients {
		r.delivers(at.Add(time.Duration(i)*3*time.Second), u, message{
			id: r.lure.messageID, subject: r.lure.subject, from: r.lure.sender, fromName: "SharePoint Online", senderIP: r.attacker.IP,
			url: r.lure.url, isFirstContact: true, deliveredTo: "Inbox/folder", authentication: "fail", directionInward: true,
		})
	}
}

// chooseVictim picks the victim once per run.
func (r *run) chooseVictim(s Step) {
	if r.victim == nil {
		r.victim = r.world.Pick(r.random, s.text("department", "Finance"))
		r.roles["victim"] = r.victim.UPN
	}
}

func clickLure(r *run, _ Step, at time.Time) {
	r.clicks(at, r.victim, r.victim.Home, r.lure.messageID, r.lure.url)
}

// consentToApp lets the victim grant a foreign application access to the mailbox.
func consentToApp(r *run, s Step, at time.Time) {
	r.app = App{ID: guid(r.random), Name: s.text("app", "Document Viewer 365"), ObjectID: guid(r.random), ResourceID: guid(r.random), Resource: "Microsoft Graph"}
	r.roles["app"] = r.app.ID
	r.signsIn(at.Add(-20*time.Second), signIn{user: r.victim, from: r.victim.Home, app: r.app, agent: r.victim.UserAgent, result: "0", mfa: true, sessionID: guid(r.random)})
	r.consented(at, r.victim, r.victim.Home, r.app, strings.Fields(s.text("scopes", "openid offline_access Mail.Read Mail.ReadWrite MailboxSettings.ReadWrite")), false)
}

// readMailbox reads the victim's mail through the application.
func readMailbox(r *run, s Step, at time.Time) {
	for i := range s.number("items", 40) {
		r.audits(at.Add(time.Duration(i)*r.jitter(4*time.Second)), office{
			user: r.victim, from: r.attacker, operation: "MailItemsAccessed", workload: "Exchange", app: r.app, client: "Client=REST;Client=RESTSystem;;",
			more: row{"OperationProperties": []row{{"Name": "MailAccessType", "Value": "Bind"}}, "Folders": "Inbox"},
		})
	}
}

// hideWithInboxRule hides replies by a rule that moves them out of sight.
func hideWithInboxRule(r *run, s Step, at time.Time) {
	words := s.text("words", "invoice;payment;iban")
	r.audits(at, office{
		user: r.victim, from: r.attacker, operation: "New-InboxRule", workload: "Exchange", app: r.app, client: "Client=REST;Client=RESTSystem;;",
		more: row{"RecordType": "ExchangeAdmin", "Parameters": fmt.Sprintf(`[{"Name":"Name","Value":".."},{"Name":"SubjectOrBodyContainsWords","Value":%q},{"Name":"MoveToFolder","Value":"RSS Feeds"},{"Name":"MarkAsRead","Value":"True"}]`, words), "OfficeObjectId": r.victim.UPN + `\..`},
	})
}

// downloadFiles takes documents from SharePoint.
func downloadFiles(r *run, s Step, at time.Time) {
	for i := range s.number("files", 30) {
		name := fileName(i)
		r.audits(at.Add(time.Duration(i)*r.jitter(3*time.Second)), office{
			user: r.victim, from: r.attacker, operation: "FileDownloaded", workload: "SharePoint", app: r.world.Apps[3],
			more: row{"SourceFileName": name, "OfficeObjectId": "https://fjordbank.sharepoint.example/sites/finance/" + name, "UserAgent": agents[1]},
		})
	}
}

// sprayPasswords tries one password on many accounts; the victim's is right.
func sprayPasswords(r *run, s Step, at time.Time) {
	r.chooseVictim(s)
	pace := time.Duration(s.number("seconds", 20)) * time.Second
	accounts := min(s.number("accounts", 24), len(r.world.Users))
	order := r.random.Perm(len(r.world.Users))
	for i, n := range order[:accounts] {
		u := r.world.Users[n]
		if u == r.victim {
			continue
		}
		at = at.Add(r.jitter(pace))
		result := "50126"
		if i%9 == 8 {
			result = "50053"
		}
		r.signsIn(at, signIn{user: u, from: r.attacker, app: r.world.Apps[0], agent: "python-requests/2.32", client: "Authenticated SMTP", result: result})
	}
}

// signInAsVictim is the one success.
func signInAsVictim(r *run, s Step, at time.Time) {
	r.chooseVictim(s)
	r.signsIn(at, signIn{user: r.victim, from: r.attacker, app: r.world.Apps[0], agent: s.text("agent", "python-requests/2.32"), client: s.text("client", "Authenticated SMTP"), result: "0", sessionID: guid(r.random)})
}

// addMethod registers an authentication method of the attacker's.
func addMethod(r *run, s Step, at time.Time) {
	r.registersMethod(at, r.victim, r.attacker, s.text("method", "Authenticator App"))
}
