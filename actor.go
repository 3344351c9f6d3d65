package tocsin

// An ActorKind says who or what caused a change.
type ActorKind string

// The kinds of actor. Time to acknowledge counts only what a Person did.
const (
	Person      ActorKind = "person"
	RuleActor   ActorKind = "rule"        // a detection rule
	Correlation ActorKind = "correlation" // the correlation engine
	Automation  ActorKind = "automation"  // an automation rule or playbook
	APIClient   ActorKind = "api"         // a token without a person behind it
	System      ActorKind = "system"      // Tocsin itself: start-up, retention
)

// A UserID identifies a user account; it never changes, unlike the user name.
type UserID string

// An Actor is who did something. It is stored with every change.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id"`   // UserID, RuleID, token id, …
	Name string    `json:"name"` // as shown in the activity log
}

// A Role is what a user may do. Roles are ordered: each includes those before it.
type Role string

// The roles, after Microsoft Sentinel's Reader, Responder and Contributor.
const (
	Reader      Role = "reader"      // see everything, change nothing
	Responder   Role = "responder"   // work on incidents, hunt
	Contributor Role = "contributor" // also change rules and content
	Admin       Role = "admin"       // also users, tokens and settings
)

var roleRank = map[Role]int{Reader: 1, Responder: 2, Contributor: 3, Admin: 4}

// Allows reports whether a user with role r may do what needs role need.
// An unknown role allows nothing.
func (r Role) Allows(need Role) bool {
	return roleRank[r] != 0 && roleRank[need] != 0 && roleRank[r] >= roleRank[need]
}

// Valid reports whether r is one of the four roles.
func (r Role) Valid() bool { return roleRank[r] != 0 }
