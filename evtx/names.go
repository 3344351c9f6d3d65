package evtx

import "strings"

// A Name is an interned field name. The Reader that yields it makes one per
// distinct path, so pointers and IDs can be compared instead of strings.
type Name struct {
	// ID counts from 0 in the order of first appearance. The names of System
	// have fixed IDs, equal to their SystemField. It is -1 once the table of
	// the Reader is full (65,536 names or 16 MiB), which no honest log reaches.
	ID int
	// Text is the name as the event has it: of a Data element its Name
	// attribute ("Threat Name"), else of the element or attribute.
	Text string
	// Flat is Text without spaces ("ThreatName"), as Sigma rules write it.
	// For System it is the flattened name ("Provider_Name").
	Flat string
	// Path is the way from Event down: "EventData.Threat Name",
	// "UserData.LogFileCleared.SubjectUserName", "System.Provider.#attributes.Name".
	Path string
	// Section is the child of Event that holds the field.
	Section Section
}

// A Section is a child element of Event.
type Section uint8

// The sections of an event. Everything that is not one of the first three
// (RenderingInfo, ProcessingErrorData, SubscriptionBookmarkEvent, …) is
// OtherSection.
const (
	SystemSection Section = iota
	EventData
	UserData
	OtherSection
)

const (
	maxNames = 1 << 16
	// maxInterned bounds the bytes of all names, and of all texts, a Reader
	// keeps. Honest logs stay below a tenth of it.
	maxInterned = 16 << 20
	maxKept     = 1024 // bytes of a text worth keeping
)

// symbols interns names and short texts for the life of a Reader.
type symbols struct {
	byPath map[nameKey]*Name
	texts  map[string]string
	system [numSystemFields]*Name
	next   int
	// nameBytes and textBytes are what the two tables hold.
	nameBytes, textBytes int
}

// A nameKey is a path in two parts, so that looking it up joins nothing.
type nameKey struct{ parent, text string }

func newSymbols() *symbols {
	s := &symbols{byPath: make(map[nameKey]*Name, 256), texts: make(map[string]string, 256)}
	for f := range numSystemFields {
		n := &systemNames[f]
		s.system[f] = s.add(nameKey{"", n.path}, &Name{Text: n.text, Flat: n.flat, Path: n.path})
	}
	return s
}

func (s *symbols) add(key nameKey, n *Name) *Name {
	if s.nameBytes += 3 * len(n.Path); s.next >= maxNames || s.nameBytes > maxInterned {
		n.ID = -1
		return n
	}
	n.ID = s.next
	s.next++
	s.byPath[key] = n
	return n
}

// name interns parent + "." + text.
func (s *symbols) name(section Section, parent, text string) *Name {
	if n := s.byPath[nameKey{parent, text}]; n != nil {
		return n
	}
	leaf := strings.TrimPrefix(text, attributesKey)
	n := &Name{Text: leaf, Flat: strings.ReplaceAll(leaf, " ", ""), Path: parent + "." + text, Section: section}
	return s.add(nameKey{parent, text}, n)
}

const attributesKey = "#attributes."

// text returns b as a string, the same one each time while the table has room.
func (s *symbols) text(b []byte) string {
	if t, ok := s.texts[string(b)]; ok {
		return t
	}
	t := string(b)
	if len(b) <= maxKept && s.textBytes < maxInterned {
		s.textBytes += len(b) + 64 // and the entry
		s.texts[t] = t
	}
	return t
}

// A SystemField is a value of the System element that has a fixed place.
type SystemField uint8

// The fields of System.
const (
	ProviderName SystemField = iota
	ProviderGUID
	EventSourceName
	EventID
	Qualifiers
	Version
	Level
	Task
	Opcode
	Keywords
	SystemTime
	EventRecordID
	ActivityID
	RelatedActivityID
	ProcessID
	ThreadID
	ProcessorID
	SessionID
	KernelTime
	UserTime
	ProcessorTime
	Channel
	Computer
	UserID
	numSystemFields
)

// String returns the flattened name ("Provider_Name").
func (f SystemField) String() string {
	if f < numSystemFields {
		return systemNames[f].flat
	}
	return "unknown"
}

// systemNames gives element and attribute (empty for the text of the element)
// and the flattened name of each field.
var systemNames = [numSystemFields]struct{ element, attr, text, flat, path string }{
	ProviderName:      {"Provider", "Name", "Name", "Provider_Name", "System.Provider.#attributes.Name"},
	ProviderGUID:      {"Provider", "Guid", "Guid", "Provider_Guid", "System.Provider.#attributes.Guid"},
	EventSourceName:   {"Provider", "EventSourceName", "EventSourceName", "Provider_EventSourceName", "System.Provider.#attributes.EventSourceName"},
	EventID:           {"EventID", "", "EventID", "EventID", "System.EventID"},
	Qualifiers:        {"EventID", "Qualifiers", "Qualifiers", "Qualifiers", "System.EventID.#attributes.Qualifiers"},
	Version:           {"Version", "", "Version", "Version", "System.Version"},
	Level:             {"Level", "", "Level", "Level", "System.Level"},
	Task:              {"Task", "", "Task", "Task", "System.Task"},
	Opcode:            {"Opcode", "", "Opcode", "Opcode", "System.Opcode"},
	Keywords:          {"Keywords", "", "Keywords", "Keywords", "System.Keywords"},
	SystemTime:        {"TimeCreated", "SystemTime", "SystemTime", "SystemTime", "System.TimeCreated.#attributes.SystemTime"},
	EventRecordID:     {"EventRecordID", "", "EventRecordID", "EventRecordID", "System.EventRecordID"},
	ActivityID:        {"Correlation", "ActivityID", "ActivityID", "Correlation_ActivityID", "System.Correlation.#attributes.ActivityID"},
	RelatedActivityID: {"Correlation", "RelatedActivityID", "RelatedActivityID", "Correlation_RelatedActivityID", "System.Correlation.#attributes.RelatedActivityID"},
	ProcessID:         {"Execution", "ProcessID", "ProcessID", "Execution_ProcessID", "System.Execution.#attributes.ProcessID"},
	ThreadID:          {"Execution", "ThreadID", "ThreadID", "Execution_ThreadID", "System.Execution.#attributes.ThreadID"},
	ProcessorID:       {"Execution", "ProcessorID", "ProcessorID", "Execution_ProcessorID", "System.Execution.#attributes.ProcessorID"},
	SessionID:         {"Execution", "SessionID", "SessionID", "Execution_SessionID", "System.Execution.#attributes.SessionID"},
	KernelTime:        {"Execution", "KernelTime", "KernelTime", "Execution_KernelTime", "System.Execution.#attributes.KernelTime"},
	UserTime:          {"Execution", "UserTime", "UserTime", "Execution_UserTime", "System.Execution.#attributes.UserTime"},
	ProcessorTime:     {"Execution", "ProcessorTime", "ProcessorTime", "Execution_ProcessorTime", "System.Execution.#attributes.ProcessorTime"},
	Channel:           {"Channel", "", "Channel", "Channel", "System.Channel"},
	Computer:          {"Computer", "", "Computer", "Computer", "System.Computer"},
	UserID:            {"Security", "UserID", "UserID", "UserID", "System.Security.#attributes.UserID"},
}

// systemField finds the field of an element's attribute or text.
func systemField(element, attr string) (SystemField, bool) {
	for f := range numSystemFields {
		if systemNames[f].element == element && systemNames[f].attr == attr {
			return f, true
		}
	}
	return 0, false
}
