package auth

import (
	"context"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A SignIn is an attempt to start a session with a password.
type SignIn struct {
	User     string
	Password string
	Address  string // of the client, as far as it can be trusted
	Previous string // session the client held before; it is ended, so that none is carried over
}

// An Identity is who is behind a session or token.
type Identity struct {
	User      User        // of a session; of a token, who made it
	Role      tocsin.Role // what it may do
	Scopes    []Scope     // of a token; nil for a session, which may do everything its role may
	Token     string      // name of the token; empty for a session
	ID        string      // of the session's or token's record
	ExpiresAt time.Time
}

// Actor returns who this is in a timeline: a person, or a token.
func (i *Identity) Actor() tocsin.Actor {
	if i.Token != "" {
		return tocsin.Actor{Kind: tocsin.APIClient, ID: i.ID, Name: i.Token}
	}
	return i.User.Actor()
}

// May reports whether this may be used for a scope, in a role.
func (i *Identity) May(scope Scope, need tocsin.Role) bool {
	if i.Token == "" {
		return i.Role.Allows(need)
	}
	for _, s := range i.Scopes {
		if s == scope {
			return i.Role.Allows(need)
		}
	}
	return false
}

// SignIn starts a session and returns its secret, which is told only once. A
// wrong name and a wrong password are the same tocsin.Denied after the same
// time; too many failures are tocsin.Unavailable with how long to wait.
func (g *Gate) SignIn(ctx context.Context, in SignIn) (session string, who Identity, err error) {
	a, err := g.check(ctx, in.User, in.Password, in.Address)
	if err != nil {
		return "", Identity{}, err
	}
	return g.startSession(ctx, &a, in.Address, in.Previous, "by password")
}

// wrong is the one answer to every failed sign-in.
func wrong() error {
	return tocsin.Errorf(tocsin.Denied, "The user name or the password is wrong.")
}

// check checks a name and password, throttled and in equal time.
func (g *Gate) check(ctx context.Context, name, password, address string) (Account, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	// An empty password must never reach a comparison (CVE-2023-39069's class),
	// and neither must one that is too long to be anybody's.
	if !userName.MatchString(name) || password == "" || len(password) > MaxPassword {
		return Account{}, wrong()
	}
	try, wait, first := g.throttle.begin(name, address, g.now())
	if wait > 0 {
		if first {
			if err := g.record(ctx, nobody, SignInThrottled, "", address, "waits "+wait.String()); err != nil {
				return Account{}, err
			}
		}
		return Account{}, tooMany(wait)
	}
	a, err := g.store.Account(ctx, name)
	isKnown := err == nil
	if err != nil && !tocsin.IsKind(err, tocsin.NotFound) {
		try.succeed() // nobody guessed anything
		return Account{}, err
	}
	hash := g.decoy
	if isKnown && a.PasswordHash != "" {
		hash = a.PasswordHash
	}
	if err := g.takeSlot(ctx); err != nil {
		try.succeed()
		return Account{}, err
	}
	ok, cost, err := verify(hash, password)
	g.freeSlot()
	if err != nil {
		return Account{}, tocsin.Wrap(err, tocsin.Internal, "reading the password of %s", name)
	}
	if !ok || !isKnown || a.PasswordHash == "" || !a.DisabledAt.IsZero() {
		// A name that is nobody's may be a password typed in the wrong place:
		// it is not written down.
		subject := ""
		if isKnown {
			subject = a.Name
		}
		if err := g.record(ctx, nobody, SignInFailed, subject, address, ""); err != nil {
			return Account{}, err
		}
		return Account{}, wrong()
	}
	try.succeed()
	return a, g.rehash(ctx, a, cost, password)
}

// nobody is the actor of what happens before anyone is known.
var nobody = tocsin.Actor{Kind: tocsin.System, ID: "auth", Name: "Sign-in"}

// rehash stores a password anew when hashing has become more work since.
func (g *Gate) rehash(ctx context.Context, a Account, cost Cost, password string) error {
	if cost == g.o.Cost {
		return nil
	}
	if err := g.takeSlot(ctx); err != nil {
		return err
	}
	hash, err := hashPassword(g.o.Random, g.o.Cost, password)
	g.freeSlot()
	if err != nil {
		return err
	}
	g.changing.Lock()
	defer g.changing.Unlock()
	now, err := g.store.Account(ctx, a.Name)
	if err != nil || now.PasswordHash != a.PasswordHash {
		return err // it was changed meanwhile
	}
	now.PasswordHash = hash
	return g.store.SaveAccount(ctx, now)
}

// startSession makes a session for an account that proved itself.
func (g *Gate) startSession(ctx context.Context, a *Account, address, previous, how string) (string, Identity, error) {
	now := g.now()
	if wellFormed(previous, SessionSecret) {
		if _, err := g.store.TakeSecret(ctx, hashSecret(previous), now); err != nil && !tocsin.IsKind(err, tocsin.NotFound) {
			return "", Identity{}, err
		}
	}
	secret, hash, err := mint(g.o.Random, SessionSecret)
	if err != nil {
		return "", Identity{}, err
	}
	id, err := newID(g.o.Random)
	if err != nil {
		return "", Identity{}, err
	}
	s := Secret{ID: id, Kind: SessionSecret, Hash: hash, User: a.ID, CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(g.o.Absolute), Address: address}
	if err := g.store.AddSecret(ctx, s); err != nil {
		return "", Identity{}, err
	}
	if err := g.record(ctx, a.Actor(), SignedIn, a.Name, address, how); err != nil {
		return "", Identity{}, err
	}
	return secret, Identity{User: a.User, Role: a.Role, ID: id, ExpiresAt: s.ExpiresAt}, nil
}

// Session returns who holds a session. One that was made up, ended, expired,
// unused for too long, or whose user is disabled is tocsin.Denied.
func (g *Gate) Session(ctx context.Context, secret string) (Identity, error) {
	s, a, err := g.open(ctx, secret, SessionSecret)
	if err != nil {
		return Identity{}, err
	}
	return Identity{User: a.User, Role: a.Role, ID: s.ID, ExpiresAt: s.ExpiresAt}, nil
}

// open finds a secret that works now, and notes its use once a minute.
func (g *Gate) open(ctx context.Context, secret string, kind SecretKind) (Secret, Account, error) {
	expired := tocsin.Errorf(tocsin.Denied, "You are not signed in, or the session has ended. Sign in again.")
	if kind == TokenSecret {
		expired = tocsin.Errorf(tocsin.Denied, "The API token is wrong, expired or revoked. Make a new one.")
	}
	if !wellFormed(secret, kind) {
		return Secret{}, Account{}, expired
	}
	s, err := g.store.Secret(ctx, hashSecret(secret))
	if tocsin.IsKind(err, tocsin.NotFound) {
		return Secret{}, Account{}, expired
	} else if err != nil {
		return Secret{}, Account{}, err
	}
	now := g.now()
	idle := kind == SessionSecret && now.Sub(s.UsedAt) > g.o.Idle
	if s.Kind != kind || !s.EndedAt.IsZero() || !now.Before(s.ExpiresAt) || idle {
		return Secret{}, Account{}, expired
	}
	a, err := g.store.AccountByID(ctx, s.User)
	if err != nil && !tocsin.IsKind(err, tocsin.NotFound) {
		return Secret{}, Account{}, err
	}
	if err != nil || !a.DisabledAt.IsZero() {
		return Secret{}, Account{}, expired
	}
	if now.Sub(s.UsedAt) >= time.Minute {
		if err := g.store.TouchSecret(ctx, s.ID, now); err != nil {
			return Secret{}, Account{}, err
		}
	}
	return s, a, nil
}

// SignOut ends a session; one that does not work any more is no error.
func (g *Gate) SignOut(ctx context.Context, secret string) error {
	who, err := g.Session(ctx, secret)
	if tocsin.IsKind(err, tocsin.Denied) {
		return nil
	} else if err != nil {
		return err
	}
	if _, err := g.store.EndSecrets(ctx, SessionSecret, who.User.ID, who.ID, g.now()); err != nil {
		return err
	}
	return g.record(ctx, who.User.Actor(), SignedOut, who.User.Name, "", "")
}

// EndSessions ends all sessions of a user and returns how many there were.
func (g *Gate) EndSessions(ctx context.Context, actor tocsin.Actor, name string) (int, error) {
	u, err := g.User(ctx, name)
	if err != nil {
		return 0, err
	}
	n, err := g.store.EndSecrets(ctx, SessionSecret, u.ID, "", g.now())
	if err != nil {
		return 0, err
	}
	return n, g.record(ctx, actor, SessionsEnded, u.Name, "", "")
}
