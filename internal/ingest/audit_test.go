package ingest_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

func TestAuditKey(t *testing.T) {
	for in, want := range map[string]string{
		"type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e":                         "1700000000.123:456",
		"<13>Nov 21 08:00:00 h audispd: node=h type=EXECVE msg=audit(1700000000.123:7): a0": "1700000000.123:7",
		"audit(1.2:3": "", "audit(:3)": "", "audit(1.2:)": "", "audit(x:3)": "", "audit(1:2:3)": "", "hello": "", "audit(" + strings.Repeat("1", 100) + ":1)": "",
	} {
		if got := string(ingest.AuditKey([]byte(in))); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestJoinAudit(t *testing.T) {
	lines := []struct {
		stream int64
		body   string
	}{
		{1, "<13>h audispd: type=SYSCALL msg=audit(1.1:7): a=1"},
		{2, "<13>g audispd: type=SYSCALL msg=audit(1.1:7): another host"},
		{1, "<13>h sshd: hello"},
		{1, "<13>h audispd: node=h type=EXECVE msg=audit(1.1:7): a0=ls"},
		{1, "type=EOE msg=audit(1.1:7): "},
		{1, "type=SYSCALL msg=audit(1.1:8): a=2"},
		{2, "<6>g kernel: audit: type=1400 msg=audit(1.1:7): b"},
	}
	raws := make([]tocsin.Raw, len(lines))
	for i, l := range lines {
		raws[i] = tocsin.Raw{Position: string(rune('a' + i)), Body: []byte(l.body)}
	}
	var got []string
	for _, raw := range ingest.JoinAudit(raws, func(i int) int64 { return lines[i].stream }) {
		got = append(got, raw.Position+" "+string(raw.Body))
	}
	want := []string{
		"a <13>h audispd: type=SYSCALL msg=audit(1.1:7): a=1\nnode=h type=EXECVE msg=audit(1.1:7): a0=ls\ntype=EOE msg=audit(1.1:7): ",
		"b <13>g audispd: type=SYSCALL msg=audit(1.1:7): another host\ntype=1400 msg=audit(1.1:7): b",
		"c <13>h sshd: hello",
		"f type=SYSCALL msg=audit(1.1:8): a=2",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestJoinAudit_GroupsAreBounded(t *testing.T) {
	var raws []tocsin.Raw
	for range 3 {
		raws = append(raws, tocsin.Raw{Body: []byte("type=X msg=audit(1.1:7): " + strings.Repeat("x", tocsin.MaxRawBytes/2))})
	}
	for _, raw := range ingest.JoinAudit(raws, func(int) int64 { return 0 }) {
		if len(raw.Body) > tocsin.MaxRawBytes {
			t.Errorf("a record of %d bytes", len(raw.Body))
		}
	}
}
