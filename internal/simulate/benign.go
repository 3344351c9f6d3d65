package simulate

import (
	"fmt"
	"time"
)

// benignDay lets everybody work: sign in, mistype a password now and then, read
// mail and open files. It is the background every attack has to stand out from.
func (r *run) benignDay(length time.Duration) {
	for _, u := range r.world.Users {
		r.actor, r.step = u.UPN, ""
		place := r.world.Office
		if r.random.IntN(3) == 0 {
			place = u.Home
		}
		at := r.start.Add(time.Duration(r.random.Int64N(int64(length / 3))))
		r.arrives(at, u, place)
		for busy := at.Add(r.jitter(8 * time.Minute)); busy.Before(r.start.Add(length)); busy = busy.Add(r.jitter(16 * time.Minute)) {
			r.works(busy, u, place)
		}
	}
}

// arrives signs a user in, after a typing mistake in one case of eight.
func (r *run) arrives(at time.Time, u *User, place Address) {
	session := guid(r.random)
	app := r.world.Apps[1]
	if r.random.IntN(8) == 0 {
		r.signsIn(at, signIn{user: u, from: place, app: app, agent: u.UserAgent, result: "50126"})
		at = at.Add(r.jitter(15 * time.Second))
	}
	if r.random.IntN(6) == 0 {
		r.signsIn(at, signIn{user: u, from: place, app: app, agent: u.UserAgent, result: "50074", sessionID: session})
		at = at.Add(r.jitter(20 * time.Second))
	}
	r.signsIn(at, signIn{user: u, from: place, app: app, agent: u.UserAgent, result: "0", mfa: true, sessionID: session})
	r.signsIn(at.Add(r.jitter(30*time.Second)), signIn{user: u, from: place, app: r.world.Apps[0], agent: u.UserAgent, result: "0", mfa: true, sessionID: session})
}

var files = []string{"Budget 2027.xlsx", "Board minutes.docx", "Roadmap.pptx", "Contract draft.docx", "Holiday plan.xlsx", "Onboarding.pdf", "Prices.xlsx"}

// works does one ordinary thing.
func (r *run) works(at time.Time, u *User, place Address) {
	switch r.random.IntN(5) {
	case 0:
		other := r.world.Users[r.random.IntN(len(r.world.Users))]
		r.delivers(at, u, message{id: guid(r.random), subject: "Re: " + files[r.random.IntN(len(files))], from: other.UPN, fromName: other.DisplayName, senderIP: "192.0.2.25", deliveredTo: "Inbox/folder", authentication: "pass"})
	case 1:
		r.audits(at, office{user: u, from: place, operation: "MailItemsAccessed", workload: "Exchange", app: r.world.Apps[0], client: "Client=OWA;Action=ViaProxy",
			more: row{"OperationProperties": []row{{"Name": "MailAccessType", "Value": "Bind"}}, "Folders": "Inbox"}})
	case 2, 3:
		name := files[r.random.IntN(len(files))]
		r.audits(at, office{user: u, from: place, operation: "FileAccessed", workload: "SharePoint", app: r.world.Apps[3],
			more: row{"SourceFileName": name, "OfficeObjectId": "https://fjordbank.sharepoint.example/sites/work/" + name, "UserAgent": u.UserAgent}})
	case 4:
		r.signsIn(at, signIn{user: u, from: place, app: r.world.Apps[2], agent: u.UserAgent, client: "Mobile Apps and Desktop clients", result: "0"})
	}
}

// confusers are benign look-alikes of attacks, by name. Each must stay without
// a high alert.
var confusers = map[string]func(r *run, length time.Duration){
	// Everybody's newsletter: an outside sender with a link that people click.
	"newsletter": func(r *run, length time.Duration) {
		id, link := guid(r.random), "https://news.harbour-times.example/weekly/47"
		at := r.start.Add(length / 4)
		for i, u := range r.world.Users {
			r.actor, r.step = u.UPN, ""
			r.delivers(at, u, message{id: id, subject: "Harbour Times weekly", from: "weekly@harbour-times.example", fromName: "Harbour Times", senderIP: "192.0.2.77", url: link, deliveredTo: "Inbox/folder", authentication: "pass", directionInward: true})
			if i%6 == 0 {
				r.clicks(at.Add(r.jitter(40*time.Minute)), u, u.Home, id, link)
			}
		}
	},
	// An administrator consents to a known application for the whole tenant.
	"admin-consent": func(r *run, length time.Duration) {
		admin := r.world.Admin()
		r.actor, r.step = admin.UPN, ""
		app := App{ID: guid(r.random), Name: "Travel desk", ObjectID: guid(r.random), ResourceID: guid(r.random)}
		r.consented(r.start.Add(length/3), admin, r.world.Office, app, []string{"openid", "profile", "User.Read"}, true)
	},
	// Passwords have expired: several people fail from the office address, and
	// then come in.
	"password-expiry": func(r *run, length time.Duration) {
		at := r.start.Add(length / 5)
		for i, u := range r.world.Users {
			if i%7 != 0 {
				continue
			}
			r.actor, r.step = u.UPN, ""
			r.signsIn(at.Add(r.jitter(10*time.Minute)), signIn{user: u, from: r.world.Office, app: r.world.Apps[1], agent: u.UserAgent, result: "50055"})
		}
	},
	// A phone with an old password tries again and again.
	"stale-phone": func(r *run, length time.Duration) {
		u := r.world.Pick(r.random, "Sales")
		r.actor, r.step = u.UPN, ""
		for i := range 12 {
			r.signsIn(r.start.Add(length/6+time.Duration(i)*5*time.Minute), signIn{user: u, from: u.Home, app: r.world.Apps[0], agent: "iOS/18.1 Mail", client: "Exchange ActiveSync", result: "50126"})
		}
	},
}

// fileName numbers a document for a theft of many.
func fileName(i int) string { return fmt.Sprintf("%s (%d)", files[i%len(files)], i/len(files)) }
