package auth

import (
	"context"
	"sync"
	"time"
)

// TokenMemory is how long [Gate.RecentToken] answers from memory: what another
// process takes from a token or its maker holds after this time at the latest.
const TokenMemory = 5 * time.Second

// maxRecent bounds the tokens that are remembered at once.
const maxRecent = 1024

// recent remembers tokens that worked, by the hash of their secret. Those that
// did not are never remembered: a new token works at once.
type recent struct {
	mu      sync.Mutex
	byHash  map[string]recentToken
	forgets int // counts forget, so that an answer from before is not remembered after it
}

type recentToken struct {
	who Identity
	at  time.Time // of the look-up
}

// RecentToken is Token for programs that ask with every request: it answers for
// up to TokenMemory without asking the store. A change that is made through this
// gate (revoking, disabling, another role) holds at once, and a token's own
// expiry to the moment.
func (g *Gate) RecentToken(ctx context.Context, secret string) (Identity, error) {
	if !wellFormed(secret, TokenSecret) {
		return g.Token(ctx, secret) // refuses it without a look-up
	}
	hash := hashSecret(secret)
	who, forgets, ok := g.recent.find(hash, g.now())
	if ok {
		return who, nil
	}
	at := g.now() // before the look-up, which may take its time
	who, err := g.Token(ctx, secret)
	if err == nil {
		g.recent.keep(hash, recentToken{who, at}, forgets)
	}
	return who, err
}

func (r *recent) find(hash string, now time.Time) (who Identity, forgets int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.byHash[hash]
	ok = ok && t.isFresh(now) && now.Before(t.who.ExpiresAt)
	return t.who, r.forgets, ok
}

// isFresh is false, too, when the clock went back behind the look-up.
func (t *recentToken) isFresh(now time.Time) bool {
	age := now.Sub(t.at)
	return age >= 0 && age < TokenMemory
}

func (r *recent) keep(hash string, t recentToken, forgets int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgets != forgets {
		return
	}
	if len(r.byHash) >= maxRecent || r.byHash == nil {
		r.byHash = map[string]recentToken{} // more tokens than that at once: they are looked up again
	}
	r.byHash[hash] = t
}

// forget is called after every change of what tokens may do.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byHash = nil
	r.forgets++
}
