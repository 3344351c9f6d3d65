package normalize

import (
	"strconv"
	"strings"
	"time"
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

// readWinlogbeat reads the shape of Elastic's Winlogbeat and agent.
func (e *winEvent) readWinlogbeat(body string) error {
	z := &scanner{s: body}
	err := z.object(func(key string) error {
		kind := z.kind()
		switch {
		case key == "winlog" && kind == jsonObject:
			return z.object(func(key string) error { return e.winlogMember(z, key) })
		case key == "@timestamp" && kind == jsonString:
			text, err := z.text()
			if at, ok := instant(text); ok {
				e.setTime(at)
			}
			return err
		case key == "message" && kind == jsonString:
			text, err := z.text()
			e.message = text
			return err
		case key == "log" && kind == jsonObject:
			return z.object(func(key string) error {
				if key != "level" || z.kind() != jsonString {
					return z.skip()
				}
				text, err := z.text()
				if level, ok := levels[strings.ToLower(text)]; ok {
					e.setSystem("Level", level)
				}
				return err
			})
		}
		return z.skip()
	})
	if err != nil {
		return err
	}
	return z.document()
}

func (e *winEvent) winlogMember(z *scanner, key string) error {
	kind := z.kind()
	if name, ok := winlogbeatSystem[key]; ok && kind != jsonObject && kind != jsonArray {
		return e.systemValue(z, name)
	}
	switch {
	case key == "event_data" && kind == jsonObject:
		z.peek()
		from := z.at
		err := z.object(func(key string) error { return e.dataElement(z, key) })
		e.dataJSON = z.s[from:z.at]
		return err
	case key == "user_data" && kind == jsonObject:
		z.peek()
		from := z.at
		err := z.object(func(key string) error { return e.userElement(z, "Event.UserData", key) })
		e.userJSON = z.s[from:z.at]
		return err
	case key == "keywords" && kind == jsonArray:
		return z.array(func() error {
			if z.kind() != jsonString {
				return z.skip()
			}
			text, err := z.text()
			if bits, ok := auditKeywords[text]; ok {
				e.setSystem("Keywords", bits)
			}
			return err
		})
	case key == "process" && kind == jsonObject:
		return z.object(func(key string) error {
			switch {
			case key == "pid":
				return e.systemValue(z, "Execution_ProcessID")
			case key == "thread" && z.kind() == jsonObject:
				return z.object(func(string) error { return e.systemValue(z, "Execution_ThreadID") })
			}
			return z.skip()
		})
	case key == "user" && kind == jsonObject:
		return z.object(func(key string) error {
			if key == "identifier" {
				return e.systemValue(z, "UserID")
			}
			return z.skip()
		})
	}
	return z.skip()
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
func (e *winEvent) readNXLog(body string) error {
	z := &scanner{s: body}
	var local, zoned time.Time
	err := z.object(func(key string) error {
		kind := z.kind()
		if kind == jsonObject || kind == jsonArray {
			return z.skip()
		}
		text, kind, err := z.scalar()
		if err != nil || kind == jsonNull {
			return err
		}
		switch key {
		case "EventTime", "@timestamp", "TimeCreated":
			if at, ok := instant(text); !ok {
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
	return z.document()
}

// keywordBits writes NXLog's signed number as Windows writes keywords.
func keywordBits(s string) string {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return "0x" + strconv.FormatUint(uint64(n), 16)
	}
	return s
}
