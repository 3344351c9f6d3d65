package correlation

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// checkpoint is the written form of a State. Correlations are known by name and
// definition, so that a changed one starts afresh instead of going on with
// memories that mean something else.
type checkpoint struct {
	Version   int                     `json:"version"`
	Watermark int64                   `json:"watermark"`
	Latest    int64                   `json:"latest"`
	Started   bool                    `json:"started"`
	Stats     Stats                   `json:"stats"`
	Rules     map[string][]savedGroup `json:"rules"`
	Queue     []savedItem             `json:"queue"`
}

type savedGroup struct {
	Key    string       `json:"key"`
	Values []GroupValue `json:"values"`
	Events []savedEvent `json:"events"`
	Firing bool         `json:"firing,omitempty"`
	Open   bool         `json:"open,omitempty"`
}

type savedEvent struct {
	At     int64     `json:"at"`
	Ref    int       `json:"ref"`
	IDs    []string  `json:"ids,omitempty"`
	Values []*string `json:"values,omitempty"`
}

type savedItem struct {
	Rule   string     `json:"rule"`
	Event  savedEvent `json:"event"`
	Closes *string    `json:"closes,omitempty"` // key of the group whose window closes
}

const checkpointVersion = 1

// Checkpoint returns the state as bytes for Restore.
func (s *State) Checkpoint() ([]byte, error) {
	c := checkpoint{Version: checkpointVersion, Watermark: s.watermark, Latest: s.latest, Started: s.started, Stats: s.stats, Rules: map[string][]savedGroup{}}
	for _, r := range s.rules {
		for _, g := range r.groups {
			sg := savedGroup{Key: g.key, Values: g.values, Firing: g.firing, Open: g.open}
			for i := range g.events {
				sg.Events = append(sg.Events, save(&g.events[i]))
			}
			c.Rules[definition(r.Correlation)] = append(c.Rules[definition(r.Correlation)], sg)
		}
	}
	for i := range s.queue {
		it := &s.queue[i]
		si := savedItem{Rule: definition(it.to.Correlation), Event: save(&it.observation)}
		if it.closes != nil {
			si.Closes = &it.closes.key
		}
		c.Queue = append(c.Queue, si)
	}
	out, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing checkpoint: %w", err)
	}
	return out, nil
}

// Restore fills a new State from a checkpoint. It returns the names of
// correlations whose memories were dropped because they changed or are gone.
func (s *State) Restore(data []byte) (dropped []string, err error) {
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("reading checkpoint: %w", err)
	}
	if c.Version != checkpointVersion {
		return nil, fmt.Errorf("reading checkpoint: version %d is not %d", c.Version, checkpointVersion)
	}
	s.watermark, s.latest, s.started, s.stats = c.Watermark, c.Latest, c.Started, c.Stats
	s.stats.Bytes = 0
	byDefinition := map[string]*correlator{}
	for _, r := range s.rules {
		byDefinition[definition(r.Correlation)] = r
	}
	for def, groups := range c.Rules {
		r := byDefinition[def]
		if r == nil {
			dropped = append(dropped, def)
			continue
		}
		for _, sg := range groups {
			g := &group{key: sg.Key, values: sg.Values, firing: sg.Firing, open: sg.Open}
			for _, e := range sg.Events {
				if o, ok := r.load(e); ok {
					g.add(s, r, o)
				}
			}
			r.groups[g.key] = g
		}
	}
	for _, si := range c.Queue {
		r := byDefinition[si.Rule]
		if r == nil {
			continue
		}
		it := item{to: r}
		if si.Closes != nil {
			if it.closes = r.groups[*si.Closes]; it.closes == nil {
				continue
			}
			it.at = si.Event.At
		} else if o, ok := r.load(si.Event); ok {
			it.observation = o
		} else {
			continue
		}
		s.push(it)
	}
	heap.Init(&s.queue)
	return dropped, nil
}

func save(o *observation) savedEvent {
	e := savedEvent{At: o.at, Ref: o.ref, IDs: o.ids}
	for i := range o.values {
		var v *string
		if o.values[i].ok {
			v = &o.values[i].text
		}
		e.Values = append(e.Values, v)
	}
	return e
}

// load turns a saved event back; ok is false when it does not fit the rule.
func (c *correlator) load(e savedEvent) (o observation, ok bool) {
	if e.Ref < 0 || e.Ref >= len(c.carry) || len(e.Values) != len(c.carry[e.Ref]) {
		return o, false
	}
	o = observation{at: e.At, ref: e.Ref, ids: e.IDs}
	for _, v := range e.Values {
		if v == nil {
			o.values = append(o.values, value{})
			continue
		}
		o.values = append(o.values, value{*v, true})
	}
	return o, true
}

// definition names a correlation together with everything its memories depend on.
func definition(c *rule.Correlation) string {
	name := c.ID
	if name == "" {
		name = c.Source + " " + c.Title
	}
	return fmt.Sprintf("%s %s %v %v %s %v %v %v", name, c.Type, c.Rules, c.GroupBy, c.Timespan.Round(time.Second), c.Fields, c.Aliases, c.Bounds)
}
