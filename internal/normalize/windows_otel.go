package normalize

import "strings"

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
func (e *winEvent) readOTel(body string) error {
	z := &scanner{s: body}
	err := z.object(func(key string) error {
		kind := z.kind()
		switch {
		case kind == jsonObject && otelNested[key] != nil:
			return z.object(func(member string) error {
				if name, ok := otelNested[key][member]; ok {
					return e.systemValue(z, name)
				}
				return z.skip()
			})
		case kind == jsonObject && key == "event_data":
			return z.object(func(member string) error { return e.otelData(z, member) })
		case kind == jsonArray && key == "keywords":
			return z.array(func() error {
				if z.kind() != jsonString {
					return z.skip()
				}
				text, err := z.text()
				if bits, ok := auditKeywords[text]; ok {
					e.setSystem("Keywords", bits)
				} else if strings.HasPrefix(text, "0x") {
					e.setSystem("Keywords", text)
				}
				return err
			})
		case kind != jsonString:
			if name, ok := otelSystem[key]; ok {
				return e.systemValue(z, name)
			}
			return z.skip()
		}
		text, err := z.text()
		switch key {
		case "system_time":
			if at, ok := instant(text); ok {
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
	return z.document()
}

// otelData reads a member of event_data: "data" is a list of objects of one
// member each, whose name is empty for nameless data; "name" and "binary" are
// those of the whole.
func (e *winEvent) otelData(z *scanner, member string) error {
	if member != "data" || z.kind() != jsonArray {
		if member == "name" {
			return z.skip()
		}
		if member == "binary" {
			member = "Binary"
		}
		return e.dataElement(z, member)
	}
	return z.array(func() error {
		if z.kind() != jsonObject {
			return e.dataElement(z, "Data")
		}
		return z.object(func(name string) error {
			if name == "" {
				name = "Data"
			}
			return e.dataElement(z, name)
		})
	})
}
