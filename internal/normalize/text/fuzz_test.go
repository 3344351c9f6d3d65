package text

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// seed adds the texts of the golden files to a fuzz target.
func seed(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range archive.Files {
			if section.Name != "readings" {
				for _, s := range texts(section) {
					f.Add(s)
				}
			}
		}
	}
}

// check holds a reading to the package's promises.
func check(t *testing.T, rd *Reader, s string, read func(r *Reading) bool) {
	t.Helper()
	var r, again Reading
	ok := read(&r)
	if read(&again) != ok || len(again.Fields) != len(r.Fields) || !again.Time.Equal(r.Time) {
		t.Fatalf("%q is read in two ways", s)
	}
	if !ok {
		if len(r.Fields) > 0 {
			t.Fatalf("%q is no reading, but left %d fields", s, len(r.Fields))
		}
		return
	}
	if r.Shape == "" {
		t.Fatalf("%q has no shape", s)
	}
	size := 0
	for _, f := range r.Fields {
		if f.Name == "" {
			t.Fatalf("%q has a field without a name", s)
		}
		if utf8.ValidString(s) && !utf8.ValidString(f.Value) {
			t.Fatalf("%q has a field %s that is not UTF-8", s, f.Name)
		}
		size += len(f.Value)
	}
	if len(r.Fields) > maxFields+64 || size > 64<<10+16*len(s) {
		t.Fatalf("%q of %d bytes gives %d fields of %d bytes", s[:min(len(s), 200)], len(s), len(r.Fields), size)
	}
}

func FuzzSyslog(f *testing.F) {
	seed(f)
	rd := shipped(f)
	f.Fuzz(func(t *testing.T, s string) {
		check(t, rd, s, func(r *Reading) bool { rd.Syslog(r, s, value.Clock{Received: received}); return true })
	})
}

func FuzzLine(f *testing.F) {
	seed(f)
	rd := shipped(f)
	f.Fuzz(func(t *testing.T, s string) {
		check(t, rd, s, func(r *Reading) bool { return rd.Line(r, s, value.Clock{Received: received}) })
	})
}

// formats are the readers that recognise nothing themselves but their format.
func formats(rd *Reader) map[string]func(r *Reading, s string) bool {
	return map[string]func(r *Reading, s string) bool{
		"cef":   func(r *Reading, s string) bool { return CEF(r, s) },
		"leef":  func(r *Reading, s string) bool { return LEEF(r, s) },
		"audit": rd.Audit, "cisco": rd.Cisco, "named": rd.NamedLine, "unbound": rd.UnboundLine,
		"fortigate": FortiGate, "netfilter": Netfilter, "checkpoint": CheckPoint, "paloalto": PaloAlto, "filterlog": Filterlog,
		"sonicwall": SonicWall, "sophos": Sophos, "juniper": func(r *Reading, s string) bool { return Juniper(r, s, "id") },
		"access": AccessLog, "nginx": NginxError, "apache": ApacheError, "squid": Squid, "windowsdns": WindowsDNS, "windowsdhcp": WindowsDHCP,
	}
}

// FuzzFormats gives every text to every reader of one format.
func FuzzFormats(f *testing.F) {
	seed(f)
	all := formats(shipped(f))
	f.Fuzz(func(t *testing.T, s string) {
		for _, read := range all {
			check(t, nil, s, func(r *Reading) bool { return read(r, s) })
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("Failed {method} for {user*} from {ip} port {port} ssh2", "Failed password for a from b port c from d port 22 ssh2")
	f.Add("{a?}{b}", "x")
	f.Fuzz(func(t *testing.T, text, s string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		var r Reading
		if p.match(&r, s) != (len(r.Fields) > 0) {
			t.Fatalf("%q on %q: a match without fields, or fields without a match", text, s)
		}
	})
}

// TestHostileTexts gives texts made to cost much to every reader; each must end
// within the time that a linear reader needs, by far.
func TestHostileTexts(t *testing.T) {
	const size = 4 << 20
	rd := shipped(t)
	hostile := map[string]string{
		"backslashes": "CEF:0|a|b|c|d|e|f|" + strings.Repeat(`\`, size), "equals": "CEF:0|a|b|c|d|e|f|" + strings.Repeat("a=", size/2),
		"pairs": "date=x logid=1 type=t " + strings.Repeat("a=b ", size/4), "bars": "LEEF:2.0|" + strings.Repeat("|", size), "blanks": strings.Repeat(" ", size),
		"brackets": "<13>1 - - - - - " + strings.Repeat("[a ", size/3), "quotes": `<13>1 - - - - - [a b="` + strings.Repeat(`\"`, size/2),
		"commas": "1,2026/01/02 03:04:05,1,TRAFFIC," + strings.Repeat(",", size), "twins": `1,2026/01/02 03:04:05,1,TRAFFIC,"` + strings.Repeat(`""`, size/2),
		"from": "<13>Jan  2 03:04:05 h sshd[1]: Failed password for " + strings.Repeat(" from  port ", 1000), "sudo": "<13>Jan  2 03:04:05 h sudo: a : TTY=b ; PWD=" + strings.Repeat(" ; USER=", 1500),
		"args":   "type=EXECVE msg=audit(1767323030.123:4): argc=9 " + strings.Repeat("a1[1]=6161 ", size/11),
		"groups": strings.Repeat("type=PATH msg=audit(1767323030.123:4): item=0 name=\"/a\"\n", size/56), "open": strings.Repeat("[", size), "digits": strings.Repeat("1", size),
		"labels": "1/2/2026 3:04:00 PM 0D0C PACKET  0 UDP Rcv 192.0.2.10 0002 Q [0001 D NOERROR] A " + strings.Repeat("(1)a", size/4),
		"cisco":  "<13>%ASA-6-302013: Built inbound " + strings.Repeat("(", 10_000), "zero": strings.Repeat("\x00", size), "1d": "type=A msg=audit(1767323030.123:4): " + strings.Repeat("\x1d", size),
	}
	for name, s := range hostile {
		done := make(chan struct{})
		go func() {
			defer close(done)
			var r Reading
			rd.Syslog(&r, s, value.Clock{Received: received})
			if len(r.Fields) > maxFields+64 {
				t.Errorf("%s: %d fields", name, len(r.Fields))
			}
			r.Reset()
			rd.Line(&r, s, value.Clock{Received: received})
			for _, read := range formats(rd) {
				r.Reset()
				read(&r, s)
			}
		}()
		select {
		case <-done:
		case <-time.After(2 * time.Minute): // a quadratic reader needs hours
			stack := make([]byte, 1<<20)
			t.Fatalf("%s does not end:\n%s", name, stack[:runtime.Stack(stack, true)])
		}
	}
}

// TestMessageMistakes loads broken message files; each is refused with its name.
func TestMessageMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"shape: x\nmessages: |\n  a open {brace":         "message  a: \"open {brace\" has a brace that does not close",
		"shape: x\nmessages: |\n  a {x}{y}":              "message  a: \"{x}{y}\" has a place without a name, or two without a text between them",
		"shape: x\nmessages: |\n  a {}":                  "message  a: \"{}\" has a place without a name, or two without a text between them",
		"shape: x\nmessages: |\n  a":                     "message  a: \"\" is empty or has more than 16 places",
		"messages: |\n  a b":                             "shape \"\" is missing or declared twice",
		"shape: x\nprograms: [p, p]\nmessages: |\n  a b": "program p is declared twice",
		"shape: x\nunknown: 1":                           "unknown field",
	} {
		_, err := NewReader(fstest.MapFS{"messages/bad.yaml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "bad.yaml: ") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
