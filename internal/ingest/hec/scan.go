package hec

import (
	"bytes"
	"encoding/json"
)

// cut returns the length of the JSON object at the beginning of text, told by
// its brackets; ok is false if it does not end. It calls itself never, so depth
// costs nothing; whether the object is valid is not its business.
func cut(text []byte) (n int, ok bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			end, ok := stringEnd(text[i+1:])
			if !ok {
				return 0, false
			}
			i += end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1, depth == 0
			}
		}
	}
	return 0, false
}

// stringEnd returns how far the quote is that ends a string which begins before
// text, the quote included.
func stringEnd(text []byte) (n int, ok bool) {
	for {
		quote := bytes.IndexByte(text[n:], '"')
		if quote < 0 {
			return 0, false
		}
		n += quote
		slashes := 0
		for slashes < n && text[n-1-slashes] == '\\' {
			slashes++
		}
		n++
		if slashes%2 == 0 {
			return n, true
		}
	}
}

// members calls take with each member of a valid JSON object. A name that is
// there twice is told twice: the last one counts, as everywhere.
func members(object []byte, take func(name string, value json.RawMessage)) {
	text := bytes.TrimSpace(object[1 : len(object)-1])
	for len(text) > 0 {
		end, _ := stringEnd(text[1:]) // it begins with a quote, since the object is valid
		name := text[1:end]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(text[:end+1]))
		}
		text = bytes.TrimLeft(text[end+1:], " \t\r\n")
		text = bytes.TrimLeft(text[1:], " \t\r\n") // the colon
		n := valueEnd(text)
		take(string(name), bytes.TrimRight(text[:n], " \t\r\n"))
		if text = bytes.TrimLeft(text[n:], " \t\r\n"); len(text) > 0 {
			text = bytes.TrimLeft(text[1:], " \t\r\n") // the comma
		}
	}
}

// valueEnd returns the length of the value at the beginning of valid text.
func valueEnd(text []byte) int {
	switch text[0] {
	case '{', '[':
		n, _ := cut(text) // it ends, since it is valid
		return n
	case '"':
		n, _ := stringEnd(text[1:])
		return n + 1
	}
	if n := bytes.IndexByte(text, ','); n >= 0 {
		return n
	}
	return len(text)
}
