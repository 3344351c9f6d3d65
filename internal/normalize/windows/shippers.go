package windows

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// winlogbeatSystem are the members of "winlog" that belong to System.
var winlogbeatSystem = map[string]string{
	"provider_name": "Provider_Name", "provider_guid": "Provider_Guid", "event_id": "EventID", "channel": "Channel",
	"computer_name": "Computer", "record_id": "EventRecordID", "version": "Version", "opcode": "Opcode", "task": "Task",
	"activity_id": "Correlation_ActivityID", "related_activity_id": "Correlation_RelatedActivityID", "qualifiers": "Qualifiers",
}

// levels by the words that shippers use for them.
var levels = map[string]string{
	"critical": "1", "error": "2", "warning": "3", "information": "4", "info": "4", "verbose": "5", "debug": "5", "success": "0",
}

// auditKeywords are the keywords of the Security log in words, as bits.
var auditKeywords = map[string]string{
	"Audit Success": "0x8020000000000000", "Audit Failure": "0x8010000000000000",
	"AUDIT_SUCCESS": "0x8020000000000000", "AUDIT_FAILURE": "0x8010000000000000",
}

// readWinlogbeat reads the shape of Elastic's Winlogbeat and agent. With
// include_xml: true there is the event as Windows rendered it in event.original:
// that is read then.
// https://www.elastic.co/docs/reference/beats/winlogbeat/configuration-winlogbeat-options
func (e *Event) readWinlogbeat(body string) error {
	if err := e.readWinlog(body); err != nil || e.isCut || e.original == "" {
		return err
	}
	return e.readOriginal(body)
}

// readWinlog reads that shape, and of event.original only that it is XML.
func (e *Event) readWinlog(body string) error {
	z := jsontext.New(body)
	err := z.Object(func(key string) error {
		kind := z.Kind()
		switch {
		case key == "winlog" && kind == jsontext.Object:
			return z.Object(func(key string) error { return e.winlogMember(z, key) })
		case key == "@timestamp" && kind == jsontext.String:
			text, err := z.Text()
			if at, ok := value.Instant(text, value.Clock{}); ok {
				e.setTime(at)
			}
			return err
		case key == "message" && kind == jsontext.String:
			text, err := z.Text()
			e.message = text
			return err
		case key == "event" && kind == jsontext.Object:
			return z.Object(func(key string) error {
				if key != "original" || z.Kind() != jsontext.String {
					return z.Skip()
				}
				text, err := z.Text()
				if text = strings.TrimSpace(text); isOriginal(text) {
					e.original = text
				}
				return err
			})
		case key == "log" && kind == jsontext.Object:
			return z.Object(func(key string) error {
				if key != "level" || z.Kind() != jsontext.String {
					return z.Skip()
				}
				text, err := z.Text()
				if level, ok := levels[strings.ToLower(text)]; ok {
					e.setSystem("Level", level)
				}
				return err
			})
		}
		return z.Skip()
	})
	if err != nil {
		return err
	}
	return z.End()
}

func (e *Event) winlogMember(z *jsontext.Scanner, key string) error {
	kind := z.Kind()
	if name, ok := winlogbeatSystem[key]; ok && kind != jsontext.Object && kind != jsontext.Array {
		return e.systemValue(z, name)
	}
	switch {
	case key == "event_data" && kind == jsontext.Object:
		z.Peek()
		from := z.Offset()
		err := z.Object(func(key string) error { return e.dataElement(z, key) })
		e.dataJSON = z.Since(from)
		return err
	case key == "user_data" && kind == jsontext.Object:
		raw, err := z.Raw()
		if err != nil {
			return err
		}
		return e.winlogbeatUserData(raw)
	case key == "keywords" && kind == jsontext.Array:
		return z.Array(func() error {
			if z.Kind() != jsontext.String {
				return z.Skip()
			}
			text, err := z.Text()
			if bits, ok := auditKeywords[text]; ok {
				e.setSystem("Keywords", bits)
			}
			return err
		})
	case key == "process" && kind == jsontext.Object:
		return z.Object(func(key string) error {
			switch {
			case key == "pid":
				return e.systemValue(z, "Execution_ProcessID")
			case key == "thread" && z.Kind() == jsontext.Object:
				return z.Object(func(string) error { return e.systemValue(z, "Execution_ThreadID") })
			}
			return z.Skip()
		})
	case key == "user" && kind == jsontext.Object:
		return z.Object(func(key string) error {
			if key == "identifier" {
				return e.systemValue(z, "UserID")
			}
			return z.Skip()
		})
	}
	return z.Skip()
}

