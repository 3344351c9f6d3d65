package windows

import (
	"strings"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// The members of the OpenTelemetry Collector's body of a Windows event
// (windowseventlogreceiver without raw: true) that belong to System.
// https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/windowseventlogreceiver
var (
	otelSystem = map[string]string{
		"channel": "Channel", "computer": "Computer", "record_id": "EventRecordID", "task": "Task", "opcode": "Opcode",
	}
	otelNested = map[string]map[string]string{
		"event_id":    {"id": "EventID", "qualifiers": "Qualifiers"},
		"provider":    {"name": "Provider_Name", "guid": "Provider_Guid"},
		"security":    {"user_id": "UserID"},
		"execution":   {"process_id": "Execution_ProcessID", "thread_id": "Execution_ThreadID"},
		"correlation": {"activity_id": "Correlation_ActivityID", "related_activity_id": "Correlation_RelatedActivityID"},
	}
)

// readOTel reads that body. It has no UserData: raw: true keeps it.
func (e *Event) readOTel(body string) error {
	z := jsontext.New(body)
	err := z.Object(func(key string) error {
		kind := z.Kind()
		switch {
		case kind == jsontext.Object && otelNested[key] != nil:
			return z.Object(func(member string) error {
				if name, ok := otelNested[key][member]; ok {
					return e.systemValue(z, name)
				}
				return z.Skip()
			})
		case kind == jsontext.Object && key == "event_data":
			return z.Object(func(member string) error { return e.otelData(z, member) })
		case kind == jsontext.Array && key == "keywords":
			return z.Array(func() error {
				if z.Kind() != jsontext.String {
					return z.Skip()
				}
				text, err := z.Text()
				if bits, ok := auditKeywords[text]; ok {
					e.setSystem("Keywords", bits)
				} else if strings.HasPrefix(text, "0x") {
					e.setSystem("Keywords", text)
				}
				return err
			})
		case kind != jsontext.String:
			if name, ok := otelSystem[key]; ok {
				return e.systemValue(z, name)
			}
			return z.Skip()
		}
		text, err := z.Text()
		switch key {
		case "system_time":
			if at, ok := value.Instant(text, value.Clock{}); ok {
				e.setTime(at)
			}
		case "message":
			e.message = text
		case "level":
			if level, ok := levels[strings.ToLower(text)]; ok {
				e.setSystem("Level", level)
			} else if text != "" {
				e.setSystem("Level", text)
			}
		default:
			if name, ok := otelSystem[key]; ok {
				e.setSystem(name, text)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return z.End()
}

// otelData reads a member of event_data: "data" is a list of objects of one
// member each, whose name is empty for nameless data; "name" and "binary" are
// those of the whole.
func (e *Event) otelData(z *jsontext.Scanner, member string) error {
	if member != "data" || z.Kind() != jsontext.Array {
		if member == "name" {
			return z.Skip()
		}
		if member == "binary" {
			member = "Binary"
		}
		return e.dataElement(z, member)
	}
	return z.Array(func() error {
		if z.Kind() != jsontext.Object {
			return e.dataElement(z, "Data")
		}
		return z.Object(func(name string) error {
			if name == "" {
				name = "Data"
			}
			return e.dataElement(z, name)
		})
	})
}
