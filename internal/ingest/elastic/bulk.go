package elastic

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// An item is the result of one action.
type item struct {
	Index   string  `json:"_index"`
	ID      string  `json:"_id"`
	Version int     `json:"_version,omitempty"`
	Result  string  `json:"result,omitempty"`
	Shards  *shards `json:"_shards,omitempty"`
	SeqNo   *int    `json:"_seq_no,omitempty"`
	Term    int     `json:"_primary_term,omitempty"`
	Status  int     `json:"status"`
	Error   *cause  `json:"error,omitempty"`
}

type shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Failed     int `json:"failed"`
}

// batch is one request's documents on their way.
type batch struct {
	door   *door
	sender ingest.Sender
	prefix string
	at     time.Time
	index  string // of actions that name none
	number int    // of the next record

	results []result
	errors  bool
}

// A result is written as an object of one member, named after the verb.
type result struct {
	verb string
	item
}

// MarshalJSON implements json.Marshaler.
func (r result) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(r.item)
	if err != nil {
		return nil, err
	}
	return append(append(append([]byte(`{"`), r.verb...), `":`...), append(text, '}')...), nil
}

// maxLines bounds the lines of one request, since each may cost an answer many
// times its size. Clients send some thousand.
const maxLines = 200_000

// answerCost is what a line costs in memory until it is answered.
const answerCost = 512

// bulk answers _bulk.
func (d *door) bulk(w http.ResponseWriter, r *http.Request, sender ingest.Sender, index string) {
	d.store(w, r, sender, index, func(b *batch, body []byte) iter.Seq2[tocsin.Raw, error] { return b.actions(body) }, func(b *batch) (int, any) {
		if len(b.results) == 0 {
			return http.StatusBadRequest, map[string]any{"error": cause{"parse_exception", "request body is required"}, "status": http.StatusBadRequest}
		}
		took := d.Intake.Now().Sub(b.at).Milliseconds()
		return http.StatusOK, map[string]any{"took": took, "errors": b.errors, "items": b.results}
	})
}

// single answers the API of one document.
func (d *door) single(w http.ResponseWriter, r *http.Request, sender ingest.Sender, index, id string) {
	d.store(w, r, sender, index, func(b *batch, body []byte) iter.Seq2[tocsin.Raw, error] {
		return func(yield func(tocsin.Raw, error) bool) {
			yield(b.document("index", index, id, bytes.TrimSpace(body)), nil)
		}
	}, func(b *batch) (int, any) {
		result := b.results[0].item
		if result.Error != nil {
			return result.Status, map[string]any{"error": result.Error, "status": result.Status}
		}
		return result.Status, result
	})
}

// store feeds what cut makes of the body, and answers with what conclude says.
func (d *door) store(w http.ResponseWriter, r *http.Request, sender ingest.Sender, index string,
	cut func(*batch, []byte) iter.Seq2[tocsin.Raw, error], conclude func(*batch) (int, any),
) {
	body, err := ingest.ReadBody(r, d.Limit, d.Budget)
	if err != nil {
		d.failed(w, err)
		return
	}
	defer body.Release()
	lines := bytes.Count(body.Bytes, []byte("\n"))
	if lines > maxLines {
		d.failed(w, tocsin.Wrap(&ingest.TooLarge{Limit: d.Limit}, tocsin.Invalid, "The body has more than %d lines. Send smaller batches.", maxLines))
		return
	}
	if err := body.Grow(int64(lines) * answerCost); err != nil {
		d.failed(w, err)
		return
	}
	name := body.Sum(string(sender.Source), r.URL.Path)
	prefix, number := d.repeats.Begin(name)
	answered := false
	defer func() { d.repeats.End(name, number, answered) }()
	b := &batch{door: d, sender: sender, prefix: prefix, at: d.Intake.Now(), index: index}
	if _, err := d.Intake.Feed(r.Context(), cut(b, body.Bytes)); err != nil {
		d.failed(w, err)
		return
	}
	status, answer := conclude(b)
	answered = d.send(w, status, answer)
}

// actions cuts lines of action and source.
func (b *batch) actions(body []byte) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		for len(body) > 0 {
			var line []byte
			line, body = nextLine(body)
			if len(line) == 0 {
				continue
			}
			verb, index, id, ok := b.action(line)
			var raw tocsin.Raw
			switch {
			case !ok:
				raw = b.unreadable(line)
			case verb == "delete":
				b.unsupported(verb, index, id)
				continue
			case verb == "update":
				_, body = nextLine(body)
				b.unsupported(verb, index, id)
				continue
			default:
				line, body = nextLine(body)
				raw = b.document(verb, index, id, line)
			}
			if !yield(raw, nil) {
				return
			}
		}
	}
}

// nextLine cuts a line off, without white space around it.
func nextLine(body []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(body, []byte("\n"))
	return bytes.TrimSpace(line), rest
}

// maxAction bounds an action line, maxID an _id (Elastic's own bound).
const (
	maxAction = 8 << 10
	maxID     = 512
)

