package ingest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

func TestParseSources(t *testing.T) {
	s, wrong := ingest.ParseSources([]byte(`# a comment
sources:
  - name: firewalls
    door: syslog
    listen: [udp://:514, "tls://:6514"]
    tls: {certificate: s.pem, key: /etc/s.key}
    limits: {recordsPerSecond: 1000}
    silence: 30m
    zone: Europe/Berlin
  - name: web
    door: hec
    tables: {access: W3CIISLog}
`), "/etc/tocsin")
	if len(wrong) > 0 || len(s.List) != 2 {
		t.Fatalf("%+v, %+v", s, wrong)
	}
	if one := s.List[0]; one.TLS.Certificate != filepath.Join("/etc/tocsin", "s.pem") || one.TLS.Key != "/etc/s.key" || one.Silence != 30*time.Minute || one.Limits.RecordsPerSecond != 1000 {
		t.Errorf("%+v", one)
	}
	if zone, err := s.List[0].Location(); err != nil || zone.String() != "Europe/Berlin" {
		t.Errorf("zone %v, %v", zone, err)
	}
	if got := s.List[1].TableFor("access"); got != "W3CIISLog" {
		t.Errorf("table %q", got)
	}
	for _, empty := range []string{"", "# nothing yet\n", "sources:\n", "sources: []\n"} {
		if s, wrong := ingest.ParseSources([]byte(empty), "."); len(wrong) > 0 || len(s.List) > 0 {
			t.Errorf("%q: %+v, %+v", empty, s, wrong)
		}
	}
}

func TestParseSources_SaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"sources:\n  - name: a\n    door: syslog\n    lisen: [x]\n", `4: There is no setting "lisen". docs/reference/sources-file.md lists them.`},
		{"sources:\n  - name: A b\n    door: fax\n", `2: name is "A b". Write 1 to 63 of a-z, 0-9 and . _ -, beginning with a letter or digit.|` +
			`3: door is "fax". Write one of http, hec, elastic, otlp, azure, syslog, kafka, folder.`},
		{"sources:\n  - name: a\n    door: hec\n    listen: [udp://:1]\n    limits:\n      connections: -1\n", `4: listen is a setting of syslog, not of hec. Remove it, or change door.|` +
			`6: limits.connections is a setting of syslog, not of hec. Remove it, or change door.|6: limits.connections is -1. Write a number above 0, or leave it out for the default.`},
		{"sources:\n  - {name: a, door: hec}\n  - {name: b, door: hec}\n\n  - {name: a, door: hec}\n", `5: There is a source hec:a in line 2 already. Give each source of a door a name of its own.`},
		{"sources:\n  - name: a\n    door: folder\n", `3: A folder source needs path: a file, a folder or a pattern such as /var/log/app/*.log.`},
		{"sources:\n  - name: a\n    door: syslog\n    zone: Berlin\n", `4: There is no time zone "Berlin". Write a name of the IANA database such as Europe/Berlin, or UTC.`},
		{"sources:\n  - name: a\n    door: syslog\n    zone: Local\n", `4: There is no time zone "Local". Write a name of the IANA database such as Europe/Berlin, or UTC.`},
		{"sources: 7\n", "1:"}, {"sources:\n  - name: [\n", "2:"}, {"sorces: []\n", "1: There is no setting"}, {"[]", "1:"}, {"\x00\xff: {", "1:"},
		{"sources:\n  - name: a\n    door: syslog\n    silence: soon\n", "4:"}, {strings.Repeat("#", 2<<20), "1: The file is larger"},
	} {
		_, wrong := ingest.ParseSources([]byte(c.in), ".")
		var got []string
		for _, m := range wrong {
			got = append(got, strconv.Itoa(m.Line)+": "+m.Text)
		}
		if text := strings.Join(got, "|"); text != c.want && (len(c.want) > 30 || !strings.HasPrefix(text, c.want)) {
			t.Errorf("%q:\n got %s\nwant %s", c.in, text, c.want)
		}
	}
}

func TestSourcesReference_NamesEverySetting(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/sources-file.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ingest.SettingNames() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/reference/sources-file.md does not say what `%s` is", name)
		}
	}
}

func FuzzParseSources(f *testing.F) {
	f.Add([]byte("sources:\n  - name: a\n    door: syslog\n    listen: [udp://:514]\n"))
	f.Add([]byte("sources: &a [*a]\n"))
	f.Add([]byte("sources:\n  - name: a\n    listen: ! 0\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, wrong := ingest.ParseSources(in, ".")
		for _, m := range wrong {
			if m.Line < 1 || m.Text == "" {
				t.Errorf("a mistake without place or words: %+v", m)
			}
		}
	})
}
