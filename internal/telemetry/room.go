package telemetry

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// NoRoom is the cause of a refusal because the disk is full, or nearly. Nothing
// of what was refused is kept. Intake resumes by itself once there is room.
type NoRoom struct {
	Dir  string
	Free int64 // bytes; -1 when the system refused a write and does not say
	Need int64 // bytes that must be free
}

// Error says how much is missing.
func (n *NoRoom) Error() string {
	if n.Free < 0 {
		return "the disk of " + n.Dir + " is full"
	}
	return fmt.Sprintf("the disk of %s has %d MiB left; nothing is taken in below %d MiB", n.Dir, n.Free>>20, n.Need>>20)
}

// roomState remembers whether intake is stopped.
type roomState struct {
	mu    sync.Mutex
	stop  *NoRoom
	asked time.Time
}

const (
	roomEvery  = time.Second      // how often the disk is asked while there is room
	writeAgain = 10 * time.Second // how long a write that found the disk full is not tried again, when no mark says so
)

// Room returns nil while events are taken in, else tocsin.Unavailable with the
// cause *NoRoom. The store stops before the disk is full (Options.MinFree),
// because a database needs room to tidy up, too, and starts again when there is
// a tenth more than that. It is cheap: callers ask before every batch.
func (s *Store) Room() error {
	if s.opts.Dir == "" {
		return nil
	}
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	now := s.opts.Now()
	wait := roomEvery
	if r.stop != nil && r.stop.Free < 0 {
		wait = writeAgain
	}
	if since := now.Sub(r.asked); since < 0 || since >= wait {
		r.asked = now
		s.look(r)
	}
	if r.stop == nil {
		return nil
	}
	return errNoRoom(r.stop)
}

// look asks the disk and changes the state, saying so in the log.
func (s *Store) look(r *roomState) {
	need := s.opts.MinFree
	if r.stop != nil {
		need += need / 10
	}
	var stop *NoRoom
	if free, err := s.opts.Free(s.opts.Dir); err == nil && free < need {
		stop = &NoRoom{Dir: s.opts.Dir, Free: free, Need: need}
	}
	switch {
	case stop != nil && r.stop == nil:
		s.opts.Log.Error("intake is stopped: the disk is nearly full; free some space or lower the retention", "dir", s.opts.Dir, "free", stop.Free, "needed", need)
	case stop == nil && r.stop != nil:
		s.opts.Log.Info("there is room again: intake goes on", "dir", s.opts.Dir)
	}
	r.stop = stop
}

func errNoRoom(n *NoRoom) error {
	return tocsin.Wrap(n, tocsin.Unavailable, "The disk that holds the telemetry is full, so nothing is taken in. Nothing of this was kept; send it again later. Your administrator has to free space.")
}

// diskFull notes that a write found no room and returns the error for the
// callers; nil when err is something else.
func (s *Store) diskFull(err error) error {
	if err == nil || !isDiskFull(err.Error()) {
		return nil
	}
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		s.opts.Log.Error("intake is stopped: a write found the disk full", "dir", s.opts.Dir, "error", err)
	}
	r.stop, r.asked = &NoRoom{Dir: s.opts.Dir, Free: -1}, s.opts.Now()
	return errNoRoom(r.stop)
}

// isDiskFull tells from DuckDB's message that the system refused to write for
// lack of room, a quota or a limit on the size of files (ENOSPC, EDQUOT, EFBIG).
func isDiskFull(message string) bool {
	for _, text := range []string{"No space left on device", "Disk quota exceeded", "File too large"} {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}
