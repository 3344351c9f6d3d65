package doors

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	followed "github.com/tocsin-soc/tocsin/internal/ingest/folder"
	"github.com/tocsin-soc/tocsin/internal/ingest/kafka"
	"github.com/tocsin-soc/tocsin/internal/ingest/syslog"
)

// A runner is a source that Tocsin opens itself. Run returns when ctx has ended
// and what was read is committed.
type runner interface{ Run(ctx context.Context) }

// open makes the runner of a source; none for the doors that wait for
// requests on the main address.
func (o *Options) open(s ingest.Settings, intake ingest.Intake, pulse *ingest.Pulse) (runner, error) {
	sender := ingest.Sender{Source: tocsin.SourceID(s.Door + ":" + s.Name), Settings: s}
	switch s.Door {
	case ingest.DoorSyslog:
		return orNone(syslog.New(syslog.Options{Sender: sender, Intake: intake, Random: o.Random, Log: o.Log, Pulse: pulse}))
	case ingest.DoorAzure:
		_, err := workspaceKey(&s)
		return nil, err
	case ingest.DoorKafka:
		return orNone(kafka.New(kafka.Options{Sender: sender, Intake: intake, Log: o.Log, Pulse: pulse}))
	case ingest.DoorFolder:
		memory := filepath.Join(o.Data, "follow", s.Name+".journal")
		return orNone(followed.New(followed.Options{Sender: sender, Intake: intake, Log: o.Log, Pulse: pulse, Memory: memory}))
	case ingest.DoorHTTP, ingest.DoorHEC, ingest.DoorElastic, ingest.DoorOTLP:
		return nil, nil
	default:
		return nil, tocsin.Errorf(tocsin.Invalid, "Sources of door %s cannot be opened.", s.Door)
	}
}

// Check says what is wrong with the settings of a source, as opening it would. Of
// the options it needs Now, Random, Log and Data.
func Check(s ingest.Settings, o Options) error {
	_, err := o.open(s, ingest.Intake{Now: o.Now}, nil)
	return err
}

// orNone keeps a nil pointer from becoming a runner that is not nil.
func orNone[R runner](r R, err error) (runner, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// settings returns what the sources file says about a source of a door; without
// anything, settings with that name and door and nothing else.
func (d *Doors) settings(door, name string) ingest.Settings {
	if d.opts.Sources != nil {
		for _, s := range d.opts.Sources.List {
			if s.Door == door && s.Name == name {
				return s
			}
		}
	}
	return ingest.Settings{Name: name, Door: door}
}

// Run opens the listeners, consumers and folders of the sources file and
// returns when ctx has ended and what they read is committed. One that cannot be
// opened says so in its health and costs the others nothing.
func (d *Doors) Run(ctx context.Context) {
	if d.opts.Sources == nil {
		close(d.tried)
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	var pulses []*ingest.Pulse
	for _, s := range d.opts.Sources.List {
		sender := d.sender(s.Door, s.Name)
		pulse := ingest.NewPulse(sender.Source, s.Door, d.opts.Now)
		r, err := d.opts.open(s, d.intake(), pulse)
		if err != nil {
			pulse.Set(ingest.StateFailed, "", err)
			d.opts.Log.Error("opening a source", "source", sender.Source, "error", err)
		}
		if r == nil && err == nil {
			continue
		}
		d.pulsing.Lock()
		d.pulses = append(d.pulses, pulse)
		d.pulsing.Unlock()
		if r != nil {
			pulses = append(pulses, pulse)
			running.Go(func() { r.Run(ctx) })
		}
	}
	for _, p := range pulses {
		select {
		case <-p.Tried():
		case <-ctx.Done():
			return
		}
	}
	close(d.tried)
}

// Tried is closed once Run has tried to open every source.
func (d *Doors) Tried() <-chan struct{} { return d.tried }

// Health returns the state of the sources that Tocsin opened itself, in
// the order of the sources file.
func (d *Doors) Health() []ingest.Health {
	d.pulsing.Lock()
	defer d.pulsing.Unlock()
	list := make([]ingest.Health, len(d.pulses))
	for i, p := range d.pulses {
		list[i] = p.Health()
	}
	return list
}
