package elastic

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options are what a door is made of. Intake and Budget are required.
type Options struct {
	Intake ingest.Intake
	Budget *ingest.Budget
	Limit  int64 // bytes of a body once decompressed; 0 means 64 MiB
}

// Prefix is where the door is on an address it shares with others: clients are
// given it as the path of their output. _bulk alone is also at the root.
const Prefix = "/elastic"

// Version is the version of Elasticsearch that clients are told: the last line
// of 8, which all of them accept.
const Version = "8.19.0"

// door answers requests. It is safe for concurrent use.
type door struct {
	Options
	repeats ingest.Repeats
}

// New makes the door, for the root of an address of its own. On a shared
// address it is mounted below Prefix with http.StripPrefix.
func New(o Options) http.Handler {
	if o.Limit <= 0 {
		o.Limit = 64 << 20
	}
	return &door{Options: o}
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", contentType(r))
	sender, ok := d.admit(w, r)
	if !ok {
		return
	}
	parts := partsOf(r.URL)
	last := parts[len(parts)-1]
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	isAPI := strings.HasPrefix(parts[0], "_")
	switch {
	case last == "_bulk" && writes && (len(parts) == 1 || len(parts) <= 3 && !isAPI):
		index := ""
		if len(parts) > 1 {
			index = parts[0]
		}
		d.bulk(w, r, sender, index)
	case isAPI || parts[0] == "":
		d.setUp(w, r, parts)
	case writes && len(parts) >= 2 && len(parts) <= 3 && isDocument(parts[1]):
		id := ""
		if len(parts) == 3 {
			id = parts[2]
		}
		d.single(w, r, sender, parts[0], id)
	default:
		d.index(w, r, parts)
	}
}

// partsOf splits a path; a name in it may hold an escaped slash.
func partsOf(u *url.URL) []string {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

// isDocument reports whether a path's second part takes a document: _doc,
// _create, or the name of a type, as clients of old versions write it.
func isDocument(part string) bool {
	return part == "_doc" || part == "_create" || !strings.HasPrefix(part, "_")
}

// contentType answers in the media type that was asked for.
func contentType(r *http.Request) string {
	if accept := r.Header.Get("Accept"); strings.HasPrefix(accept, "application/vnd.elasticsearch+json") && len(accept) < 100 {
		return strings.TrimSpace(strings.Split(accept, ",")[0])
	}
	return "application/json"
}

// admit finds out who sends, or answers that nobody does.
func (d *door) admit(w http.ResponseWriter, r *http.Request) (ingest.Sender, bool) {
	credential := credentialOf(r)
	if credential == "" {
		d.unauthorised(w, "no token", "missing authentication credentials for REST request ["+r.URL.Path+"]")
		return ingest.Sender{}, false
	}
	sender, err := d.Intake.Admit(r.Context(), ingest.DoorElastic, credential)
	switch {
	case tocsin.IsKind(err, tocsin.Denied):
		d.unauthorised(w, "wrong token", "unable to authenticate with provided credentials; use an API token of Tocsin as password, as key of an ApiKey, or as Bearer")
	case err != nil:
		d.fail(w, http.StatusInternalServerError, "exception", internalReason)
	}
	return sender, err == nil
}

const internalReason = "Something went wrong on our side. Try again."

// credentialOf reads the token out of Basic, ApiKey or Bearer.
func credentialOf(r *http.Request) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "basic":
		_, password, _ := r.BasicAuth()
		return password
	case "bearer":
		return rest
	case "apikey":
		if pair, err := base64.StdEncoding.DecodeString(rest); err == nil {
			if _, key, ok := strings.Cut(string(pair), ":"); ok {
				return key
			}
		}
		return rest
	}
	return ""
}

func (d *door) unauthorised(w http.ResponseWriter, counted, reason string) {
	d.Intake.Refused(ingest.DoorElastic, counted, 1)
	w.Header().Add("WWW-Authenticate", `Basic realm="security", charset="UTF-8"`)
	w.Header().Add("WWW-Authenticate", "ApiKey")
	d.fail(w, http.StatusUnauthorized, "security_exception", reason)
}

// A cause is Elastic's form of what went wrong.
type cause struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

// fail answers with an error in Elastic's form.
func (d *door) fail(w http.ResponseWriter, status int, kind, reason string) {
	c := cause{kind, reason}
	d.send(w, status, map[string]any{"error": map[string]any{"root_cause": []cause{c}, "type": kind, "reason": reason}, "status": status})
}

// send answers with a document.
func (d *door) send(w http.ResponseWriter, status int, document any) bool {
	text, err := json.Marshal(document)
	if err != nil {
		panic("elastic: an answer that is no JSON: " + err.Error())
	}
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err == nil
}

// failed answers why nothing of a request was kept.
func (d *door) failed(w http.ResponseWriter, err error) {
	var full *ingest.Full
	var large *ingest.TooLarge
	var encoding *ingest.UnknownEncoding
	_, message := tocsin.Explain(err)
	switch {
	case errors.As(err, &full):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(full.RetryAfter.Seconds()))))
		d.Intake.Refused(ingest.DoorElastic, "busy", 1)
		d.fail(w, http.StatusTooManyRequests, "es_rejected_execution_exception", message)
	case errors.As(err, &large):
		d.Intake.Refused(ingest.DoorElastic, "body too large", 1)
		d.fail(w, http.StatusRequestEntityTooLarge, "content_too_long_exception", message)
	case errors.As(err, &encoding):
		d.Intake.Refused(ingest.DoorElastic, "unknown encoding", 1)
		d.fail(w, http.StatusUnsupportedMediaType, "illegal_argument_exception", message)
	case tocsin.IsKind(err, tocsin.Unavailable):
		w.Header().Set("Retry-After", "5")
		d.fail(w, http.StatusServiceUnavailable, "unavailable_exception", message)
	case tocsin.IsKind(err, tocsin.Invalid):
		d.Intake.Refused(ingest.DoorElastic, "damaged body", 1)
		d.fail(w, http.StatusBadRequest, "parse_exception", message)
	default:
		d.fail(w, http.StatusInternalServerError, "exception", internalReason)
	}
}

// noHandler is Elastic's answer to a path it does not know.
func (d *door) noHandler(w http.ResponseWriter, r *http.Request) {
	d.send(w, http.StatusBadRequest, map[string]string{
		"error": fmt.Sprintf("no handler found for uri [%s] and method [%s]", r.URL.Path, r.Method),
	})
}
