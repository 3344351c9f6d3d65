package evtx

import (
	"fmt"
	"unicode/utf8"
)

// AppendXML appends the event as XML on one line, as Windows renders it: GUIDs
// in braces, times with 7 digits. Characters that XML 1.0 cannot hold become
// U+FFFD.
func (r *Record) AppendXML(dst []byte) ([]byte, error) {
	t, err := r.xmlTree()
	if err != nil {
		return dst, err
	}
	return t.xml(dst, t.branches[0].first), nil
}

// AppendDataXML appends the EventData and UserData elements alone; nothing if
// the event has neither.
func (r *Record) AppendDataXML(dst []byte) ([]byte, error) {
	t, err := r.xmlTree()
	if err != nil {
		return dst, err
	}
	for root := t.branches[0].first; root != noBranch; root = t.branches[root].next {
		for c := t.branches[root].first; c != noBranch; c = t.branches[c].next {
			if name := t.branches[c].name; name == "EventData" || name == "UserData" {
				dst = t.xmlOne(dst, c)
			}
		}
	}
	return dst, nil
}

func (r *Record) xmlTree() (*tree, error) {
	if r.reader.xml == nil {
		r.reader.xml = newTree(r.reader.sym, formatter{ansi: r.reader.opts.ANSI, digits: 7, braces: true})
	}
	if err := r.reader.xml.build(r); err != nil {
		return nil, fmt.Errorf("rendering record %d: %w", r.ID, err)
	}
	return r.reader.xml, nil
}

// xml appends a branch and its siblings.
func (t *tree) xml(dst []byte, at int32) []byte {
	for ; at != noBranch; at = t.branches[at].next {
		dst = t.xmlOne(dst, at)
	}
	return dst
}

func (t *tree) xmlOne(dst []byte, at int32) []byte {
	b := &t.branches[at]
	text := t.text[b.off : b.off+b.size]
	switch b.kind {
	case nodeText:
		return appendXMLText(dst, text)
	case nodePI:
		dst = append(append(dst, "<?"...), b.name...)
		return append(append(append(dst, ' '), text...), "?>"...)
	}
	dst = append(append(dst, '<'), b.name...)
	for a := b.attrs; a != noBranch; a = t.branches[a].next {
		dst = append(append(append(dst, ' '), t.branches[a].name...), `="`...)
		dst = append(t.xml(dst, t.branches[a].first), '"')
	}
	if b.closed || b.first == noBranch {
		return append(dst, "/>"...)
	}
	dst = t.xml(append(dst, '>'), b.first)
	return append(append(append(dst, "</"...), b.name...), '>')
}

// appendXMLText escapes text for content and for attributes in double quotes.
func appendXMLText(dst, s []byte) []byte {
	from := 0
	for i := 0; i < len(s); {
		size, escape := 1, ""
		switch c := s[i]; {
		case c == '&':
			escape = "&amp;"
		case c == '<':
			escape = "&lt;"
		case c == '>':
			escape = "&gt;"
		case c == '"':
			escape = "&quot;"
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			escape = "\uFFFD"
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRune(s[i:]); r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && size == 1 {
				escape = "\uFFFD"
			}
		}
		if escape != "" {
			dst = append(append(dst, s[from:i]...), escape...)
			from = i + size
		}
		i += size
	}
	return append(dst, s[from:]...)
}
