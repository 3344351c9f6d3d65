package syslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// frames reads a stream to its end: bodies, with their flaw behind a bar.
func frames(r io.Reader, max, buffer int) (all []string, end error) {
	f := &framer{in: bufio.NewReaderSize(r, buffer), max: max}
	for {
		body, flaw, err := f.next()
		if len(body) > 0 {
			text := string(body)
			if flaw != "" {
				text += "|" + string(flaw)
			}
			all = append(all, text)
		}
		if err != nil {
			return all, err
		}
	}
}

func TestFramer(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"newline", "<1>a\n<2>b\r\n\n<3>c", []string{"<1>a", "<2>b", "<3>c"}},
		{"counted", "4 <1>a5 <2>bb", []string{"<1>a", "<2>bb"}},
		{"counted with line feeds between and within", "7 <1>a\nb\n\n4 <2>c\n", []string{"<1>a\nb", "<2>c"}},
		{"both on one connection", "4 <1>a<2>b\n4 <3>c<4>d\n", []string{"<1>a", "<2>b", "<3>c", "<4>d"}},
		{"text without a priority", "hello\n2026-11-22T00:00:00Z h x\n12 monkeys\n7\n", []string{"hello", "2026-11-22T00:00:00Z h x", "12 monkeys", "7"}},
		{"a length of zero and one too long are no length", "0 <1>a\n123456789 <1>a\n", []string{"0 <1>a", "123456789 <1>a"}},
		{"NUL ends", "<1>a\x00\n<2>b\x00", []string{"<1>a", "<2>b"}},
		{"the end within a counted frame", "4 <1>a9 <2>b", []string{"<1>a", "<2>b|" + string(cutOff)}},
		{"the end within a length", "4 <1>a12", []string{"<1>a", "12"}},
		{"too long, newline", "<1>" + strings.Repeat("x", 60) + "\n<2>b\n", []string{"<1>" + strings.Repeat("x", 37) + "|" + string(tooLong), "<2>b"}},
		{"as long as allowed", "<1>" + strings.Repeat("x", 37) + "\r\n<2>b\n", []string{"<1>" + strings.Repeat("x", 37), "<2>b"}},
		{"too long, counted", "63 <1>" + strings.Repeat("x", 60) + "4 <2>b", []string{"<1>" + strings.Repeat("x", 37) + "|" + string(tooLong), "<2>b"}},
		{"a length that is too small costs a line", "4 <1>abc\n4 <2>d", []string{"<1>a", "bc", "<2>d"}},
		{"not UTF-8", "<1>\xff\xfe\n", []string{"<1>\xff\xfe"}},
	} {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "bytewise": iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := frames(r, 40, 16)
			if err != io.EOF || strings.Join(got, "¦") != strings.Join(c.want, "¦") {
				t.Errorf("%s, %s:\n got %q, %v\nwant %q", c.name, how, got, err, c.want)
			}
		}
	}
}

func TestFramer_OutOfStepEnds(t *testing.T) {
	// A length that lied, and then nothing that ends.
	got, err := frames(strings.NewReader("4 <1>abc"+strings.Repeat("4 <1>x", 1000)), 40, 16)
	if err != errEndless || len(got) != 2 || !strings.HasSuffix(got[1], string(outStep)) {
		t.Errorf("%q, %v", got, err)
	}
	got, err = frames(io.LimitReader(endless{}, 1<<30), 40, 4096)
	if err != errEndless || len(got) != 1 {
		t.Errorf("an endless line: %d frames, %v", len(got), err)
	}
}

// endless is a line without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func FuzzFramer(f *testing.F) {
	for _, seed := range []string{"<1>a\n4 <2>b", "99999999 <", "4 <1>abc4 <1>d", "\x00\n\r 12", "0 <1>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, _ := frames(bytes.NewReader(in), 64, 16)
		bytewise, _ := frames(iotest.OneByteReader(bytes.NewReader(in)), 64, 16)
		if fmt.Sprint(whole) != fmt.Sprint(bytewise) {
			t.Errorf("whole %q, bytewise %q", whole, bytewise)
		}
		total := 0
		for _, body := range whole {
			text, _, _ := strings.Cut(body, "|")
			total += len(text)
			if len(text) > 64 {
				t.Errorf("a message of %d bytes", len(text))
			}
		}
		if total > len(in) {
			t.Errorf("%d bytes out of %d", total, len(in))
		}
	})
}
