package evtx

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// An assembler writes a chunk from text, one token per line:
//
//	fragment                 header of a fragment
//	template ID … end        template instance with its definition inline
//	use ID                   instance of a template defined earlier
//	value TYPE PAYLOAD       a value of the instance in front, in order;
//	                         PAYLOAD is a "string" (UTF-16), ansi "string" or hex
//	value binxml { … }       a value made of tokens
//	open NAME, attr NAME, close, empty, /, text "…", cdata "…", charref N,
//	entity NAME, pi TARGET "…", subst N, optional N, eof, raw HEX
//
// Names are written where they occur first and referred to afterwards.
type assembler struct {
	b           []byte
	names       map[string]int
	definitions map[string]int
	inside      bool  // in a definition, where start tags have dependency ids
	sizes       []int // where to patch sizes of open elements
	lines       []string
	at          int
}

var typeNames = map[string]byte{
	"null": 0, "string": 1, "ansi": 2, "int8": 3, "uint8": 4, "int16": 5, "uint16": 6, "int32": 7, "uint32": 8, "int64": 9, "uint64": 10,
	"real32": 11, "real64": 12, "bool": 13, "binary": 14, "guid": 15, "size": 16, "filetime": 17, "systime": 18, "sid": 19,
	"hex32": 20, "hex64": 21, "handle": 32, "binxml": 33, "xml": 35,
}

func typeCode(name string) byte {
	base, array := strings.CutSuffix(name, "[]")
	code, ok := typeNames[base]
	if !ok {
		n, err := strconv.ParseUint(base, 0, 8)
		if err != nil {
			panic("unknown value type " + name)
		}
		code = byte(n)
	}
	if array {
		code |= typeArray
	}
	return code
}

func (a *assembler) u16(v int) { a.b = binary.LittleEndian.AppendUint16(a.b, uint16(v)) }
func (a *assembler) u32(v int) { a.b = binary.LittleEndian.AppendUint32(a.b, uint32(v)) }
func (a *assembler) patch(at int) {
	binary.LittleEndian.PutUint32(a.b[at:], uint32(len(a.b)-at-4))
}

func (a *assembler) name(s string) {
	if at, ok := a.names[s]; ok {
		a.u32(at)
		return
	}
	a.u32(len(a.b) + 4)
	a.names[s] = len(a.b)
	a.u32(0)
	a.u16(0)
	a.u16(len(utf16LE(s)) / 2)
	a.b = append(a.b, utf16LE(s)...)
	a.u16(0)
}

func quoted(s string) string {
	s = strings.TrimSpace(s)
	out, err := strconv.Unquote(s)
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, s))
	}
	return out
}

func (a *assembler) counted(s string) {
	a.u16(len(utf16LE(quoted(s))) / 2)
	a.b = append(a.b, utf16LE(quoted(s))...)
}

// next returns the next line that says something.
func (a *assembler) next() (word, rest string, ok bool) {
	for a.at < len(a.lines) {
		line := strings.TrimSpace(a.lines[a.at])
		if line != "" && line[0] != '#' {
			word, rest, _ = strings.Cut(line, " ")
			return word, strings.TrimSpace(rest), true
		}
		a.at++
	}
	return "", "", false
}

// tokens assembles lines up to one that starts with until.
func (a *assembler) tokens(until string) {
	attributes := 0 // where to patch the size of the attribute list
	for {
		word, rest, ok := a.next()
		if !ok || word == until {
			a.at++
			return
		}
		a.at++
		switch word {
		case "fragment":
			a.b = append(a.b, 0x0F, 1, 1, 0)
		case "template", "use":
			a.instance(word, rest)
		case "open":
			following, _, _ := a.next()
			a.b = append(a.b, tokenOpenStart)
			if following == "attr" {
				a.b[len(a.b)-1] |= tokenMoreFlag
			}
			if a.inside {
				a.u16(0xFFFF)
			}
			a.sizes = append(a.sizes, len(a.b))
			a.u32(0)
			a.name(rest)
			if following == "attr" {
				attributes = len(a.b)
				a.u32(0)
			}
		case "attr":
			a.b = append(a.b, tokenAttribute)
			a.name(rest)
		case "close", "empty":
			if attributes > 0 {
				a.patch(attributes)
				attributes = 0
			}
			a.b = append(a.b, map[string]byte{"close": tokenCloseStart, "empty": tokenCloseEmpty}[word])
			if word == "empty" {
				a.end()
			}
		case "/":
			a.b = append(a.b, tokenEndElement)
			a.end()
		default:
			a.content(word, rest)
		}
	}
}

func (a *assembler) end() {
	a.patch(a.sizes[len(a.sizes)-1])
	a.sizes = a.sizes[:len(a.sizes)-1]
}

