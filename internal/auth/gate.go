package auth

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// Options are what a Gate is made of. The zero value of a field takes the default.
type Options struct {
	Now      func() time.Time // required
	Random   io.Reader        // required: crypto/rand.Reader, except in tests
	Cost     Cost             // of hashing passwords; default 46 MiB, two passes
	Slots    int              // passwords hashed at once; default 2
	Idle     time.Duration    // a session unused for so long ends; default 2 h
	Absolute time.Duration    // a session ends after so long at any rate; default 12 h
	LinkLife time.Duration    // a sign-in link works for so long; default 10 min
}

// MaxTokenLife is how long an API token may work at most.
const MaxTokenLife = 366 * 24 * time.Hour

// A Gate lets people and programs in. It is safe for concurrent use.
type Gate struct {
	store    Store
	o        Options
	throttle *throttle
	slots    chan struct{} // one per password being hashed
	decoy    string        // the hash checked when there is no such user
	changing sync.Mutex    // changes of accounts, so that an administrator always remains
	recent   recent        // tokens that were looked up a moment ago
}

// New makes a gate. It hashes one password to prepare a decoy, so that a wrong
// name takes as long as a wrong password.
func New(store Store, o Options) (*Gate, error) {
	if o.Now == nil || o.Random == nil {
		return nil, fmt.Errorf("a gate needs a clock and a source of randomness")
	}
	if o.Cost == (Cost{}) {
		o.Cost = defaultCost
	}
	if !o.Cost.valid() {
		return nil, fmt.Errorf("cost of hashing %+v is out of bounds", o.Cost)
	}
	setDefault(&o.Slots, 2)
	setDefault(&o.Idle, 2*time.Hour)
	setDefault(&o.Absolute, 12*time.Hour)
	setDefault(&o.LinkLife, 10*time.Minute)
	if o.Slots < 0 || o.Idle < 0 || o.Absolute < 0 || o.LinkLife < 0 {
		return nil, fmt.Errorf("options of a gate must not be negative")
	}
	nobody, _, err := mint(o.Random, LinkSecret)
	if err != nil {
		return nil, err
	}
	decoy, err := hashPassword(o.Random, o.Cost, nobody)
	if err != nil {
		return nil, err
	}
	return &Gate{store: store, o: o, throttle: newThrottle(), slots: make(chan struct{}, o.Slots), decoy: decoy}, nil
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// now is the time in whole ticks, as it is stored.
func (g *Gate) now() time.Time { return tocsin.FromTicks(tocsin.Ticks(g.o.Now())) }

// record writes the audit trail. What cannot be recorded does not happen.
func (g *Gate) record(ctx context.Context, actor tocsin.Actor, kind EventKind, subject, address, text string) error {
	err := g.store.AppendEvent(ctx, Event{At: g.now(), Actor: actor, Kind: kind, Subject: subject, Address: address, Text: text})
	if err != nil {
		return fmt.Errorf("recording %s: %w", kind, err)
	}
	return nil
}

// Events returns up to limit audit events before a position (0: the newest), newest first.
func (g *Gate) Events(ctx context.Context, before int64, limit int) ([]Event, error) {
	return g.store.Events(ctx, before, min(max(limit, 1), 1000))
}

// NewUser is a user to be created.
type NewUser struct {
	Name        string // 1 to 64 of a–z, 0–9, . _ @ -, beginning with a letter or digit; case does not matter
	DisplayName string // default: the name
	Role        tocsin.Role
	Password    string // empty: the user signs in by link only
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// maxDisplayName bounds the name shown for a user.
const maxDisplayName = 100

// CreateUser creates a user. A name that is taken is a tocsin.Conflict.
func (g *Gate) CreateUser(ctx context.Context, actor tocsin.Actor, n NewUser) (User, error) {
	name := strings.ToLower(strings.TrimSpace(n.Name))
	display := strings.TrimSpace(n.DisplayName)
	if display == "" {
		display = name
	}
	switch {
	case !userName.MatchString(name):
		return User{}, tocsin.Errorf(tocsin.Invalid, "A user name has 1 to 64 of a–z, 0–9, . _ @ - and begins with a letter or digit.")
	case len(display) > maxDisplayName || strings.ContainsFunc(display, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return User{}, tocsin.Errorf(tocsin.Invalid, "The display name is longer than %d bytes or holds control characters.", maxDisplayName)
	case !n.Role.Valid():
		return User{}, noRole(n.Role)
	}
	id, err := newID(g.o.Random)
	if err != nil {
		return User{}, err
	}
	a := Account{User: User{ID: tocsin.UserID("u_" + id), Name: name, DisplayName: display, Role: n.Role, CreatedAt: g.now()}}
	if n.Password != "" {
		if a.PasswordHash, err = g.hash(ctx, n.Password, name); err != nil {
			return User{}, err
		}
		a.HasPassword = true
	}
	if err := g.store.AddAccount(ctx, a); err != nil {
		return User{}, err
	}
	return a.User, g.record(ctx, actor, UserCreated, name, "", "role "+string(n.Role))
}

func noRole(r tocsin.Role) error {
	return tocsin.Errorf(tocsin.Invalid, "There is no role %q. Use reader, responder, contributor or admin.", r)
}

// Users returns all users by name.
func (g *Gate) Users(ctx context.Context) ([]User, error) {
	list, err := g.store.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]User, len(list))
	for i := range list {
		out[i] = list[i].User
	}
	return out, nil
}

// User returns the user with a name.
func (g *Gate) User(ctx context.Context, name string) (User, error) {
	a, err := g.store.Account(ctx, strings.ToLower(strings.TrimSpace(name)))
	return a.User, err
}

// SetRole gives a user another role; it holds at once for open sessions. The
// last administrator stays one.
func (g *Gate) SetRole(ctx context.Context, actor tocsin.Actor, name string, role tocsin.Role) error {
	if !role.Valid() {
		return noRole(role)
	}
	return g.change(ctx, actor, name, UserChanged, "role "+string(role), func(a *Account) { a.Role = role })
}

// Disable locks a user out and ends the user's sessions and links. The last
// administrator cannot be disabled. The user's API tokens stop as well.
func (g *Gate) Disable(ctx context.Context, actor tocsin.Actor, name string) error {
	return g.change(ctx, actor, name, UserDisabled, "", func(a *Account) { a.DisabledAt = g.now() })
}

// Enable lets a disabled user in again.
func (g *Gate) Enable(ctx context.Context, actor tocsin.Actor, name string) error {
	return g.change(ctx, actor, name, UserEnabled, "", func(a *Account) { a.DisabledAt = time.Time{} })
}

// SetPassword gives a user another password and ends the user's sessions.
func (g *Gate) SetPassword(ctx context.Context, actor tocsin.Actor, name, password string) error {
	name = strings.ToLower(strings.TrimSpace(name))
	hash, err := g.hash(ctx, password, name)
	if err != nil {
		return err
	}
	return g.change(ctx, actor, name, PasswordSet, "", func(a *Account) { a.PasswordHash, a.HasPassword = hash, true })
}

// ChangePassword lets a user choose another password, given the present one.
// Guessing it is throttled like signing in. All the user's sessions end.
func (g *Gate) ChangePassword(ctx context.Context, user User, present, password, address string) error {
	if _, err := g.check(ctx, user.Name, present, address); err != nil {
		return err
	}
	return g.SetPassword(ctx, user.Actor(), user.Name, password)
}

// change changes one account, leaves an administrator, and ends what the change
// must end.
func (g *Gate) change(ctx context.Context, actor tocsin.Actor, name string, kind EventKind, text string, edit func(*Account)) error {
	g.changing.Lock()
	defer g.changing.Unlock()
	name = strings.ToLower(strings.TrimSpace(name))
	a, err := g.store.Account(ctx, name)
	if err != nil {
		return err
	}
	wasAdmin := isAdmin(&a)
	edit(&a)
	if wasAdmin && !isAdmin(&a) {
		all, err := g.store.Accounts(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(o Account) bool { return o.ID != a.ID && isAdmin(&o) }) {
			return tocsin.Errorf(tocsin.Conflict, "%s is the last administrator. Make somebody else one first.", name)
		}
	}
	err = g.store.SaveAccount(ctx, a)
	g.recent.forget() // also when the answer was lost: it may be saved
	if err != nil {
		return err
	}
	if kind == UserDisabled || kind == PasswordSet {
		for _, k := range []SecretKind{SessionSecret, LinkSecret} {
			if _, err := g.store.EndSecrets(ctx, k, a.ID, "", g.now()); err != nil {
				return fmt.Errorf("ending sessions of %s: %w", name, err)
			}
		}
	}
	return g.record(ctx, actor, kind, name, "", text)
}

// isAdmin reports whether an account can administrate.
func isAdmin(a *Account) bool { return a.Role == tocsin.Admin && a.DisabledAt.IsZero() }

// hash checks a new password and hashes it in a slot.
func (g *Gate) hash(ctx context.Context, password, user string) (string, error) {
	if err := checkPassword(password, user); err != nil {
		return "", err
	}
	if err := g.takeSlot(ctx); err != nil {
		return "", err
	}
	defer g.freeSlot()
	return hashPassword(g.o.Random, g.o.Cost, password)
}

// takeSlot waits until a password may be hashed: memory is bounded by the slots.
func (g *Gate) takeSlot(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return tocsin.Wrap(ctx.Err(), tocsin.Unavailable, "Too many sign-ins at once. Try again in a moment.")
	}
}

func (g *Gate) freeSlot() { <-g.slots }

// Forget removes the records of sessions, tokens and links that ended more than
// 30 days ago. The audit trail stays.
func (g *Gate) Forget(ctx context.Context) error {
	return g.store.ForgetSecrets(ctx, g.now().Add(-30*24*time.Hour))
}
