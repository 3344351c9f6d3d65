package load

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// A Machine is what the figures were measured on.
type Machine struct {
	Processor string
	Cores     int
	Memory    int64
	Load      string // before the run, over one minute
}

// A Report is what a run found.
type Report struct {
	Options    Options
	Machine    Machine
	Rules      int
	NotLoaded  int
	Sent       Sent // warming up included
	Measured   Sent
	ServerCPU  time.Duration
	OwnCPU     time.Duration
	PeakMemory int64
	DiskBytes  int64
	HuntIdle   []time.Duration // ascending
	HuntLoaded []time.Duration // ascending
	Books      Books
	Yardstick  Yardstick
}

// EventsPerSecond is what was acknowledged in time, per second offered.
func (r *Report) EventsPerSecond() float64 {
	if r.Measured.Offered <= 0 {
		return 0
	}
	return float64(r.Measured.InTime) / r.Measured.Offered.Seconds()
}

// HuntRatio is the median of the query's time under load to that when idle.
func (r *Report) HuntRatio() float64 {
	idle := quantile(r.HuntIdle, 50)
	if idle <= 0 {
		return 0
	}
	return float64(quantile(r.HuntLoaded, 50)) / float64(idle)
}

// check says what does not balance.
func (r *Report) check() error {
	b := r.Books
	var errs []error
	if b.Received != b.Stored+b.Duplicates+b.DeadLettered+b.Filtered {
		errs = append(errs, fmt.Errorf("the books do not balance: %+v", b))
	}
	// A batch whose answer was refused was not kept, so nothing is a duplicate.
	if b.Stored != r.Sent.Stored || b.Received != r.Sent.Acked {
		errs = append(errs, fmt.Errorf("%d events were acknowledged and %d said to be stored, but the books have %+v", r.Sent.Acked, r.Sent.Stored, b))
	}
	return errors.Join(errs...)
}

// quantile of an ascending list, 0 of an empty one.
func quantile(list []time.Duration, percent int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(len(list)-1, len(list)*percent/100)]
}

// Write prints the table.
func (r *Report) Write(out io.Writer) error {
	o, m := &r.Options, &r.Measured
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	perEvent := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(max(1, m.Acked)) }
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	rate := "as much as is taken"
	if o.Rate > 0 {
		rate = fmt.Sprintf("%d events/s offered", o.Rate)
	}
	row("machine", "%s, %d cores, %d GiB, load %s before", r.Machine.Processor, r.Machine.Cores, (r.Machine.Memory+1<<29)>>30, r.Machine.Load)
	rules := o.Rules
	if rules == "" {
		rules = "built-in only; the SigmaHQ rules are not there"
	}
	row("rules", "%d (%s), %d not loaded", r.Rules, rules, r.NotLoaded)
	row("load", "Sysmon mix, evtx and Winlogbeat JSON, %d bytes/event; %s; %d connections, batches of %d; %s, after %s of warming up",
		m.Bytes/max(1, m.Acked), rate, o.Connections, o.Batch, o.Measure, o.Warm)
	row("server", "--memory %s", o.Memory)
	row("", "")
	row("events/s sustained", "%.0f\tbar 50,000", r.EventsPerSecond())
	row("acknowledged after", "%.0f ms median, %.0f ms p99; %d batches refused and sent again", ms(quantile(m.Latencies, 50)), ms(quantile(m.Latencies, 99)), m.Refused)
	row("CPU per event, server", "%.1f µs", perEvent(r.ServerCPU))
	row("CPU per event, generator", "%.1f µs", perEvent(r.OwnCPU))
	row("cores busy with both", "%.2f", (r.ServerCPU+r.OwnCPU).Seconds()/max(m.Elapsed.Seconds(), 1e-9))
	row("peak memory of the server", "%d MiB\tbar 2,048", r.PeakMemory>>20)
	row("bytes on disk per event", "%d after the checkpoint", r.DiskBytes/max(1, r.Sent.Acked))
	row("hunting query", "%.1f ms idle, %.1f ms under load (medians of %d and %d; p95 %.1f and %.1f)", ms(quantile(r.HuntIdle, 50)), ms(quantile(r.HuntLoaded, 50)),
		len(r.HuntIdle), len(r.HuntLoaded), ms(quantile(r.HuntIdle, 95)), ms(quantile(r.HuntLoaded, 95)))
	row("hunting, under load : idle", "%.2f\tbar 2", r.HuntRatio())
	y := &r.Yardstick
	row("raw append, same rows", "%.0f events/s, %.1f µs CPU per event (%.2f rows each)", y.EventsPerSecond(), y.perEvent(), float64(y.Rows)/max(1, y.Events))
	row("ratio to raw append", "%.2f by time, %.2f by CPU\tbar 0.25", r.EventsPerSecond()/max(1, y.EventsPerSecond()), y.perEvent()/max(perEvent(r.ServerCPU), 1e-9))
	b := &r.Books
	books := "they balance, and are what was acknowledged"
	if err := r.check(); err != nil {
		books = "WRONG: " + err.Error()
	}
	row("books", "%d received = %d stored + %d duplicates + %d dead letters + %d filtered; %s", b.Received, b.Stored, b.Duplicates, b.DeadLettered, b.Filtered, books)
	row("alerts", "%d", r.Sent.Alerts)
	return w.Flush()
}
