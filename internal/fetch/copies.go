package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// Bounds of the folder of copies; the least recently checked go first.
const (
	maxCopies     = 500
	maxCopiesSize = 1 << 30
)

// copies keeps what was read, one body and one note per address, named by a hash.
// A copy that cannot be read or written is as good as none.
type copies struct {
	dir   string
	now   func() time.Time
	locks [64]chan struct{} // by hash: one request per address at a time
	sweep sync.Mutex
}

// kept is a copy and what is known of it.
type kept struct {
	Address  string    `json:"address"` // without query
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Checked  time.Time `json:"checked"`
	Sum      string    `json:"sum"` // of the body: tells a torn copy
	body     []byte
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func newCopies(dir string, now func() time.Time) *copies {
	c := &copies{dir: dir, now: now}
	for i := range c.locks {
		c.locks[i] = make(chan struct{}, 1)
	}
	return c
}

// lock waits for others that read the address, no longer than ctx.
func (c *copies) lock(ctx context.Context, u *url.URL) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(u.String()))
	one := c.locks[int(sum[0])%len(c.locks)]
	select {
	case one <- struct{}{}:
		return func() { <-one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *copies) read(u *url.URL) (kept, bool) {
	if c.dir == "" {
		return kept{}, false
	}
	stem := filepath.Join(c.dir, hash([]byte(u.String())))
	note, err := os.ReadFile(stem + ".json")
	if err != nil {
		return kept{}, false
	}
	var k kept
	if json.Unmarshal(note, &k) != nil {
		return kept{}, false
	}
	if k.body, err = os.ReadFile(stem + ".body"); err != nil || hash(k.body) != k.Sum {
		return kept{}, false
	}
	return k, true
}

func (c *copies) write(u *url.URL, k kept) {
	if c.dir == "" || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	stem := filepath.Join(c.dir, hash([]byte(u.String())))
	k.Sum = hash(k.body)
	note, err := json.Marshal(k)
	if err != nil || replace(stem+".body", k.body) != nil {
		return
	}
	_ = replace(stem+".json", note) // without it the body counts for nothing
	c.tidy()
}

// replace writes a file whole or not at all.
func replace(name string, text []byte) error {
	temp := name + ".new"
	if err := os.WriteFile(temp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, name)
}

// tidy removes the oldest copies above the bounds.
func (c *copies) tidy() {
	c.sweep.Lock()
	defer c.sweep.Unlock()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	type copied struct {
		stem string
		size int64
		at   time.Time
	}
	var list []copied
	total := int64(0)
	for _, e := range entries {
		stem, isBody := strings.CutSuffix(e.Name(), ".body")
		info, err := e.Info()
		if !isBody || err != nil {
			continue
		}
		list = append(list, copied{stem, info.Size(), info.ModTime()})
		total += info.Size()
	}
	sort.Slice(list, func(i, j int) bool { return list[i].at.Before(list[j].at) })
	for i := 0; i < len(list) && (len(list)-i > maxCopies || total > maxCopiesSize); i++ {
		_ = os.Remove(filepath.Join(c.dir, list[i].stem+".json")) // tried again next time
		_ = os.Remove(filepath.Join(c.dir, list[i].stem+".body"))
		total -= list[i].size
	}
}
