package normalize

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
)

// TestBadUTF8_BecomesGood puts a byte that is none of UTF-8 in front of, and for,
// every few bytes of each golden record: whatever the record still is, all it
// becomes is UTF-8, which the store insists on.
func TestBadUTF8_BecomesGood(t *testing.T) {
	n := shipped(t)
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range archive.Files {
			words := append(strings.Fields(section.Name), "", "")
			if words[0] != "raw" {
				continue
			}
			var raws []tocsin.Raw
			for line := range bytes.Lines(section.Data) {
				body := unfold(line)
				for at := 0; at < len(body); at += 1 + len(body)/100 {
					for _, bad := range []string{"\xff", "\xe4", "\xf0\x9f"} {
						in := append(append(append([]byte(nil), body[:at]...), bad...), body[at:]...)
						over := append(append(append([]byte(nil), body[:at]...), bad...), body[at+1:]...)
						for _, b := range [][]byte{in, over} {
							raws = append(raws, tocsin.Raw{Source: "test", Format: tocsin.Format(words[1]), Table: words[2], ReceivedAt: received, Body: b})
						}
					}
				}
			}
			records, _ := n.Batch(raws)
			for i := range records {
				checkUTF8(t, n, path, &records[i])
			}
		}
	}
}

// TestBadUTF8_Encoded: bytes that a record encodes are as bad as those it has.
func TestBadUTF8_Encoded(t *testing.T) {
	n := shipped(t)
	for format, body := range map[tocsin.Format]string{
		tocsin.FormatMail: "From: =?utf-8?q?a=ff?= <\"=?utf-8?q?=ff?=\"@x.example>\r\nSubject: =?utf-8?b?/w==?= http://%ff.example/%ff\r\nTo: =?utf-8?q?=ff?= <b@x.example>\r\n" +
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x-\xff; name*=utf-8''%ff\r\n\r\nx\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttp://x.example/=ff =\r\n--b--",
		tocsin.FormatLine:     "type=USER_CMD msg=audit(1609519102.123:45): pid=1 cmd=FFFE acct=\"x\" exe=C3 proctitle=FF00C3",
		tocsin.FormatJSONLine: `{"eventVersion":"1","eventSource":"\ud800","eventName":"\udc00\ud800","awsRegion":"r","eventTime":"2026-01-01T00:00:00Z","\ud800":{"\ud800":"\ud800"}}`,
	} {
		records, rejects := n.Batch([]tocsin.Raw{{Source: "test", Format: format, ReceivedAt: received, Body: []byte(body)}})
		if len(rejects) > 0 {
			t.Errorf("%s: %s", format, rejects[0].Reason)
		}
		for i := range records {
			checkUTF8(t, n, string(format), &records[i])
		}
	}
}

func checkUTF8(t *testing.T, n *Normalizer, path string, rec *tocsin.Record) {
	t.Helper()
	for _, f := range rec.Fields {
		if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value) {
			t.Errorf("%s: field %q: %q is no UTF-8", path, f.Name, f.Value)
		}
	}
	for _, e := range rec.Events {
		for i, v := range e.Values {
			if !utf8.ValidString(v.Str) {
				t.Errorf("%s: %s.%s is no UTF-8: %q", path, e.Table, n.tables[e.Table].columns[i].Name, v.Str)
			}
		}
	}
}
