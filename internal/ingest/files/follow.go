package files

import (
	"bufio"
	"bytes"
	"regexp"

	"github.com/tocsin-soc/tocsin"
)

// A Growing is how a file that grows line by line is read.
type Growing struct {
	Lines Lines
	Table string // table of its JSON lines; empty recognises them
}

var wrapperLine = regexp.MustCompile(`^\{\s*"(Records|records|value|entries)"\s*:\s*\[`)

// Grows says whether a file is written line by line, so that it can be read on
// where it was left: text, JSON lines, Zeek's and W3C's tables. Others are read
// as a whole. head is the beginning of the file, decompressed, with at least its
// first line.
func Grows(head []byte, spec Spec) (Growing, bool) {
	e := &emitter{spec: &spec}
	g := Growing{Table: e.tableByName()}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return g, false // UTF-16: an offset does not fall between lines
	}
	k, _ := detect(bufio.NewReaderSize(bytes.NewReader(head), headBytes), &spec)
	switch k {
	case kindZeek:
		g.Lines = newZeek()
	case kindW3C:
		g.Lines = newW3C()
	case kindText:
		g.Lines = NewText(g.Table, spec.Name)
	case kindJSON:
		first, _, _ := bytes.Cut(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte("\n"))
		first = bytes.TrimRight(first, " \t\r")
		if first[0] != '{' || !bytes.HasSuffix(first, []byte("}")) || wrapperLine.Match(first) {
			return g, false
		}
		g.Lines = NewText(g.Table, spec.Name)
	default:
		return g, false
	}
	return g, true
}

// Raw makes the raw record of a piece.
func (g *Growing) Raw(p Piece, source tocsin.SourceID) tocsin.Raw {
	raw := tocsin.Raw{Source: source, Format: p.Format, Table: p.Table, Position: p.At, Body: p.Body[:min(len(p.Body), tocsin.MaxRawBytes+1)]}
	if p.Format == tocsin.FormatJSONLine && g.Table != "" {
		raw.Format, raw.Table = tocsin.FormatRow, g.Table
	}
	return raw
}
