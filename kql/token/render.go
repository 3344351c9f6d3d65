package token

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSnippet is how many runes of a source line are shown; queries exist with
// lines of a hundred thousand characters.
const maxSnippet = 120

// Render shows one diagnostic with the line it is about:
//
//	query:2:9: unknown column "UserNme" [KQL2001]
//	| where UserNme == "x"
//	        ~~~~~~~
//	hint: did you mean "UserName"?
//
// A warning says so before its message. A span of several lines is underlined
// to the end of its first. The result ends in a newline.
func (d Diagnostic) Render(name, src string) string {
	span := d.Span.clamp(src)
	at := Locate(src, span.Start)
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", name, at.Line, at.Column)
	if d.Severity == Warning {
		b.WriteString("warning: ")
	}
	fmt.Fprintf(&b, "%s [%s]\n", oneLine(d.Message), d.Code)
	text, mark := snippet(src, span)
	if strings.TrimSpace(text) != "" {
		b.WriteString(text + "\n" + mark + "\n")
	}
	if d.Hint != "" {
		b.WriteString("hint: " + oneLine(d.Hint) + "\n")
	}
	return b.String()
}

// snippet returns the source line of the span's start and the line of blanks and
// tildes to print under it. Both are cut to maxSnippet runes around the start.
func snippet(src string, span Span) (text, mark string) {
	from := strings.LastIndexByte(src[:span.Start], '\n') + 1
	to := len(src)
	if n := strings.IndexByte(src[span.Start:], '\n'); n >= 0 {
		to = int(span.Start) + n
	}
	before := []rune(src[from:span.Start])
	inside := []rune(src[span.Start:min(int(span.End), to)])
	after := []rune(src[min(int(span.End), to):to])
	if len(before) > maxSnippet/2 {
		before = append([]rune("…"), before[len(before)-maxSnippet/2:]...)
	}
	inside, cut := head(inside, maxSnippet-len(before))
	if cut {
		after = []rune("…")
	} else if after, cut = head(after, maxSnippet-len(before)-len(inside)); cut {
		after = append(after, '…')
	}
	var t, m strings.Builder
	for _, r := range before {
		writeCell(&t, &m, r, ' ')
	}
	for _, r := range inside {
		writeCell(&t, &m, r, '~')
	}
	if len(inside) == 0 {
		m.WriteByte('~')
	}
	for _, r := range after {
		writeCell(&t, nil, r, 0)
	}
	return strings.TrimRight(t.String(), " \r"), m.String()
}

func head(rs []rune, n int) ([]rune, bool) {
	if len(rs) <= n {
		return rs, false
	}
	return rs[:max(n, 0)], true
}

// writeCell writes r to text and as many marks below it as r is wide on a
// terminal. A tab is kept in both so the two lines stay aligned whatever its width.
func writeCell(text, mark *strings.Builder, r rune, with byte) {
	n := 1
	switch {
	case r == '\t':
		if mark != nil && with == ' ' {
			with = '\t'
		}
	case r == utf8.RuneError || unicode.IsControl(r):
		r = '�'
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		n = 0
	case wide(r):
		n = 2
	}
	text.WriteRune(r)
	if mark != nil {
		for range n {
			mark.WriteByte(with)
		}
	}
}

// wide reports the scripts and symbols terminals print in two columns (Unicode
// Standard Annex 11, classes W and F, as ranges).
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, 0x2e80 <= r && r <= 0xa4cf, 0xac00 <= r && r <= 0xd7a3,
		0xf900 <= r && r <= 0xfaff, 0xfe30 <= r && r <= 0xfe6f, 0xff00 <= r && r <= 0xff60,
		0xffe0 <= r && r <= 0xffe6, 0x1f300 <= r && r <= 0x1f64f, 0x1f900 <= r && r <= 0x1f9ff,
		0x20000 <= r && r <= 0x3fffd:
		return true
	}
	return false
}

func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}
