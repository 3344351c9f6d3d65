package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin/internal/detect"
)

// Sigma correlations remember matches for as long as their time spans. What
// they remember survives a crash: every observation is stored in the
// transaction of its event and stays there until a checkpoint of the memory that
// includes it is stored.

// memorySetting is where the checkpoint is kept.
const memorySetting = "sigma.correlations"

// A memory is what correlations remember, with the ids of the observations that
// it holds and no checkpoint does. Both change together.
type memory struct {
	mu         sync.Mutex
	correlator *detect.Correlator
	ids        []string
	late       int // observations that came too late to count, as far as reported
}

// observe takes observations and returns what correlations find.
func (m *memory) observe(seen []detect.Observation, now time.Time) []detect.Finding {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range seen {
		m.ids = append(m.ids, seen[i].ID)
	}
	return m.correlator.Observe(seen, now)
}

// checkpoint returns the memory as bytes and the ids it includes; none when
// nothing came since the last one.
func (m *memory) checkpoint() (data []byte, ids []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ids) == 0 {
		return nil, nil, nil
	}
	if data, err = m.correlator.Checkpoint(); err != nil {
		return nil, nil, err
	}
	ids, m.ids = m.ids, nil
	return data, ids, nil
}

// giveBack puts ids back after a checkpoint that could not be stored.
func (m *memory) giveBack(ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids = append(ids, m.ids...)
}

// conclude ends one recording: everything remembered is judged, and the next
// recording begins with next. The ids are those of the one that ended.
func (m *memory) conclude(next *detect.Correlator, now time.Time) (found []detect.Finding, ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found = m.correlator.Flush(now)
	ids, m.ids, m.correlator = m.ids, nil, next
	return found, ids
}

// newlyLate is how many observations came too late since it was last asked.
func (m *memory) newlyLate() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.correlator.Late() - m.late
	m.late += n
	return n
}

// isObservation tells an observation's id from a finding's.
func isObservation(id string) bool { return strings.HasPrefix(id, "observed ") }

// remember restores the memory from its checkpoint and the observations stored
// since. It is called once, before anything comes in. A correlation that then
// holds raises the same finding as before the crash, which counts once.
func (p *pipeline) remember(ctx context.Context, settings settingStore) error {
	text, ok, err := settings.Get(ctx, memorySetting)
	if err != nil {
		return err
	}
	if ok {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("the setting %s is not a checkpoint: %w", memorySetting, err)
		}
		dropped, err := p.memory.correlator.Restore(data)
		if err != nil {
			return fmt.Errorf("restoring what Sigma correlations remember: %w", err)
		}
		if len(dropped) > 0 {
			p.log.Warn("correlation rules were changed or removed; what they remembered is gone", "rules", dropped)
		}
	}
	pending, err := p.telemetry.Pending(ctx)
	if err != nil {
		return err
	}
	var seen []detect.Observation
	for _, f := range pending {
		if !isObservation(f.ID) {
			continue
		}
		var o detect.Observation
		if err := json.Unmarshal(f.Body, &o); err != nil {
			return fmt.Errorf("reading stored observation %s: %w", f.ID, err)
		}
		seen = append(seen, o)
	}
	_, err = p.raise(ctx, p.memory.observe(seen, p.now()))
	return err
}

// checkpoint stores the memory and settles the observations it includes.
func (p *pipeline) checkpoint(ctx context.Context, settings settingStore) error {
	if n := p.memory.newlyLate(); n > 0 {
		p.log.Warn("matches came too late for Sigma correlations and were left out of them", "matches", n)
	}
	data, ids, err := p.memory.checkpoint()
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := settings.Set(ctx, memorySetting, base64.StdEncoding.EncodeToString(data)); err != nil {
		p.memory.giveBack(ids)
		return fmt.Errorf("storing what Sigma correlations remember: %w", err)
	}
	return p.telemetry.Settle(ctx, ids)
}

// concludeRecording judges what is remembered of a recording that has ended,
// such as an imported file, and forgets it: the next one is of another time.
func (p *pipeline) concludeRecording(ctx context.Context) error {
	found, ids := p.memory.conclude(p.stream.NewCorrelator(), p.now())
	if _, err := p.raise(ctx, found); err != nil {
		return err
	}
	return p.telemetry.Settle(ctx, ids)
}
