package sigma

import (
	"hash/maphash"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
)

// scan finds what a value makes true.
func (m *Matcher) scan(b *bucket, fp *fieldPlan, v []byte) {
	for _, t := range fp.every {
		m.mark(b, t)
	}
	if len(fp.targets) == 0 {
		return
	}
	e, known := m.memo.lookup(fp.id, v)
	if known {
		for _, t := range e.targets[:e.n] {
			m.mark(b, t)
		}
		return
	}
	ascii := pattern.IsASCII(v)
	m.search(fp, v, ascii)
	haveFolded := !ascii
	for _, lit := range m.found {
		for _, t := range fp.targets[lit] {
			if t.kind() == indexVerify {
				if !haveFolded {
					m.folded = pattern.AppendFold(m.folded[:0], v)
					haveFolded = true
				}
				if !b.preds[t.pred()].matches(v, m.folded) {
					continue
				}
				t = newTarget(t.pred(), indexHolds)
			}
			m.mark(b, t)
			e.add(t)
		}
	}
	if !ascii {
		for _, t := range fp.maybe {
			m.mark(b, t)
			e.add(t)
		}
	}
	e.keep(fp.id, v)
}

// search leaves in m.found the needles of fp that v holds and, when v is not
// ASCII, its folded form in m.folded.
func (m *Matcher) search(fp *fieldPlan, v []byte, ascii bool) {
	m.found = m.found[:0]
	if m.scanGen++; m.scanGen == 0 {
		clear(m.seen)
		m.scanGen = 1
	}
	seen := m.seen[fp.base:]
	if ascii {
		if fp.ascii != nil {
			m.found = fp.ascii.Find(v, m.found, seen, m.scanGen)
		}
		return
	}
	m.folded = pattern.AppendFold(m.folded[:0], v)
	if fp.ascii != nil {
		m.found = fp.ascii.Find(m.folded, m.found, seen, m.scanGen)
	}
	if fp.wide != nil {
		n := len(m.found)
		m.found = fp.wide.Find(m.folded, m.found, seen[fp.nASCII:], m.scanGen)
		for i := n; i < len(m.found); i++ {
			m.found[i] += fp.nASCII
		}
	}
}

// Telemetry repeats itself: most values of a field were seen moments ago. The
// memo keeps, per value, the targets it leads to, so that a repeated value costs
// a hash and a comparison instead of a scan.
const (
	memoEntries = 4096 // a power of two
	memoShort   = 6    // shorter values are as quickly scanned
	memoLong    = 232
	memoTargets = 24

	// Some fields hardly repeat (hashes, command lines with ids). After each trial
	// the memo rests for a field with fewer than memoWorth hits in it.
	memoTrial = 256
	memoWorth = 26
	memoRest  = 16 * memoTrial
)

type memo struct {
	seed    maphash.Seed
	entries []memoEntry
	trials  []memoTrials // by plan
}

// memoTrials tells whether remembering the values of a field pays.
type memoTrials struct{ looked, hits, rest uint16 }

// memoEntry is one remembered value; entries never allocate.
type memoEntry struct {
	plan    uint32 // 0: nothing remembered
	n       uint8
	full    bool // more targets than fit: must not be kept
	length  uint8
	value   [memoLong]byte
	targets [memoTargets]target
}

func newMemo(plans uint32) memo {
	return memo{seed: maphash.MakeSeed(), entries: make([]memoEntry, memoEntries), trials: make([]memoTrials, plans+1)}
}

// lookup returns the entry for a value and whether it already remembers it; the
// entry is nil for values that are not worth it. An unknown entry is emptied for
// the caller to fill and keep.
func (c *memo) lookup(plan uint32, v []byte) (e *memoEntry, known bool) {
	if len(v) < memoShort || len(v) > memoLong {
		return nil, false
	}
	t := c.trial(plan)
	if t.rest > 0 {
		t.rest--
		return nil, false
	}
	if t.looked++; t.looked == memoTrial {
		if t.hits < memoWorth {
			t.rest = memoRest
		}
		t.looked, t.hits = 0, 0
	}
	h := maphash.Bytes(c.seed, v) ^ uint64(plan)*0x9E3779B97F4A7C15
	e = &c.entries[h&(memoEntries-1)]
	if e.plan == plan && int(e.length) == len(v) && string(e.value[:len(v)]) == string(v) {
		t.hits++
		return e, true
	}
	e.plan, e.n, e.full = 0, 0, false
	return e, false
}

func (c *memo) trial(plan uint32) *memoTrials {
	for int(plan) >= len(c.trials) { // a bucket made while matching
		c.trials = append(c.trials, memoTrials{})
	}
	return &c.trials[plan]
}

func (e *memoEntry) add(t target) {
	if e == nil {
		return
	}
	if int(e.n) == len(e.targets) {
		e.full = true
		return
	}
	e.targets[e.n] = t
	e.n++
}

func (e *memoEntry) keep(plan uint32, v []byte) {
	if e == nil || e.full {
		return
	}
	e.plan, e.length = plan, uint8(len(v))
	copy(e.value[:], v)
}