// winlogbeatUserData reads UserData, of which Winlogbeat keeps the name of the
// one element in it beside what that element holds, as xml_name.
func (e *Event) winlogbeatUserData(raw string) error {
	const nameKey = "xml_name"
	name, members := "", []byte(nil)
	z := jsontext.New(raw)
	if err := z.Object(func(key string) error {
		if key == nameKey && z.Kind() == jsontext.String {
			text, err := z.Text()
			name = text
			return err
		}
		value, err := z.Raw()
		if len(members) > 0 {
			members = append(members, ',')
		}
		members = append(append(jsontext.AppendQuoted(members, key), ':'), value...)
		return err
	}); err != nil {
		return err
	}
	e.userJSON = raw
	if name != "" {
		e.userJSON = "{" + string(jsontext.AppendQuoted(nil, name)) + ":{" + string(members) + "}}"
	}
	z = jsontext.New(e.userJSON)
	return z.Object(func(key string) error { return e.userElement(z, "Event.UserData", key) })
}

// nxlogSystem are the members of NXLog's flat shape that belong to System; an
// empty name is nothing about the event. All others are its data.
var nxlogSystem = map[string]string{
	"Hostname": "Computer", "EventID": "EventID", "SourceName": "Provider_Name", "ProviderGuid": "Provider_Guid",
	"Version": "Version", "Task": "Task", "TaskValue": "Task", "OpcodeValue": "Opcode", "RecordNumber": "EventRecordID",
	"ActivityID": "Correlation_ActivityID", "RelatedActivityID": "Correlation_RelatedActivityID",
	"ProcessID": "Execution_ProcessID", "ExecutionProcessID": "Execution_ProcessID",
	"ThreadID": "Execution_ThreadID", "ExecutionThreadID": "Execution_ThreadID", "Channel": "Channel", "UserID": "UserID",
	"EventReceivedTime": "", "SourceModuleName": "", "SourceModuleType": "", "Severity": "", "SeverityValue": "", "Category": "", "Opcode": "",
	"@version": "", "host": "", "port": "", "tags": "", "EventTimeWritten": "", "AccountType": "", "FileName_": "",
}

// nxlogTypes are the values by which NXLog's EventType is told from the data
// field of the same name.
var nxlogTypes = map[string]string{
	"INFO": "4", "WARNING": "3", "ERROR": "2", "CRITICAL": "1", "VERBOSE": "5", "DEBUG": "5", "AUDIT_SUCCESS": "0", "AUDIT_FAILURE": "0",
}

// readNXLog reads NXLog's flat shape, which the OTRF data sets have too.
// EventTime has no zone there: a time with a zone is preferred.
func (e *Event) readNXLog(body string, clock value.Clock) error {
	z := jsontext.New(body)
	var local, zoned time.Time
	err := z.Object(func(key string) error {
		kind := z.Kind()
		if kind == jsontext.Object || kind == jsontext.Array {
			return z.Skip()
		}
		text, kind, err := z.Scalar()
		if err != nil || kind == jsontext.Null {
			return err
		}
		switch key {
		case "EventTime", "@timestamp", "TimeCreated":
			if at, ok := value.Instant(text, clock); !ok {
				return nil
			} else if strings.HasSuffix(text, "Z") || strings.LastIndexAny(text, "+-") > 10 {
				zoned = at
			} else {
				local = at
			}
			return nil
		case "Message":
			e.message = text
			return nil
		case "Keywords":
			e.setSystem(key, keywordBits(text))
			return nil
		case "EventType":
			if level, ok := nxlogTypes[text]; ok {
				e.setSystem("Level", level)
				return nil
			}
		}
		name, known := nxlogSystem[key]
		switch {
		case !known:
			e.addData(key, text)
		case name != "" && text != "":
			e.setSystem(name, text)
		}
		return nil
	})
	if zoned.IsZero() {
		zoned = local
	}
	if !zoned.IsZero() {
		e.setTime(zoned)
	}
	if err != nil {
		return err
	}
	return z.End()
}

// keywordBits writes NXLog's signed number as Windows writes keywords.
func keywordBits(s string) string {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return "0x" + strconv.FormatUint(uint64(n), 16)
	}
	return s
}
