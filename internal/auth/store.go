package auth

import (
	"context"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A User is an account as others may see it.
type User struct {
	ID          tocsin.UserID
	Name        string // to sign in with: lower case, never changes
	DisplayName string
	Role        tocsin.Role
	CreatedAt   time.Time
	DisabledAt  time.Time // zero unless disabled
	HasPassword bool      // false: only sign-in links
}

// Actor returns who the user is in a timeline.
func (u *User) Actor() tocsin.Actor {
	return tocsin.Actor{Kind: tocsin.Person, ID: string(u.ID), Name: u.Name}
}

// An Account is a User as it is stored.
type Account struct {
	User
	PasswordHash string // argon2id in PHC form; empty without a password
}

// A SecretKind says what a secret opens.
type SecretKind string

// The kinds of secret.
const (
	SessionSecret SecretKind = "session"
	TokenSecret   SecretKind = "token"
	LinkSecret    SecretKind = "link"
)

// A Scope is what an API token may be used for.
type Scope string

// The scopes.
const (
	ScopeIngest Scope = "ingest" // send telemetry, nothing else
	ScopeQuery  Scope = "query"  // run queries
	ScopeAPI    Scope = "api"    // everything the token's role may do
)

// A Secret is the record of a session, token or link. The secret itself is
// known only to whoever holds it.
type Secret struct {
	ID        string // public, for lists and revoking
	Kind      SecretKind
	Hash      string // SHA-256 of the secret, hexadecimal
	User      tocsin.UserID
	Name      string      // of a token
	Role      tocsin.Role // of a token
	Scopes    []Scope     // of a token
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // last use, to the minute
	EndedAt   time.Time // signed out, revoked or used up; zero while it works
	Address   string    // where it was made from
}

// An Event is one line of the audit trail.
type Event struct {
	Position int64 // in order of writing; 0 before it is stored
	At       time.Time
	Actor    tocsin.Actor
	Kind     EventKind
	Subject  string // the user or token it is about
	Address  string
	Text     string // details for people; never a secret
}

// An EventKind says what happened.
type EventKind string

// The kinds of event.
const (
	SignedIn        EventKind = "signedIn"
	SignInFailed    EventKind = "signInFailed"
	SignInThrottled EventKind = "signInThrottled"
	SignedOut       EventKind = "signedOut"
	SessionsEnded   EventKind = "sessionsEnded"
	LinkMade        EventKind = "linkMade"
	UserCreated     EventKind = "userCreated"
	UserChanged     EventKind = "userChanged"
	UserDisabled    EventKind = "userDisabled"
	UserEnabled     EventKind = "userEnabled"
	PasswordSet     EventKind = "passwordSet"
	TokenMade       EventKind = "tokenMade"
	TokenRevoked    EventKind = "tokenRevoked"
)

// A Store keeps accounts, secrets and the audit trail.
type Store interface {
	AccountStore
	SecretStore
	Trail
}

// An AccountStore keeps accounts. An absent one is tocsin.NotFound.
type AccountStore interface {
	// Account returns the account with this name.
	Account(ctx context.Context, name string) (Account, error)
	// AccountByID returns the account with this id.
	AccountByID(ctx context.Context, id tocsin.UserID) (Account, error)
	// Accounts returns all accounts by name.
	Accounts(ctx context.Context) ([]Account, error)
	// AddAccount stores a new account; tocsin.Conflict when the name is taken.
	AddAccount(ctx context.Context, a Account) error
	// SaveAccount stores what changed in an account.
	SaveAccount(ctx context.Context, a Account) error
}

// A SecretStore keeps records of secrets. An absent one is tocsin.NotFound.
type SecretStore interface {
	// AddSecret stores a new secret's record.
	AddSecret(ctx context.Context, s Secret) error
	// Secret returns the record of the secret with this hash.
	Secret(ctx context.Context, hash string) (Secret, error)
	// TakeSecret ends the secret with this hash and returns its record as it was
	// before; of several callers exactly one sees EndedAt zero.
	TakeSecret(ctx context.Context, hash string, at time.Time) (Secret, error)
	// TouchSecret notes the last use of a secret.
	TouchSecret(ctx context.Context, id string, at time.Time) error
	// EndSecrets ends the secrets of a kind that belong to a user, or the one
	// with an id when id is not empty, unless they ended before; it returns how many.
	EndSecrets(ctx context.Context, kind SecretKind, user tocsin.UserID, id string, at time.Time) (int, error)
	// Secrets returns the records of a kind that have not ended, newest first.
	Secrets(ctx context.Context, kind SecretKind) ([]Secret, error)
	// ForgetSecrets removes records that ended or expired before a time.
	ForgetSecrets(ctx context.Context, before time.Time) error
}

// A Trail keeps audit events for ever.
type Trail interface {
	// AppendEvent adds an event.
	AppendEvent(ctx context.Context, e Event) error
	// Events returns up to limit events before a position (0: the newest), newest first.
	Events(ctx context.Context, before int64, limit int) ([]Event, error)
}
