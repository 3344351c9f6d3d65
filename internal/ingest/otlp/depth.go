package otlp

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// maxDepth bounds how deep attribute values nest. The reader of protobuf calls
// itself once per level, and a goroutine whose stack is used up ends the
// process; so depth is checked on the wire, before anything is read.
const maxDepth = 100

// What one request may hold. A message of two bytes on the wire takes a hundred
// times that once it is read, so what bounds bytes does not bound memory. At 16
// MiB these are met by records of less than 64 bytes, or by attributes of less
// than 16.
const (
	maxRecords  = 250_000
	maxMessages = 2_000_000 // that can hold others
	maxObjects  = 1_000_000 // of JSON
)

// What reading takes for each, besides the bytes of the body; TestCosts measures.
const (
	messageCost = 230 // a record, an attribute, a scope, a resource
	valueCost   = 70
	listCost    = 60
	objectCost  = 230 // of JSON
)

// A message is one of the protocol's that can hold others.
type message uint8

const (
	leaf message = iota
	request
	resourceLogs
	resource
	scopeLogs
	scope
	logRecord
	keyValue
	anyValue
	listValue // ArrayValue and KeyValueList: their field 1 repeats
	pairsValue
)

// inner says which message a field of a message holds; see
// https://github.com/open-telemetry/opentelemetry-proto (logs, common, resource).
var inner = map[message]map[uint64]message{
	request:      {1: resourceLogs},
	resourceLogs: {1: resource, 2: scopeLogs},
	resource:     {1: keyValue},
	scopeLogs:    {1: scope, 2: logRecord},
	scope:        {3: keyValue},
	logRecord:    {5: anyValue, 6: keyValue},
	keyValue:     {2: anyValue},
	anyValue:     {5: listValue, 6: pairsValue},
	listValue:    {1: anyValue},
	pairsValue:   {1: keyValue},
}

// errTooMany refuses a request of too many records or values.
func errTooMany(what string, most int) error {
	return tocsin.Wrap(&ingest.TooLarge{Limit: defaultLimit}, tocsin.Invalid, "The request holds more than %d %s. Send smaller batches.", most, what)
}

// costOfJSON counts the objects of a request in JSON and returns the memory that
// reading it takes.
func costOfJSON(body []byte) (int64, error) {
	objects := bytes.Count(body, []byte("{")) // those in strings too: it is a bound, no count
	if objects > maxObjects {
		return 0, errTooMany("objects", maxObjects)
	}
	return int64(len(body)) + int64(objects)*objectCost, nil
}

// costOf walks a request without recursion and fails if it nests too deep or holds
// too much. It leaves everything else to the reader, and returns the memory that
// reading takes.
func costOf(body []byte) (int64, error) {
	records, messages, cost := 0, 0, int64(len(body))
	type level struct {
		kind message
		end  int
	}
	stack := []level{{request, len(body)}}
	for at := 0; len(stack) > 0; {
		top := stack[len(stack)-1]
		if at >= top.end {
			stack = stack[:len(stack)-1]
			continue
		}
		tag, n := binary.Uvarint(body[at:top.end])
		if n <= 0 {
			return 0, fmt.Errorf("a tag at byte %d cannot be read", at)
		}
		at += n
		size := 0
		switch tag & 7 {
		case 0:
			if _, n = binary.Uvarint(body[at:top.end]); n <= 0 {
				return 0, fmt.Errorf("a number at byte %d cannot be read", at)
			}
			size = n
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
			length, n := binary.Uvarint(body[at:top.end])
			if n <= 0 || length > uint64(top.end-at-n) {
				return 0, fmt.Errorf("a field at byte %d is longer than its message", at)
			}
			at += n
			size = int(length)
			if kind := inner[top.kind][tag>>3]; kind != leaf {
				if len(stack) >= maxDepth {
					return 0, fmt.Errorf("values nest deeper than %d", maxDepth)
				}
				if messages++; messages > maxMessages {
					return 0, errTooMany("values", maxMessages)
				}
				switch kind {
				case anyValue:
					cost += valueCost
				case listValue, pairsValue:
					cost += listCost
				default:
					cost += messageCost
				}
				if kind == logRecord {
					if records++; records > maxRecords {
						return 0, errTooMany("log records", maxRecords)
					}
				}
				stack = append(stack, level{kind, at + size})
				continue
			}
		default:
			return 0, fmt.Errorf("a field at byte %d has wire type %d", at, tag&7)
		}
		if size > top.end-at {
			return 0, fmt.Errorf("a field at byte %d is longer than its message", at)
		}
		at += size
	}
	return cost, nil
}
