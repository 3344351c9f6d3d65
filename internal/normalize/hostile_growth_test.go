package normalize

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
)

// An attack is a record that costs a careless reader more than it weighs.
type attack struct {
	name   string
	format tocsin.Format
	table  string
	body   func(size int) string
}

// filled repeats a piece to about size bytes; %d in it is its number.
func filled(head, piece, foot string, size int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; b.Len() < size; i++ {
		if strings.Contains(piece, "%d") {
			fmt.Fprintf(&b, piece, i)
		} else {
			b.WriteString(piece)
		}
	}
	return strings.TrimSuffix(b.String(), ",") + foot
}

// TestHostile_CostsWhatItWeighs sends records that were made to cost more than
// they weigh, in one megabyte and in as much as a record may have. Whatever they
// become, the memory they take is bounded, and four times the size takes little
// more than four times the memory. That time is linear, too, is not measured: a
// reader that is not needs minutes for these.
func TestHostile_CostsWhatItWeighs(t *testing.T) {
	n := shipped(t)
	const most = 100 << 20 // bytes that a megabyte may cost
	for _, a := range attacks {
		var cost [2]uint64
		for i, size := range [2]int{1 << 20, tocsin.MaxRawBytes - 1<<10} {
			raw := tocsin.Raw{Source: "test", Format: a.format, Table: a.table, ReceivedAt: received, Body: []byte(a.body(size))}
			raw.Body = raw.Body[:min(len(raw.Body), tocsin.MaxRawBytes)]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if records, rejects := n.Batch([]tocsin.Raw{raw}); len(records)+len(rejects) != 1 {
				t.Errorf("%s: %d records, %d rejects", a.name, len(records), len(rejects))
			}
			runtime.ReadMemStats(&after)
			cost[i] = after.TotalAlloc - before.TotalAlloc
		}
		if cost[0] > most || cost[1] > 5*cost[0]+16<<20 {
			t.Errorf("%s: 1 MiB costs %d MiB, 4 MiB cost %d MiB", a.name, cost[0]>>20, cost[1]>>20)
		}
	}
}

const cloudtrailHead = `{"eventVersion":"1","eventSource":"s","eventName":"n","awsRegion":"r","eventTime":"2026-01-01T00:00:00Z",`
const evtxHead = `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":1,"Channel":"C"},`

