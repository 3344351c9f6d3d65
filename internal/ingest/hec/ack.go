package hec

import (
	"container/list"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// The bounds of what is remembered for /ack, and of one question.
const (
	maxChannels = 1000
	maxAcks     = 10_000 // per channel; the oldest are forgotten first
	maxAsked    = 64 << 10
)

// acks are the ids that were given out and not asked for yet. All are true:
// they are given out after the commit.
type acks struct {
	mu     sync.Mutex
	byName map[string]*list.Element
	order  list.List // of *channel, the latest used first
}

type channel struct {
	name  string
	next  int64
	open  map[int64]bool
	first int64 // no id below it is open
}

// add gives out the next id of a channel.
func (a *acks) add(name string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byName == nil {
		a.byName = map[string]*list.Element{}
	}
	e, ok := a.byName[name]
	if !ok {
		e = a.order.PushFront(&channel{name: name, open: map[int64]bool{}})
		a.byName[name] = e
		if a.order.Len() > maxChannels {
			oldest := a.order.Remove(a.order.Back()).(*channel)
			delete(a.byName, oldest.name)
		}
	}
	a.order.MoveToFront(e)
	c := e.Value.(*channel)
	id := c.next
	c.next++
	c.open[id] = true
	for len(c.open) > maxAcks {
		delete(c.open, c.first)
		c.first++
	}
	return id
}

// take says whether an id is true, and forgets it: Splunk tells a true id once.
func (a *acks) take(name string, id int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.byName[name]
	if !ok {
		return false
	}
	c := e.Value.(*channel)
	known := c.open[id]
	delete(c.open, id)
	return known
}

// ask answers /ack: {"acks":[0,1]} with {"acks":{"0":true,"1":false}}.
func (d *door) ask(w http.ResponseWriter, r *http.Request, sender ingest.Sender) {
	name, given, ok := channelOf(r)
	switch {
	case !given:
		send(w, channelMissing, answer{})
		return
	case !ok:
		send(w, badChannel, answer{})
		return
	}
	body, err := ingest.ReadBody(r, maxAsked, d.Budget)
	if err != nil {
		d.failed(w, err)
		return
	}
	defer body.Release()
	var question struct {
		Acks []int64 `json:"acks"`
	}
	if strings.TrimSpace(string(body.Bytes)) == "" {
		send(w, noData, answer{})
		return
	}
	if json.Unmarshal(body.Bytes, &question) != nil || question.Acks == nil {
		send(w, badFormat, answer{})
		return
	}
	known := map[string]bool{}
	for _, id := range question.Acks {
		known[strconv.FormatInt(id, 10)] = d.acks.take(string(sender.Source)+" "+name, id)
	}
	sendJSON(w, http.StatusOK, map[string]any{"acks": known})
}
