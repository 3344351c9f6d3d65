package pattern

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Base64 encodes data as the base64 modifier does: standard alphabet, padded.
func Base64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// Base64Offset returns the three texts under which data can appear inside a
// longer base64 text, depending on its position there modulo three. Characters
// that also depend on neighbouring bytes are cut off.
func Base64Offset(data []byte) [3]string {
	start := [3]int{0, 2, 3}
	end := [3]int{0, 3, 2}
	var out [3]string
	for shift := range out {
		enc := base64.StdEncoding.EncodeToString(append(make([]byte, shift), data...))
		from, to := start[shift], len(enc)-end[(len(data)+shift)%3]
		if from < to {
			out[shift] = enc[from:to]
		}
	}
	return out
}

// UTF16 encodes s as UTF-16 in the given order, with a byte-order mark if bom.
func UTF16(s string, order binary.AppendByteOrder, bom bool) []byte {
	var out []byte
	if bom {
		out = order.AppendUint16(out, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

// dashes are the characters Windows programs take for the dash of a flag
// (Sigma 2.1, modifier windash): hyphen, slash, en dash, em dash, horizontal bar.
var dashes = [...]string{"-", "/", "\u2013", "\u2014", "\u2015"}

// maxDashVariants bounds the product of windash: four flags in one value.
const maxDashVariants = 625

// WinDash returns p with every dash that begins a flag replaced by each dash,
// independently of one another; p itself is the first when it holds none. A dash
// begins a flag when no word character stands before it and one stands after.
func WinDash(p Pattern) ([]Pattern, error) {
	out := []Pattern{{}}
	for _, t := range p {
		if t.Kind != Literal {
			for i := range out {
				out[i] = Concat(out[i], Pattern{t})
			}
			continue
		}
		rest := t.Text
		for rest != "" {
			at, size := flagDash(t.Text, len(t.Text)-len(rest))
			if at < 0 {
				out = appendEach(out, rest)
				break
			}
			at -= len(t.Text) - len(rest)
			if len(out)*len(dashes) > maxDashVariants {
				return nil, fmt.Errorf("windash: more than %d variants of %q", maxDashVariants, p.String())
			}
			out = appendEach(out, rest[:at])
			out = appendDashes(out)
			rest = rest[at+size:]
		}
	}
	return out, nil
}

func appendEach(list []Pattern, s string) []Pattern {
	if s == "" {
		return list
	}
	for i := range list {
		list[i] = Concat(list[i], Text(s))
	}
	return list
}

func appendDashes(list []Pattern) []Pattern {
	out := make([]Pattern, 0, len(list)*len(dashes))
	for _, p := range list {
		for _, d := range dashes {
			out = append(out, Concat(p, Text(d)))
		}
	}
	return out
}

// flagDash returns the offset and length of the first flag dash at or after from,
// or -1. Any of the dashes may begin a flag.
func flagDash(s string, from int) (at, size int) {
	for i := from; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if slices.Contains(dashes[:], s[i:i+n]) && r != utf8.RuneError {
			before, _ := utf8.DecodeLastRuneInString(s[:i])
			after, _ := utf8.DecodeRuneInString(s[i+n:])
			if (i == 0 || !wordRune(before)) && i+n < len(s) && wordRune(after) {
				return i, n
			}
		}
		i += n
	}
	return -1, 0
}

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.N, r)
}

// maxProduct bounds the combinations of placeholder values.
const maxProduct = 10_000

// Product fills every placeholder of p from values and returns all combinations.
// Filled texts are themselves patterns. A name values does not know is an error,
// and so are more than 10,000 combinations.
func Product(p Pattern, values func(name string) ([]string, bool)) ([]Pattern, error) {
	out := []Pattern{{}}
	var unknown []string
	for _, t := range p {
		choices := []Pattern{{t}}
		if t.Kind == Placeholder {
			texts, ok := values(t.Text)
			if !ok {
				unknown = append(unknown, "%"+t.Text+"%")
				continue
			}
			choices = choices[:0]
			for _, s := range texts {
				choices = append(choices, Parse(s, false))
			}
		}
		if len(out)*len(choices) > maxProduct {
			return nil, fmt.Errorf("placeholders of %q make more than %d values", p.String(), maxProduct)
		}
		next := make([]Pattern, 0, len(out)*len(choices))
		for _, head := range out {
			for _, c := range choices {
				next = append(next, Concat(head, c))
			}
		}
		out = next
	}
	if unknown != nil {
		return nil, fmt.Errorf("no value for placeholder %s", strings.Join(unknown, ", "))
	}
	return out, nil
}
