package auth

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// NewLink makes a link secret that signs a user in once within the next ten
// minutes. Links made for the user before stop working.
func (g *Gate) NewLink(ctx context.Context, actor tocsin.Actor, name string) (link string, expires time.Time, err error) {
	u, err := g.User(ctx, name)
	if err != nil {
		return "", time.Time{}, err
	}
	if !u.DisabledAt.IsZero() {
		return "", time.Time{}, tocsin.Errorf(tocsin.Conflict, "%s is disabled. Enable the user first.", u.Name)
	}
	now := g.now()
	if _, err := g.store.EndSecrets(ctx, LinkSecret, u.ID, "", now); err != nil {
		return "", time.Time{}, err
	}
	link, hash, err := mint(g.o.Random, LinkSecret)
	if err != nil {
		return "", time.Time{}, err
	}
	id, err := newID(g.o.Random)
	if err != nil {
		return "", time.Time{}, err
	}
	s := Secret{ID: id, Kind: LinkSecret, Hash: hash, User: u.ID, CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(g.o.LinkLife)}
	if err := g.store.AddSecret(ctx, s); err != nil {
		return "", time.Time{}, err
	}
	return link, s.ExpiresAt, g.record(ctx, actor, LinkMade, u.Name, "", "")
}

// SignInWithLink starts a session with a link, which is used up by it. A link
// that was used, expired or made up is tocsin.Denied.
func (g *Gate) SignInWithLink(ctx context.Context, link, address, previous string) (session string, who Identity, err error) {
	used := tocsin.Errorf(tocsin.Denied, "The sign-in link was used already or has expired. Ask for a new one.")
	if !wellFormed(link, LinkSecret) {
		return "", Identity{}, used
	}
	now := g.now()
	s, err := g.store.TakeSecret(ctx, hashSecret(link), now)
	if tocsin.IsKind(err, tocsin.NotFound) {
		return "", Identity{}, used
	} else if err != nil {
		return "", Identity{}, err
	}
	if s.Kind != LinkSecret || !s.EndedAt.IsZero() || !now.Before(s.ExpiresAt) {
		return "", Identity{}, used
	}
	a, err := g.store.AccountByID(ctx, s.User)
	if err != nil && !tocsin.IsKind(err, tocsin.NotFound) {
		return "", Identity{}, err
	}
	if err != nil || !a.DisabledAt.IsZero() {
		return "", Identity{}, used
	}
	return g.startSession(ctx, &a, address, previous, "by link")
}

// NewToken is an API token to be made.
type NewToken struct {
	Name    string      // for people; 1 to 64 characters of a user name
	Scopes  []Scope     // at least one
	Role    tocsin.Role // at most the maker's
	Expires time.Time   // within MaxTokenLife
}

// MakeToken makes an API token for a user and returns its secret, which is told
// only once. The token stops when its maker is disabled, and never may more
// than its maker.
func (g *Gate) MakeToken(ctx context.Context, maker User, n NewToken) (secret string, record Secret, err error) {
	now := g.now()
	name := strings.ToLower(strings.TrimSpace(n.Name))
	switch {
	case !userName.MatchString(name):
		return "", Secret{}, tocsin.Errorf(tocsin.Invalid, "A token's name has 1 to 64 of a–z, 0–9, . _ @ - and begins with a letter or digit.")
	case len(n.Scopes) == 0:
		return "", Secret{}, tocsin.Errorf(tocsin.Invalid, "A token needs at least one scope: ingest, query or api.")
	case !n.Role.Valid():
		return "", Secret{}, noRole(n.Role)
	case !maker.Role.Allows(n.Role):
		return "", Secret{}, tocsin.Errorf(tocsin.Denied, "You are %s and cannot make a token that is %s.", maker.Role, n.Role)
	case !n.Expires.After(now) || n.Expires.Sub(now) > MaxTokenLife:
		return "", Secret{}, tocsin.Errorf(tocsin.Invalid, "A token expires within a year. Choose a date before %s.", now.Add(MaxTokenLife).Format(time.DateOnly))
	}
	for _, s := range n.Scopes {
		if s != ScopeIngest && s != ScopeQuery && s != ScopeAPI {
			return "", Secret{}, tocsin.Errorf(tocsin.Invalid, "There is no scope %q. Use ingest, query or api.", s)
		}
	}
	secret, hash, err := mint(g.o.Random, TokenSecret)
	if err != nil {
		return "", Secret{}, err
	}
	id, err := newID(g.o.Random)
	if err != nil {
		return "", Secret{}, err
	}
	scopes := slices.Clone(n.Scopes)
	slices.Sort(scopes)
	record = Secret{
		ID: id, Kind: TokenSecret, Hash: hash, User: maker.ID, Name: name, Role: n.Role, Scopes: slices.Compact(scopes),
		CreatedAt: now, UsedAt: now, ExpiresAt: tocsin.FromTicks(tocsin.Ticks(n.Expires)),
	}
	if err := g.store.AddSecret(ctx, record); err != nil {
		return "", Secret{}, err
	}
	return secret, record, g.record(ctx, maker.Actor(), TokenMade, name, "", "token "+id+", role "+string(n.Role))
}

// Token returns what an API token may do. A made-up one is refused without a
// look-up; all that do not work are the same tocsin.Denied.
func (g *Gate) Token(ctx context.Context, secret string) (Identity, error) {
	s, maker, err := g.open(ctx, secret, TokenSecret)
	if err != nil {
		return Identity{}, err
	}
	role := s.Role
	if !maker.Role.Allows(role) {
		role = maker.Role // the maker may less now than when it was made
	}
	return Identity{User: maker.User, Role: role, Scopes: s.Scopes, Token: s.Name, ID: s.ID, ExpiresAt: s.ExpiresAt}, nil
}

// Tokens returns the records of the tokens that were not revoked, newest first.
// Their hashes are left out.
func (g *Gate) Tokens(ctx context.Context) ([]Secret, error) {
	list, err := g.store.Secrets(ctx, TokenSecret)
	for i := range list {
		list[i].Hash = ""
	}
	return list, err
}

// RevokeToken ends a token by its record's id.
func (g *Gate) RevokeToken(ctx context.Context, actor tocsin.Actor, id string) error {
	gone := tocsin.Errorf(tocsin.NotFound, "There is no token %q, or it was revoked already.", id)
	if id == "" {
		return gone
	}
	n, err := g.store.EndSecrets(ctx, TokenSecret, "", id, g.now())
	g.recent.forget() // also when the answer was lost: it may have ended
	if err != nil {
		return err
	}
	if n == 0 {
		return gone
	}
	return g.record(ctx, actor, TokenRevoked, id, "", "")
}
