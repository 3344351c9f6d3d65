package azure

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options are what a door is made of. Intake and Budget are required.
type Options struct {
	Intake ingest.Intake
	Budget *ingest.Budget
	// Workspace returns who signs with the key of a workspace; ok is false for an
	// id nobody declared. Nil knows none.
	Workspace func(id string) (sender ingest.Sender, key []byte, ok bool)
}

// The limits of Microsoft's pages, in bytes of a body.
const (
	streamLimit    = 1 << 20
	collectorLimit = 30 << 20
)

// Paths returns the patterns of http.ServeMux under which the door is mounted.
func Paths() []string { return []string{"/dataCollectionRules/", "/api/logs"} }

// door answers requests. It is safe for concurrent use.
type door struct {
	Options
	repeats ingest.Repeats
}

// New makes the door.
func New(o Options) http.Handler {
	if o.Workspace == nil {
		o.Workspace = func(string) (ingest.Sender, []byte, bool) { return ingest.Sender{}, nil, false }
	}
	return &door{Options: o}
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/logs" {
		d.collect(w, r)
		return
	}
	d.stream(w, r)
}

// A refusal is what a request is answered that is not stored.
type refusal struct {
	status        int
	code, message string
}

// usePost answers any other method.
var usePost = refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "Use POST."}

// A form is how one of the two interfaces answers.
type form struct {
	limit   int64 // bytes of a body
	answer  func(http.ResponseWriter, refusal)
	stored  int     // status when everything is stored
	invalid refusal // of a body that is no JSON
}

// refusalOf turns an error of taking a request in into the answer, and counts it.
func (d *door) refusalOf(w http.ResponseWriter, err error, limit int64) refusal {
	var full *ingest.Full
	var large *ingest.TooLarge
	var encoding *ingest.UnknownEncoding
	_, message := tocsin.Explain(err)
	switch {
	case errors.As(err, &full):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(full.RetryAfter.Seconds()))))
		d.Intake.Refused(ingest.DoorAzure, "busy", 1)
		return refusal{http.StatusTooManyRequests, "TooManyRequests", message}
	case errors.As(err, &large):
		d.Intake.Refused(ingest.DoorAzure, "body too large", 1)
		return refusal{
			http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded",
			"Maximum allowed content length: " + strconv.FormatInt(limit, 10) + " bytes (" + strconv.FormatInt(limit>>20, 10) + " MB), also once decompressed.",
		}
	case errors.As(err, &encoding):
		d.Intake.Refused(ingest.DoorAzure, "unknown encoding", 1)
		return refusal{http.StatusUnsupportedMediaType, "UnsupportedContentEncoding", message}
	case tocsin.IsKind(err, tocsin.Unavailable):
		w.Header().Set("Retry-After", "5")
		return refusal{http.StatusServiceUnavailable, "ServiceUnavailable", message}
	case tocsin.IsKind(err, tocsin.Invalid):
		d.Intake.Refused(ingest.DoorAzure, "damaged body", 1)
		return refusal{http.StatusBadRequest, "InvalidRequestBody", message}
	}
	return refusal{http.StatusInternalServerError, "InternalServerError", message}
}

// writeJSON answers with a document.
func writeJSON(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		panic("azure: an answer that is no JSON: " + err.Error())
	}
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}

// store reads the body, feeds what cut makes of its elements, and answers. What
// can be cut out of a body that is no JSON is stored, the rest is in dead letters.
func (d *door) store(w http.ResponseWriter, r *http.Request, sender ingest.Sender, f *form, salt string, cut func(element []byte, raw tocsin.Raw) tocsin.Raw) {
	body, err := ingest.ReadBody(r, f.limit, d.Budget)
	if err != nil {
		f.answer(w, d.refusalOf(w, err, f.limit))
		return
	}
	defer body.Release()
	name := body.Sum(string(sender.Source), salt)
	prefix, number := d.repeats.Begin(name)
	answered := false
	defer func() { d.repeats.End(name, number, answered) }()
	b := &batch{sender: sender, prefix: prefix, at: d.Intake.Now(), room: &body.Room}
	isJSON := json.Valid(body.Bytes)
	if _, err = d.Intake.Feed(r.Context(), ingest.AtMost(b.elements(body.Bytes, cut), ingest.MaxRecords)); err != nil {
		f.answer(w, d.refusalOf(w, err, f.limit))
		return
	}
	answered = true
	if !isJSON {
		d.Intake.Refused(ingest.DoorAzure, "damaged body", 1)
		f.answer(w, f.invalid)
		return
	}
	w.WriteHeader(f.stored)
}

// guid reports whether text is written as a GUID.
func guid(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (c == '-') || !isDash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}
