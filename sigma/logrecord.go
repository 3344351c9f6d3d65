package sigma

// logRecord reads the "Event" member of an event log record in evtx_dump's form.
func (s *jsonScanner) logRecord(ev *Event) error {
	return s.members(ev, func(key []byte) error {
		if s.skipSpace() != '{' {
			return s.ignored(ev)
		}
		switch string(key) {
		case "System":
			return s.members(ev, func(key []byte) error { return s.systemMember(ev, key) })
		case "EventData":
			return s.members(ev, func(key []byte) error { return s.dataMember(ev, key) })
		case "UserData":
			s.path = append(s.path[:0], "Event.UserData"...)
			err := s.members(ev, func(key []byte) error { return s.userMember(ev, key) })
			s.path = s.path[:0]
			return err
		}
		return s.ignored(ev)
	})
}

// winlogNames are Winlogbeat's names of System fields.
var winlogNames = map[string]string{"channel": "Channel", "event_id": "EventID", "provider_name": "Provider_Name", "computer_name": "Computer",
	"record_id": "EventRecordID", "task": "Task", "opcode": "Opcode", "keywords": "Keywords"}

// winlogMember reads a member of Winlogbeat's "winlog": the event's own data
// stand at the top, fields of System under their taxonomy names.
func (s *jsonScanner) winlogMember(ev *Event, key []byte) error {
	if s.skipSpace() == '{' {
		switch string(key) {
		case "event_data":
			return s.members(ev, func(key []byte) error { return s.dataMember(ev, key) })
		case "user_data":
			s.path = append(s.path[:0], "Event.UserData"...)
			err := s.members(ev, func(key []byte) error { return s.userMember(ev, key) })
			s.path = s.path[:0]
			return err
		}
	}
	if name, ok := winlogNames[string(key)]; ok {
		return s.nested(ev, ev.fields.Lookup(stringBytes(name)))
	}
	return s.ignored(ev)
}

// ignored reads a value that is part of no field: keywords still see it.
func (s *jsonScanner) ignored(ev *Event) error {
	switch s.skipSpace() {
	case '{':
		return s.members(ev, func([]byte) error { return s.ignored(ev) })
	case '[':
		_, err := s.elements(func() error { return s.ignored(ev) })
		return err
	}
	return s.scalar(ev, NoField)
}

// systemMember: scalars keep their name; attributes get the names of Sigma's
// taxonomy (Provider_Name, Execution_ProcessID).
func (s *jsonScanner) systemMember(ev *Event, key []byte) error {
	if s.skipSpace() != '{' {
		at := len(ev.values)
		if err := s.nested(ev, ev.fields.Lookup(key)); err != nil {
			return err
		}
		if string(key) == "Computer" && len(ev.values) > at {
			ev.Add(ev.fields.Lookup([]byte("ComputerName")), ev.values[at].kind, ev.values[at].bytes)
		}
		return nil
	}
	return s.members(ev, func(inner []byte) error {
		switch {
		case string(inner) == "#text":
			return s.nested(ev, ev.fields.Lookup(key))
		case string(inner) == "#attributes" && s.skipSpace() == '{':
			return s.members(ev, func(attr []byte) error {
				return s.nested(ev, systemAttribute(ev.fields, key, attr))
			})
		}
		return s.ignored(ev)
	})
}

func systemAttribute(f *Fields, element, attr []byte) FieldID {
	switch string(attr) {
	case "SystemTime", "Qualifiers", "UserID":
		return f.Lookup(attr)
	}
	var buf [96]byte
	name := append(append(append(buf[:0], element...), '_'), attr...)
	return f.Lookup(name)
}

// dataMember: EventData names stand at the top, without spaces. Nameless <Data>
// elements are a list named Data, which also matches as one text.
func (s *jsonScanner) dataMember(ev *Event, key []byte) error {
	if len(key) > 0 && key[0] == '#' {
		return s.ignored(ev)
	}
	id := ev.fieldNamed(key)
	at := len(ev.values)
	if err := s.elementValue(ev, id); err != nil {
		return err
	}
	if string(key) == "Data" && len(ev.values)-at > 1 {
		ev.addJoined(id, at)
	}
	return nil
}

// elementValue reads what an XML element became: a scalar, a list, or an object
// with #text.
func (s *jsonScanner) elementValue(ev *Event, id FieldID) error {
	switch s.skipSpace() {
	case '{':
		return s.members(ev, func(inner []byte) error {
			if len(inner) > 0 && inner[0] == '#' && string(inner) != "#text" {
				return s.ignored(ev)
			}
			if string(inner) == "#text" {
				return s.elementValue(ev, id)
			}
			return s.elementValue(ev, ev.fieldNamed(inner))
		})
	case '[':
		n, err := s.elements(func() error { return s.elementValue(ev, id) })
		if n == 0 && err == nil {
			ev.AddNull(id)
		}
		return err
	}
	return s.scalar(ev, id)
}

// addJoined appends the values of id from index at on as one text.
func (e *Event) addJoined(id FieldID, at int) {
	from := len(e.arena)
	for _, v := range e.values[at:] {
		if v.kind == KindNull {
			continue
		}
		if len(e.arena) > from {
			e.arena = append(e.arena, ' ')
		}
		e.arena = append(e.arena, v.bytes...)
	}
	e.Add(id, KindString, e.arena[from:len(e.arena):len(e.arena)])
}

// userMember: UserData leaves get their own name, the first of a name wins, and
// their full path.
func (s *jsonScanner) userMember(ev *Event, key []byte) error {
	if len(key) > 0 && key[0] == '#' && string(key) != "#text" {
		return s.ignored(ev)
	}
	if string(key) == "#text" {
		return s.userValue(ev, leafName(s.path))
	}
	before := len(s.path)
	s.path = append(append(s.path, '.'), key...)
	err := s.userValue(ev, key)
	s.path = s.path[:before]
	return err
}

func leafName(path []byte) []byte {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[i+1:]
		}
	}
	return path
}

func (s *jsonScanner) userValue(ev *Event, leaf []byte) error {
	switch s.skipSpace() {
	case '{':
		return s.members(ev, func(key []byte) error { return s.userMember(ev, key) })
	case '[':
		_, err := s.elements(func() error { return s.userValue(ev, leaf) })
		return err
	}
	id := ev.fieldNamed(leaf)
	if ev.Has(id) {
		id = NoField
	}
	at := len(ev.values)
	if err := s.scalar(ev, id); err != nil {
		return err
	}
	if full := ev.fields.Lookup(s.path); full != NoField {
		ev.Add(full, ev.values[at].kind, ev.values[at].bytes)
	}
	return nil
}
