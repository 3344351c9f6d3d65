package hec

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options are what a door is made of. Intake and Budget are required.
type Options struct {
	Intake ingest.Intake
	Budget *ingest.Budget
	Limit  int64 // bytes of a body once decompressed; 0 means 64 MiB
}

// Paths returns the patterns of http.ServeMux under which the door is mounted.
func Paths() []string { return []string{"/services/collector", "/services/collector/"} }

// door answers requests. It is safe for concurrent use.
type door struct {
	Options
	repeats ingest.Repeats
	acks    acks
}

// New makes the door.
func New(o Options) http.Handler {
	if o.Limit <= 0 {
		o.Limit = 64 << 20
	}
	return &door{Options: o}
}

// A reply is one line of Splunk's table of answers.
type reply struct {
	status int
	code   int
	text   string
}

// The table of answers; see the package's comment for its source.
var (
	success        = reply{200, 0, "Success"}
	tokenRequired  = reply{401, 2, "Token is required"}
	badScheme      = reply{401, 3, "Invalid authorization"}
	badToken       = reply{403, 4, "Invalid token"}
	noData         = reply{400, 5, "No data"}
	badFormat      = reply{400, 6, "Invalid data format"}
	internalError  = reply{500, 8, "Internal server error"}
	busy           = reply{503, 9, "Server is busy"}
	channelMissing = reply{400, 10, "Data channel is missing"}
	badChannel     = reply{400, 11, "Invalid data channel"}
	eventRequired  = reply{400, 12, "Event field is required"}
	eventBlank     = reply{400, 13, "Event field cannot be blank"}
	badFields      = reply{400, 15, "Error in handling indexed fields"}
	queryToken     = reply{400, 16, "Query string authorization is not enabled"}
	healthy        = reply{200, 17, "HEC is healthy"}
	stopping       = reply{503, 23, "Server is shutting down"}
	tooLarge       = reply{413, 27, "Request entity too large"}
	notFound       = reply{404, 404, "The requested URL was not found on this server."}
	notAllowed     = reply{405, 405, "Method Not Allowed"}
)

// answer is the body of every answer but those of /ack.
type answer struct {
	Text          string `json:"text"`
	Code          int    `json:"code"`
	InvalidNumber *int   `json:"invalid-event-number,omitempty"`
	AckID         *int64 `json:"ackId,omitempty"`
}

func send(w http.ResponseWriter, r reply, a answer) {
	a.Text, a.Code = r.text, r.code
	sendJSON(w, r.status, a)
}

func sendJSON(w http.ResponseWriter, status int, body any) bool {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	text, err := json.Marshal(body)
	if err != nil {
		panic("hec: an answer that is no JSON: " + err.Error())
	}
	_, err = w.Write(text)
	return err == nil
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions { // how Docker's driver asks whether anybody is there
		w.Header().Set("Allow", "POST, OPTIONS")
		return
	}
	path := strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/1.0")
	switch kind := strings.TrimPrefix(strings.TrimPrefix(path, "/services/collector"), "/"); kind {
	case "health":
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			send(w, notAllowed, answer{})
			return
		}
		send(w, healthy, answer{})
	case "", "event", "raw", "ack":
		if r.Method != http.MethodPost {
			send(w, notAllowed, answer{})
			return
		}
		sender, ok := d.admit(w, r)
		if !ok {
			return
		}
		if kind == "ack" {
			d.ask(w, r, sender)
			return
		}
		d.take(w, r, sender, kind == "raw")
	default:
		send(w, notFound, answer{})
	}
}

// admit finds out who sends, or answers that nobody does.
func (d *door) admit(w http.ResponseWriter, r *http.Request) (ingest.Sender, bool) {
	header := r.Header.Get("Authorization")
	credential := ""
	scheme, rest, _ := strings.Cut(header, " ")
	switch {
	case header == "" && r.URL.Query().Has("token"):
		d.refuse(w, queryToken, "token in the query string")
		return ingest.Sender{}, false
	case header == "":
		d.refuse(w, tokenRequired, "no token")
		return ingest.Sender{}, false
	case strings.EqualFold(scheme, "Splunk"):
		credential = strings.TrimSpace(rest)
	case strings.EqualFold(scheme, "Basic"):
		_, credential, _ = r.BasicAuth()
	}
	if credential == "" {
		d.refuse(w, badScheme, "no token")
		return ingest.Sender{}, false
	}
	sender, err := d.Intake.Admit(r.Context(), ingest.DoorHEC, credential)
	switch {
	case tocsin.IsKind(err, tocsin.Denied):
		d.refuse(w, badToken, "wrong token")
	case err != nil:
		send(w, internalError, answer{})
	}
	return sender, err == nil
}