// action reads a line of action.
func (b *batch) action(line []byte) (verb, index, id string, ok bool) {
	if len(line) > maxAction {
		return "", "", "", false
	}
	var action map[string]struct {
		Index string          `json:"_index"`
		ID    json.RawMessage `json:"_id"`
	}
	if err := json.Unmarshal(line, &action); err != nil || len(action) != 1 {
		return "", "", "", false
	}
	for name, meta := range action {
		switch name {
		case "index", "create", "update", "delete":
		default:
			return "", "", "", false
		}
		verb, index = name, meta.Index
		if index == "" {
			index = b.index
		}
		if len(meta.ID) > 0 && string(meta.ID) != "null" {
			id = string(meta.ID)
			if text := ""; json.Unmarshal(meta.ID, &text) == nil {
				id = text
			}
		}
	}
	return verb, index, id, len(id) <= maxID
}

// document makes the record of one document and its result.
func (b *batch) document(verb, index, id string, doc []byte) tocsin.Raw {
	position := b.prefix + ":" + strconv.Itoa(b.number)
	isNamed := id != "" && verb == "create"
	if id != "" {
		position = index + "/" + id
	} else {
		id = position
	}
	b.number++
	raw := tocsin.Raw{Source: b.sender.Source, IsNamed: isNamed, Format: tocsin.FormatJSONLine, ReceivedAt: b.at, Position: position, Body: doc[:min(len(doc), tocsin.MaxRawBytes+1)]}
	isObject := len(doc) > 0 && doc[0] == '{' && json.Valid(doc)
	if !isObject || len(doc) > tocsin.MaxRawBytes {
		reason := "failed to parse: the document is no JSON object; it is kept as a dead letter"
		if isObject {
			reason = "failed to parse: the document is longer than " + strconv.Itoa(tocsin.MaxRawBytes>>20) + " MiB; its beginning is kept as a dead letter"
		}
		b.spoil(verb, item{Index: index, ID: id, Status: http.StatusBadRequest, Error: &cause{"document_parsing_exception", reason}})
		if len(doc) == 0 {
			raw.Format, raw.Body = tocsin.FormatDamaged, []byte("an action of _bulk without its document")
		}
		return raw
	}
	table, isTable := b.tableOf(index)
	raw.Table = table
	if isTable {
		e := ingest.Envelope{Format: tocsin.FormatRow, Table: table, At: timestampOf(doc), JSON: doc}
		raw.Format = tocsin.FormatRow
		if !e.Bare() {
			raw.Format, raw.Table, raw.Body = tocsin.FormatEnvelope, "", e.Append(nil)
		}
	}
	zero := 0
	b.results = append(b.results, result{verb, item{
		Index: index, ID: id, Version: 1, Result: "created", Shards: &shards{1, 1, 0}, SeqNo: &zero, Term: 1, Status: http.StatusCreated,
	}})
	return raw
}

// timestampOf reads a document's @timestamp: text, or milliseconds since 1970.
func timestampOf(doc []byte) time.Time {
	var d struct {
		At json.RawMessage `json:"@timestamp"`
	}
	if json.Unmarshal(doc, &d) != nil || len(d.At) == 0 {
		return time.Time{}
	}
	var text string
	var millis float64
	if json.Unmarshal(d.At, &text) == nil {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at.UTC()
		}
	} else if json.Unmarshal(d.At, &millis) == nil && millis > 0 && millis < 1e14 {
		return time.UnixMicro(int64(millis * 1000)).UTC()
	}
	return time.Time{}
}

// tableOf is the table the settings name for an index, or the index names itself.
// What the settings name for all documents of a source is only for those that
// nothing recognises.
func (b *batch) tableOf(index string) (table string, isNamed bool) {
	if t, ok := b.sender.Tables[index]; ok {
		return t, true
	}
	if index != "" && b.door.Intake.IsTable(index) {
		return index, true
	}
	return b.sender.Table, false
}

// unreadable keeps a line that is no action, as a dead letter.
func (b *batch) unreadable(line []byte) tocsin.Raw {
	b.spoil("index", item{Index: b.index, Status: http.StatusBadRequest, Error: &cause{
		"illegal_argument_exception", "Malformed action/metadata line; it is kept as a dead letter",
	}})
	raw := tocsin.Raw{
		Source: b.sender.Source, Format: tocsin.FormatDamaged, ReceivedAt: b.at, Position: b.prefix + ":" + strconv.Itoa(b.number),
		Body: append([]byte("a line of _bulk that is no action: "), line[:min(len(line), tocsin.MaxRawBytes/2)]...),
	}
	b.number++
	return raw
}

// unsupported answers an action that would change what is kept.
func (b *batch) unsupported(verb, index, id string) {
	b.door.Intake.Refused(ingest.DoorElastic, verb, 1)
	b.spoilUncounted(verb, item{Index: index, ID: id, Status: http.StatusBadRequest, Error: &cause{
		"illegal_argument_exception", "Tocsin keeps events as they came: " + strings.ToLower(verb) + " is not possible. Use create or index.",
	}})
}

func (b *batch) spoil(verb string, it item) {
	b.door.Intake.Refused(ingest.DoorElastic, "invalid document", 1)
	b.spoilUncounted(verb, it)
}

func (b *batch) spoilUncounted(verb string, it item) {
	b.errors = true
	b.results = append(b.results, result{verb, it})
}