func (a *assembler) content(word, rest string) {
	switch word {
	case "text":
		a.b = append(a.b, tokenValue, typeString)
		a.counted(rest)
	case "cdata":
		a.b = append(a.b, tokenCDATA)
		a.counted(rest)
	case "charref":
		n, _ := strconv.Atoi(rest)
		a.b = append(a.b, tokenCharRef)
		a.u16(n)
	case "entity":
		a.b = append(a.b, tokenEntityRef)
		a.name(rest)
	case "pi":
		target, data, _ := strings.Cut(rest, " ")
		a.b = append(a.b, tokenPITarget)
		a.name(target)
		a.b = append(a.b, tokenPIData)
		a.counted(data)
	case "subst", "optional":
		n, _ := strconv.Atoi(rest)
		a.b = append(a.b, map[string]byte{"subst": tokenNormal, "optional": tokenOptional}[word])
		a.u16(n)
		a.b = append(a.b, 0)
	case "eof":
		a.b = append(a.b, tokenEOF)
	case "raw":
		a.b = append(a.b, unhex(rest)...)
	default:
		panic("unknown token " + word)
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// instance assembles a template instance and the values that follow.
func (a *assembler) instance(word, id string) {
	n, _ := strconv.ParseUint(id, 0, 32)
	a.b = append(a.b, tokenInstance, 1)
	a.u32(int(n))
	if word == "use" {
		a.u32(a.definitions[id])
	} else {
		a.u32(len(a.b) + 4)
		a.definitions[id] = len(a.b)
		a.u32(0)
		a.u32(int(n))
		a.b = append(a.b, make([]byte, 12)...)
		size := len(a.b)
		a.u32(0)
		outer, sizes := a.inside, a.sizes
		a.inside, a.sizes = true, nil
		a.tokens("end")
		a.inside, a.sizes = outer, sizes
		a.patch(size)
	}
	count, at := 0, a.at
	for ; ; count++ { // values may span lines: count those of this level
		word, rest, ok := a.next()
		if !ok || word != "value" {
			break
		}
		a.at++
		if strings.HasSuffix(rest, "{") {
			a.skip()
		}
	}
	a.at = at
	a.u32(count)
	descriptions := len(a.b)
	a.b = append(a.b, make([]byte, 4*count)...)
	for i := range count {
		_, rest, _ := a.next()
		a.at++
		name, payload, _ := strings.Cut(rest, " ")
		from := len(a.b)
		a.value(name, strings.TrimSpace(payload))
		binary.LittleEndian.PutUint16(a.b[descriptions+4*i:], uint16(len(a.b)-from))
		a.b[descriptions+4*i+2] = typeCode(name)
	}
}

// skip passes over the lines up to the matching brace.
func (a *assembler) skip() {
	for depth := 1; depth > 0; a.at++ {
		line := strings.TrimSpace(a.lines[a.at])
		if strings.HasSuffix(line, "{") {
			depth++
		}
		if line == "}" {
			depth--
		}
	}
}

func (a *assembler) value(name, payload string) {
	switch {
	case payload == "{":
		outer, sizes := a.inside, a.sizes
		a.inside, a.sizes = false, nil
		a.tokens("}")
		a.inside, a.sizes = outer, sizes
	case strings.HasPrefix(payload, `"`) && strings.HasPrefix(name, "ansi"):
		a.b = append(a.b, quoted(payload)...)
	case strings.HasPrefix(payload, `"`):
		a.b = append(a.b, utf16LE(quoted(payload))...)
	default:
		a.b = append(a.b, unhex(payload)...)
	}
}

// assemble makes a log of one chunk with the given records, ids from 1.
func assemble(records ...string) []byte {
	return append(fileHead(1, 0), assembleChunk(1, records...)...)
}

func assembleChunk(first int, records ...string) []byte {
	a := assembler{b: make([]byte, chunkHeader, chunkSize), names: map[string]int{}, definitions: map[string]int{}}
	last := chunkHeader
	for i, text := range records {
		start := len(a.b)
		last = start
		a.u32(recordMagic)
		a.u32(0)
		a.b = binary.LittleEndian.AppendUint64(a.b, uint64(first+i))
		a.b = binary.LittleEndian.AppendUint64(a.b, 132537600000000000) // 2020-12-29T16:00:00Z
		a.lines, a.at = strings.Split(text, "\n"), 0
		a.tokens("")
		for (len(a.b)+4)%8 != 0 {
			a.b = append(a.b, 0)
		}
		a.u32(len(a.b) + 4 - start)
		binary.LittleEndian.PutUint32(a.b[start+4:], uint32(len(a.b)-start))
	}
	free := len(a.b)
	return chunkOf(a.b, first, len(records), last, free)
}

// fileHead makes a file header.
func fileHead(chunks, flags int) []byte {
	h := make([]byte, fileHeader)
	copy(h, fileMagic)
	h[36], h[38] = 1, 3
	binary.LittleEndian.PutUint16(h[40:], fileHeader)
	binary.LittleEndian.PutUint16(h[42:], uint16(chunks))
	binary.LittleEndian.PutUint32(h[120:], uint32(flags))
	binary.LittleEndian.PutUint32(h[124:], crc32.ChecksumIEEE(h[:120]))
	return h
}

// chunkOf fills the header in front of records that start at 512.
func chunkOf(b []byte, first, count, last, free int) []byte {
	c := make([]byte, chunkSize)
	copy(c, b)
	copy(c, chunkMagic)
	for i, v := range []int{first, first + count - 1, first, first + count - 1} {
		binary.LittleEndian.PutUint64(c[8+8*i:], uint64(v))
	}
	binary.LittleEndian.PutUint32(c[40:], 128)
	binary.LittleEndian.PutUint32(c[44:], uint32(last))
	binary.LittleEndian.PutUint32(c[48:], uint32(free))
	sign(c)
	return c
}

// sign sets the checksums of a chunk.
func sign(c []byte) {
	free := binary.LittleEndian.Uint32(c[48:])
	binary.LittleEndian.PutUint32(c[52:], crc32.ChecksumIEEE(c[chunkHeader:free]))
	head := crc32.ChecksumIEEE(c[:120])
	binary.LittleEndian.PutUint32(c[124:], crc32.Update(head, crc32.IEEETable, c[128:chunkHeader]))
}