// refuse answers and counts what was turned away.
func (d *door) refuse(w http.ResponseWriter, r reply, reason string) {
	d.Intake.Refused(ingest.DoorHEC, reason, 1)
	send(w, r, answer{})
}

// take stores the events of a request and answers.
func (d *door) take(w http.ResponseWriter, r *http.Request, sender ingest.Sender, isRaw bool) {
	channel, given, ok := channelOf(r)
	if !ok {
		d.refuse(w, badChannel, "bad channel")
		return
	}
	body, err := ingest.ReadBody(r, d.Limit, d.Budget)
	if err != nil {
		d.failed(w, err)
		return
	}
	defer body.Release()
	if len(bytes.TrimSpace(body.Bytes)) == 0 {
		send(w, noData, answer{})
		return
	}
	name := body.Sum(string(sender.Source), r.URL.Path, r.URL.RawQuery)
	prefix, number := d.repeats.Begin(name)
	stored := false
	defer func() { d.repeats.End(name, number, stored) }()
	b := &batch{door: d, sender: sender, prefix: prefix, at: d.Intake.Now(), room: &body.Room, defaults: defaultsOf(r)}
	if isRaw {
		_, err = d.Intake.Feed(r.Context(), ingest.AtMost(b.lines(body.Bytes), ingest.MaxRecords))
	} else {
		_, err = d.Intake.Feed(r.Context(), ingest.AtMost(b.events(body.Bytes), ingest.MaxRecords))
	}
	if err != nil {
		d.failed(w, err)
		return
	}
	if b.invalid != nil {
		stored = true // what could be read is stored, and the rest is a dead letter
		d.Intake.Refused(ingest.DoorHEC, "invalid event", 1)
		send(w, *b.invalid, answer{InvalidNumber: &b.invalidNumber})
		return
	}
	a := answer{Text: success.text, Code: success.code}
	if given {
		id := d.acks.add(string(sender.Source) + " " + channel)
		a.AckID = &id
	}
	stored = sendJSON(w, success.status, a)
}

// failed answers why nothing of a request was kept.
func (d *door) failed(w http.ResponseWriter, err error) {
	var full *ingest.Full
	var large *ingest.TooLarge
	switch {
	case errors.As(err, &full):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(full.RetryAfter.Seconds()))))
		d.refuse(w, busy, "busy")
	case errors.As(err, &large):
		d.refuse(w, tooLarge, "body too large")
	case tocsin.IsKind(err, tocsin.Unavailable):
		w.Header().Set("Retry-After", "5")
		send(w, stopping, answer{})
	case tocsin.IsKind(err, tocsin.Invalid):
		d.refuse(w, badFormat, "damaged body")
	default:
		send(w, internalError, answer{})
	}
}

// channelOf returns the request's channel: a GUID in the header or the query.
// given says that there is one, ok that it is none or a GUID.
func channelOf(r *http.Request) (channel string, given, ok bool) {
	channel = r.Header.Get("X-Splunk-Request-Channel")
	if channel == "" {
		channel = r.URL.Query().Get("channel")
	}
	if channel == "" {
		return "", false, true
	}
	if len(channel) != 36 {
		return "", true, false
	}
	for i, c := range []byte(channel) {
		isHex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (c == '-') || !isDash && !isHex {
			return "", true, false
		}
	}
	return strings.ToLower(channel), true, true
}

// beside is what stands beside an event.
type beside struct {
	host, source, sourcetype, index string
	at                              time.Time
}

// defaultsOf reads the query's parameters: for events that say nothing else.
func defaultsOf(r *http.Request) beside {
	q := r.URL.Query()
	at, _ := epoch(q.Get("time"))
	return beside{host: q.Get("host"), source: q.Get("source"), sourcetype: q.Get("sourcetype"), index: q.Get("index"), at: at}
}
