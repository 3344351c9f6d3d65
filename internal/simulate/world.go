package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A World is the enterprise a scenario happens in. It is made from a seed and
// does not change; what a scenario changes is kept in its run.
type World struct {
	TenantID  string
	Domain    string // contoso-like, under .example
	Users     []*User
	Office    Address // the NAT address of the office
	Apps      []App   // applications people use every day
	Mailboxes map[string]string
}

// A User is one person with an account, a mailbox and a device.
type User struct {
	ObjectID    string
	UPN         string // amelie.berg@fjordbank.example
	DisplayName string
	Department  string
	Title       string
	IsAdmin     bool
	MailboxID   string
	Device      Device
	Home        Address
	UserAgent   string
}

// A Device is a user's computer.
type Device struct {
	ID   string
	Name string
	OS   string
}

// An Address is an IPv4 address with where it appears to be.
type Address struct {
	IP      string
	Country string // ISO 3166 alpha-2
	City    string
	ASN     int
}

// An App is a cloud application as Entra ID knows it.
type App struct {
	ID         string
	Name       string
	ObjectID   string // of its service principal
	ResourceID string
	Resource   string
	Publisher  string
}

var (
	givenNames = []string{"Amelie", "Noah", "Ingrid", "Samir", "Yuki", "Lena", "Oskar", "Priya", "Mateo", "Freja", "Tomasz", "Aisha", "Henrik", "Chiara", "Lukas", "Nadia", "Jonas", "Maren", "Elif", "Viktor"}
	surnames   = []string{"Berg", "Holm", "Novak", "Haddad", "Sato", "Fischer", "Lindgren", "Iyer", "Vega", "Dahl", "Kowalski", "Diallo", "Moen", "Rossi", "Weber", "Popov", "Krag", "Solberg", "Demir", "Petrov"}
	teams      = []struct{ department, title string }{
		{"Finance", "Accountant"}, {"Finance", "Treasury analyst"}, {"Sales", "Account manager"}, {"Sales", "Sales assistant"},
		{"Legal", "Counsel"}, {"People", "Recruiter"}, {"Operations", "Planner"}, {"Engineering", "Developer"}, {"Engineering", "Tester"}, {"Marketing", "Editor"},
	}
	cities = []struct {
		country, city string
		asn           int
	}{{"NO", "Oslo", 2119}, {"NO", "Bergen", 2119}, {"DK", "Copenhagen", 3292}, {"SE", "Stockholm", 3301}, {"DE", "Hamburg", 3320}}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
	}
)

// firstParty are Microsoft's own applications with their published ids.
var firstParty = []App{
	{ID: "00000002-0000-0ff1-ce00-000000000000", Name: "Office 365 Exchange Online", Resource: "Office 365 Exchange Online", Publisher: "Microsoft"},
	{ID: "4765445b-32c6-49b0-83e6-1d93765276ca", Name: "OfficeHome", Resource: "OfficeHome", Publisher: "Microsoft"},
	{ID: "1fec8e78-bce4-4aaf-ab1b-5451cc387264", Name: "Microsoft Teams", Resource: "Microsoft Teams Services", Publisher: "Microsoft"},
	{ID: "00000003-0000-0ff1-ce00-000000000000", Name: "Office 365 SharePoint Online", Resource: "Office 365 SharePoint Online", Publisher: "Microsoft"},
}

// NewWorld makes an enterprise of that many users (at least 12, at most 5,000).
func NewWorld(users int, seed uint64) *World {
	r := rand.New(rand.NewPCG(seed, 0x70C51))
	users = min(max(users, 12), 5000)
	w := &World{
		TenantID: guid(r), Domain: "fjordbank.example", Apps: firstParty,
		Office: Address{IP: "192.0.2.14", Country: "NO", City: "Oslo", ASN: 2119},
	}
	for i := range users {
		given, family := givenNames[i%len(givenNames)], surnames[(i*7+i/len(givenNames))%len(surnames)]
		local := strings.ToLower(given + "." + family)
		if round := i / len(givenNames); round > 0 {
			local = fmt.Sprintf("%s%d", local, round+1)
		}
		team := teams[r.IntN(len(teams))]
		place := cities[r.IntN(len(cities))]
		u := &User{
			ObjectID: guid(r), UPN: local + "@" + w.Domain, DisplayName: given + " " + family,
			Department: team.department, Title: team.title, MailboxID: guid(r),
			Device:    Device{ID: hexString(r, 40), Name: fmt.Sprintf("ws-%03d.%s", i+1, w.Domain), OS: "Windows 11"},
			Home:      Address{IP: fmt.Sprintf("198.51.100.%d", 1+i%250), Country: place.country, City: place.city, ASN: place.asn},
			UserAgent: agents[r.IntN(len(agents))],
		}
		if i%20 == 11 {
			u.Department, u.Title, u.IsAdmin = "IT", "Cloud administrator", true
		}
		w.Users = append(w.Users, u)
	}
	return w
}

// Pick returns a user of the department who is no administrator, any such user
// when the department is empty or has none.
func (w *World) Pick(r *rand.Rand, department string) *User {
	var fit, others []*User
	for _, u := range w.Users {
		switch {
		case u.IsAdmin:
		case strings.EqualFold(u.Department, department):
			fit = append(fit, u)
		default:
			others = append(others, u)
		}
	}
	if len(fit) == 0 {
		fit = others
	}
	return fit[r.IntN(len(fit))]
}

// Admin returns an administrator.
func (w *World) Admin() *User {
	for _, u := range w.Users {
		if u.IsAdmin {
			return u
		}
	}
	panic("simulate: a world always has an administrator")
}

// attackerAddress is a hosting address of the documentation range 203.0.113.0/24.
func attackerAddress(r *rand.Rand) Address {
	return Address{IP: fmt.Sprintf("203.0.113.%d", 20+r.IntN(200)), Country: "NL", City: "Amsterdam", ASN: 60781}
}

// guid returns a random version 4 GUID.
func guid(r *rand.Rand) string {
	h := []byte(hexString(r, 32))
	h[12], h[16] = '4', "89ab"[r.IntN(4)]
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// hexString returns n random hexadecimal digits.
func hexString(r *rand.Rand, n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[r.IntN(16)]
	}
	return string(b)
}