var attacks = []attack{
	{"json distinct names", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead, `"a%d":1,`, "}", n) }},
	{"json same name", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead, `"a":1,`, "}", n) }},
	{"json known name", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead, `"userAgent":"x",`, "}", n) }},
	{"json array of numbers", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead+`"a":[`, `1,`, "]}", n) }},
	{"json array of objects", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead+`"a":[`, `{"b":1},`, "]}", n) }},
	{"json array of arrays", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead+`"a":[`, `[],`, "]}", n) }},
	{"json long parent, many children", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(cloudtrailHead+`"`+strings.Repeat("k", n/2)+`":{`, `"a%d":1,`, "}}", n)
	}},
	{"json long keys nested", tocsin.FormatJSONLine, "", func(n int) string {
		return cloudtrailHead + strings.Repeat(`"`+strings.Repeat("k", n/60)+`":{`, 59) + `"a":1` + strings.Repeat("}", 60)
	}},
	{"json nested objects at depth", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(cloudtrailHead+strings.Repeat(`"a":{`, 55), `"b%d":{"c":{"d":1}},`, strings.Repeat("}", 56), n)
	}},
	{"json escaped text", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead+`"a":"`, `\u0001`, `"}`, n) }},
	{"json lone surrogates nested", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(cloudtrailHead+strings.Repeat(`"a":{`, 55)+`"x":"`, `\ud800`, `"`+strings.Repeat("}", 56), n)
	}},
	{"json dotted names", tocsin.FormatJSONLine, "", func(n int) string { return filled(cloudtrailHead, `"a.b.c.d.e.f%d":1,`, "}", n) }},
	{"json dots", tocsin.FormatJSONLine, "", func(n int) string { return cloudtrailHead + `"` + strings.Repeat("a.", n/2) + `":1}` }},
	{"json arrays at every depth", tocsin.FormatJSONLine, "", func(n int) string {
		return cloudtrailHead + `"requestParameters":` + strings.Repeat(`{"a":[`, 28) + `"` + strings.Repeat("x", n) + `"` + strings.Repeat(`]}`, 28) + "}"
	}},
	{"suricata answers", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"timestamp":"2026-03-01T08:40:02.000000+0000","event_type":"dns","src_ip":"10.1.2.3","dest_ip":"10.1.0.1","dns":{"answers":[`, `{"rdata":"1"},`, "]}}", n)
	}},
	{"m365 pairs", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"CreationTime":"2026-01-01T00:00:00","Operation":"New-InboxRule","RecordType":1,"Workload":"Exchange","UserId":"u","Parameters":[`, `{"Name":"n%d","Value":"v"},`, "]}", n)
	}},
	{"entra resources", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"category":"AuditLogs","time":"2026-01-01T00:00:00Z","operationName":"x","properties":{"targetResources":[`, `{"displayName":"d%d","modifiedProperties":[{"displayName":"a"}]},`, "]}}", n)
	}},
	{"okta targets", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"eventType":"e","published":"2026-01-01T00:00:00Z","actor":{},"outcome":{},"uuid":"u","target":[`, `{"id":"%d","type":"User"},`, "]}", n)
	}},
	{"row distinct names", tocsin.FormatRow, "SigninLogs", func(n int) string { return filled("{", `"a%d":1,`, "}", n) }},
	{"row same column", tocsin.FormatRow, "SecurityEvent", func(n int) string { return filled("{", `"EventID":"x",`, "}", n) }},
	{"row dynamic leaves long path", tocsin.FormatRow, "SigninLogs", func(n int) string {
		return filled(`{"DeviceDetail":{"`+strings.Repeat("k", n/2)+`":{`, `"a":1,`, "}}}", n)
	}},
	{"row xml data", tocsin.FormatRow, "Event", func(n int) string { return `{"EventData":"<a>` + strings.Repeat("<b>", n/3) + `"}` }},
	{"row xml chardata", tocsin.FormatRow, "Event", func(n int) string {
		return `{"EventData":"<a>` + strings.Repeat("x<!---->", n/8) + `</a>"}`
	}},
	{"evtx data distinct", tocsin.FormatEvtx, "", func(n int) string { return filled(evtxHead+`"EventData":{`, `"a%d":"x",`, "}}}", n) }},
	{"evtx data numbers", tocsin.FormatEvtx, "", func(n int) string { return filled(evtxHead+`"EventData":{"Data":[`, `1,`, "]}}}", n) }},
	{"evtx 8000 nameless", tocsin.FormatEvtx, "", func(n int) string {
		return evtxHead + `"EventData":{"Data":[` + strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", n/8000)+`",`, 8000), ",") + "]}}}"
	}},
	{"evtx userdata distinct", tocsin.FormatEvtx, "", func(n int) string {
		return evtxHead + `"UserData":{` + strings.TrimSuffix(filled("", `"a%d":"x",`, "", min(n, 80_000)), ",") + "}}}"
	}},
	{"evtx userdata long parent", tocsin.FormatEvtx, "", func(n int) string {
		return evtxHead + `"UserData":{"` + strings.Repeat("k", n) + `":{` + strings.TrimSuffix(strings.Repeat(`"a":"x",`, 8000), ",") + "}}}}"
	}},
	{"evtx system", tocsin.FormatEvtx, "", func(n int) string { return filled(`{"Event":{"System":{`, `"a%d":"x",`, "}}}", n) }},
	{"xml userdata long parent", tocsin.FormatWindows, "", func(n int) string {
		return `<Event><System><EventID>1</EventID><Channel>C</Channel></System><UserData><` + strings.Repeat("k", n) + `>` + strings.Repeat(`<a>1</a>`, 8000) + `</` + strings.Repeat("k", n) + `></UserData></Event>`
	}},
	{"xml userdata attributes", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel></System><UserData><T`, ` a%d="x"`, `/></UserData></Event>`, n)
	}},
	{"xml userdata of one long name", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel></System><UserData>`, `<`+strings.Repeat("k", 1000)+`/>`, `</UserData></Event>`, n)
	}},
	{"xml userdata of nothing but parents", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel></System><UserData>`, strings.Repeat("<a>", 60)+strings.Repeat("</a>", 60), `</UserData></Event>`, n)
	}},
	{"xml eventdata", tocsin.FormatWindows, "", func(n int) string {
		return `<Event><System><EventID>1</EventID><Channel>C</Channel></System><EventData>` + filled("", `<Data Name="a%d">x</Data>`, "", min(n, 200_000)) + `</EventData></Event>`
	}},
	{"xml attributes", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel><T`, ` a%d="x"`, `/></System></Event>`, n)
	}},
	{"xml empty elements", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel>`, `<a/>`, `</System></Event>`, n)
	}},
	{"xml namespaces", tocsin.FormatWindows, "", func(n int) string {
		return filled(`<Event><System><EventID>1</EventID><Channel>C</Channel></System><EventData>`, `<a xmlns="x"/>`, `</EventData></Event>`, n)
	}},
	{"winlogbeat xml and data, distinct names", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"winlog":{"event_id":1,"channel":"C","event_data":{`, `"j%d":"x",`, "}}", min(n, 60_000)) +
			filled(`,"event":{"original":"<Event><System><EventID>1</EventID><Channel>C</Channel></System><EventData>`, `<Data Name='a%d'>x</Data>`, `</EventData></Event>"}}`, min(n, 200_000))
	}},
	{"winlogbeat xml, the same value", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"winlog":{`, `"event_id":1,`, `,"channel":"C"}`, min(n, 100_000)) +
			filled(`,"event":{"original":"<Event><System><Channel>C</Channel>`, `<EventID>1</EventID>`, `</System></Event>"}}`, min(n, 160_000))
	}},
	{"winlogbeat xml namespaces", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"winlog":{"event_id":1,"channel":"C"},"event":{"original":"<Event><System><EventID>1</EventID><Channel>C</Channel></System><EventData>`, `<a xmlns='x'/>`, `</EventData></Event>"}}`, n)
	}},
	{"winlogbeat xml, many originals", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"winlog":{"event_id":1,"channel":"C"},"event":{`, `"original":"<Event>",`, `}}`, n)
	}},
	{"nxlog", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"EventID":1,"SourceName":"s","Channel":"c","Hostname":"h",`, `"a%d":"x",`, "}", n)
	}},
	{"cef many keys", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>Jan  2 03:04:00 h CEF:0|V|P|1|i|n|3|", "k%d=v ", "", n) }},
	{"cef equals", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>Jan  2 03:04:00 h CEF:0|V|P|1|i|n|3|", "k=", "", n) }},
	{"cef key bytes", tocsin.FormatSyslog, "", func(n int) string {
		return filled("<134>Jan  2 03:04:00 h CEF:0|V|P|1|i|n|3|a=b ", "k", "", n)
	}},
	{"cef long key equals", tocsin.FormatSyslog, "", func(n int) string {
		return "<134>Jan  2 03:04:00 h CEF:0|V|P|1|i|n|3|a=b x" + strings.Repeat("k", n/2) + strings.Repeat("=", n/2)
	}},
	{"cef backslashes", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>Jan  2 03:04:00 h CEF:0|V|P|1|i|n|3|a=", `\n`, "", n) }},
	{"leef", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>Jan  2 03:04:00 h LEEF:1.0|V|P|1|i|", "k%d=v\t", "", n) }},
	{"sdata elements", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>1 2026-01-01T00:00:00Z h a p m ", `[a@1 b="c"]`, " x", n) }},
	{"sdata transport", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>1 2026-01-01T00:00:00Z h a p m ", `[meta b="c"]`, " x", n) }},
	{"sdata open", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>1 2026-01-01T00:00:00Z h a p m ", `[a "`, " x", n) }},
	{"junos", tocsin.FormatSyslog, "", func(n int) string {
		return filled(`<134>1 2026-01-01T00:00:00Z h a p m [junos@2636.1 `, `k%d="v" `, "]", n)
	}},
	{"fortigate", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>date=2026-01-01 logid=1 type=x ", "k%d=v ", "", n) }},
	{"fortigate quotes", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>date=2026-01-01 logid=1 type=x ", `k="\"" `, "", n) }},
	{"netfilter flags", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>Jan  2 03:04:00 h kernel: IN=a OUT=b SRC=1 ", "X ", "", n) }},
	{"checkpoint", tocsin.FormatSyslog, "", func(n int) string { return filled(`<134>Jan  2 03:04:00 h x: [action:"Accept"; `, `a:"b"; `, "]", n) }},
	{"paloalto", tocsin.FormatSyslog, "", func(n int) string {
		return filled("<134>Jan  2 03:04:00 h 1,2026/01/01 00:00:00,1,TRAFFIC,", ",", "", n)
	}},
	{"paloalto quotes", tocsin.FormatSyslog, "", func(n int) string {
		return filled("<134>Jan  2 03:04:00 h 1,2026/01/01 00:00:00,1,TRAFFIC,", `"""",`, "", n)
	}},
	{"filterlog", tocsin.FormatSyslog, "", func(n int) string { return filled("<134>filterlog[1]: ", ",", "", n) }},
	{"auditd records", tocsin.FormatLine, "", func(n int) string {
		return filled("", "type=PATH msg=audit(1609519102.123:45): item=0 name=\"/x\" nametype=CREATE\n", "", n)
	}},
	{"auditd execve args", tocsin.FormatLine, "", func(n int) string {
		return filled("type=EXECVE msg=audit(1609519102.123:45): argc=9 ", `a%d="x" `, "", n)
	}},
	{"auditd execve pieces", tocsin.FormatLine, "", func(n int) string {
		return filled("type=EXECVE msg=audit(1609519102.123:45): argc=9 ", `a0[%d]=61 `, "", n)
	}},
	{"auditd nested msg", tocsin.FormatLine, "", func(n int) string {
		return filled("type=USER_CMD msg=audit(1609519102.123:45): ", `msg=`, "", n)
	}},
	{"auditd braces", tocsin.FormatLine, "", func(n int) string {
		return filled("type=AVC msg=audit(1609519102.123:45): ", `{ `, "", n)
	}},
	{"auditd quotes", tocsin.FormatLine, "", func(n int) string {
		return filled("type=AVC msg=audit(1609519102.123:45): ", `a=" b=' `, "", n)
	}},
	{"access log", tocsin.FormatLine, "", func(n int) string {
		return `192.0.2.1 - - [02/Jan/2026:03:04:00 -0500] "GET /` + strings.Repeat(`\"`, n/2) + `" 200 5`
	}},
	{"apache error", tocsin.FormatLine, "", func(n int) string { return filled("[Sun Nov 22 00:12:37.123 2026] [core:error] ", "[a b] ", "", n) }},
	{"sshd message", tocsin.FormatSyslog, "", func(n int) string {
		return "<38>Jan  2 03:04:00 h sshd[1]: Failed password for invalid user " + strings.Repeat(" from ", min(n, 16000)/6) + " port 22 ssh2"
	}},
	{"windows dns labels", tocsin.FormatLine, "", func(n int) string {
		return "11/22/2025 12:12:37 AM 0D0C PACKET  00000248C3A9B0A0 UDP Rcv 192.0.2.1 0002   Q [0001   D   NOERROR] A      " + strings.Repeat("(1)a", n/4)
	}},
	{"mail header bomb", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\n", "X-%d: y\r\n", "\r\nbody", n) }},
	{"mail same header", tocsin.FormatMail, "", func(n int) string {
		return filled("From: a@b\r\n", "Received: from x by y; Thu, 1 Jan 2026 00:00:00 +0000\r\n", "\r\nbody", n)
	}},
	{"mail recipients", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nTo: ", "r%d@example.com, ", "c@d\r\n\r\nbody", n) }},
	{"mail recipients, attachments", tocsin.FormatMail, "", func(n int) string {
		to := filled("", "r%d@example.com, ", "c@d", 20_000)
		return filled("From: a@b\r\nTo: "+to+"\r\nX-Long: "+strings.Repeat("x", 60_000)+"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\nContent-Disposition: attachment; filename=a%d\r\n\r\nx\r\n", "--b--", n)
	}},
	{"mail to fields", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\n", "To: r%d@example.com\r\n", "\r\nbody", n) }},
	{"mail nested multipart", tocsin.FormatMail, "", func(n int) string {
		s := "From: a@b\r\n"
		for i := range 12 {
			s += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return s + "Content-Type: text/plain\r\n\r\n" + strings.Repeat("--b1x\r\n", n/7)
	}},
	{"mail nested rfc822", tocsin.FormatMail, "", func(n int) string {
		return "From: a@b\r\n" + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 12) + strings.Repeat("x", n)
	}},
	{"mail many parts", tocsin.FormatMail, "", func(n int) string {
		return filled("From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b--", n)
	}},
	{"mail urls", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\n\r\n", "http://a%d.example/ ", "", n) }},
	{"mail url letters", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\n\r\n", "://", "", n) }},
	{"mail html links", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nContent-Type: text/html\r\n\r\n", "href='x", "", n) }},
	{"mail html entities", tocsin.FormatMail, "", func(n int) string {
		return filled("From: a@b\r\nContent-Type: text/html\r\n\r\n<a href='http://x/", "&amp;", "'>", n)
	}},
	{"mail encoded words", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nSubject: ", "=?utf-8?q?a?= ", "\r\n\r\nx", n) }},
	{"mail latin1", tocsin.FormatMail, "", func(n int) string {
		return "From: a@b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n" + strings.Repeat("\xe4", n)
	}},
	{"mail folded header", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nX: y\r\n", " z\r\n", "\r\nx", n) }},
	{"mail content type", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nContent-Type: a/b", "; p%d=v", "\r\n\r\nx", n) }},
	{"mail content type continuation", tocsin.FormatMail, "", func(n int) string { return filled("From: a@b\r\nContent-Type: a/b", "; p*%d=v", "\r\n\r\nx", n) }},
	{"mail from comments", tocsin.FormatMail, "", func(n int) string { return "From: " + strings.Repeat("(", n) + "a@b\r\n\r\nx" }},
	{"envelopes", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"event":"x","sourcetype":"y","host":"h","time":1,`, `"fields%d":1,`, "}", n)
	}},
	{"ecs flat dots", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"@timestamp":"2026-01-01T00:00:00Z","ecs.version":"1","event.action":"x",`, `"process.a%d":"x",`, "}", n)
	}},
	{"azure suffixed", tocsin.FormatJSONLine, "", func(n int) string {
		return filled(`{"category":"X","time":"2026-01-01T00:00:00Z","resourceId":"/subscriptions/x","operationName":"o","properties":{`, `"a%d":"x",`, "}}", n)
	}},
	{"azure suffixed deep", tocsin.FormatJSONLine, "", func(n int) string {
		return `{"category":"X","time":"2026-01-01T00:00:00Z","resourceId":"/subscriptions/x","operationName":"o","properties":` + strings.Repeat(`{"`+strings.Repeat("k", n/50)+`":`, 50) + "1" + strings.Repeat("}", 51)
	}},
}
