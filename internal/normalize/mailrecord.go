package normalize

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/mail"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// mailShape names e-mail among the shapes.
const mailShape = "mail"

// maxMailRows bounds the rows of one message; more is counted as lost.
const maxMailRows = 5000

// mailRecord makes the record of an e-mail: a row of EmailEvents for each
// recipient, of EmailUrlInfo for each address of the web, of EmailAttachmentInfo
// for each attachment and recipient, as Defender has them.
func (n *batch) mailRecord(raw *tocsin.Raw) (tocsin.Record, error) {
	m, err := mail.Read(raw.Body)
	if err != nil {
		return tocsin.Record{}, err
	}
	w := mailWriter{n: n, raw: raw, m: m, digest: raw.Digest(), at: m.Received, id: m.NetworkID}
	if w.at.IsZero() {
		w.at = m.Date
	}
	if w.at.IsZero() {
		w.lose("TimeGenerated", "no time")
		w.at = raw.ReceivedAt
	}
	if _, ok := value.GUID(w.id); !ok {
		digits := hex.EncodeToString(w.digest[:16])
		w.id = digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
	}
	for _, what := range m.Cut {
		w.lose(what, "more than is read, or damaged")
	}
	recipients := append(append(append([]string(nil), m.To...), m.Cc...), m.Bcc...)
	if len(recipients) == 0 {
		recipients = []string{""}
	}
	common := w.event()
	for _, recipient := range recipients {
		v := maps.Clone(common)
		v["RecipientEmailAddress"], v["RecipientDomain"] = recipient, mail.Domain(recipient)
		w.row("EmailEvents", v)
	}
	for _, u := range m.URLs {
		w.row("EmailUrlInfo", map[string]string{"Url": u.Text, "UrlDomain": u.Domain, "UrlLocation": u.Location})
	}
	for i := range m.Attachments {
		for _, recipient := range recipients {
			if w.isFull("EmailAttachmentInfo") {
				break
			}
			w.row("EmailAttachmentInfo", w.attachment(&m.Attachments[i], recipient))
		}
	}
	return tocsin.Record{Events: w.events, LogSource: tocsin.LogSource{Category: "email"}, Fields: w.fields(recipients)}, nil
}

// A mailWriter makes the rows of one message.
type mailWriter struct {
	n      *batch
	raw    *tocsin.Raw
	m      *mail.Message
	digest tocsin.Digest
	at     time.Time
	id     string // NetworkMessageId
	events []tocsin.Event
	count  map[string]int
}

func (w *mailWriter) lose(field, reason string) {
	w.n.losses.add(Loss{Source: w.raw.Source, Shape: mailShape, Table: "EmailEvents", Field: field, Reason: reason})
}

// isFull says that the message has as many rows as it may have, and counts it.
func (w *mailWriter) isFull(table string) bool {
	if len(w.events) < maxMailRows {
		return false
	}
	w.lose(table, "more rows than a message may have")
	return true
}

// row adds a row; what every table of e-mail has is filled in.
func (w *mailWriter) row(table string, values map[string]string) {
	t := w.n.tables[table]
	if t == nil || w.isFull(table) {
		return
	}
	b := w.n.newRow(t)
	b.source, b.shape = w.raw.Source, mailShape
	values["NetworkMessageId"], values["ReportId"], values["SourceSystem"] = w.id, w.id, "Tocsin"
	for name, text := range values {
		if i, ok := t.byName[name]; ok && text != "" {
			b.take(i, text, jsontext.String)
		}
	}
	b.setTime(w.at)
	if t.typeName >= 0 {
		b.values[t.typeName] = tocsin.StringValue(t.name)
	}
	if w.count == nil {
		w.count = map[string]int{}
	}
	w.events = append(w.events, tocsin.Event{
		ID: tocsin.IdentifyEvent(w.digest, table, w.count[table]), Table: table, Source: w.raw.Source,
		OccurredAt: w.at, ReceivedAt: w.raw.ReceivedAt, Values: b.finish(w.n.Normalizer),
	})
	w.count[table]++
}

// event is what the rows of all recipients say.
func (w *mailWriter) event() map[string]string {
	m := w.m
	v := map[string]string{
		"InternetMessageId": m.ID, "Subject": m.Subject, "EmailDirection": m.Direction, "EmailLanguage": m.Language,
		"SenderDisplayName": m.From.Name, "SenderFromAddress": m.From.Mailbox, "SenderFromDomain": mail.Domain(m.From.Mailbox),
		"SenderMailFromAddress": m.MailFrom, "SenderMailFromDomain": mail.Domain(m.MailFrom),
		"To": asJSON(m.To), "Cc": asJSON(m.Cc), "BulkComplaintLevel": m.BulkLevel,
		"AttachmentCount": strconv.Itoa(len(m.Attachments)), "UrlCount": strconv.Itoa(len(m.URLs)), "EmailSize": strconv.Itoa(len(w.raw.Body)),
		"AdditionalFields": w.others(),
	}
	if len(m.Auth) > 0 {
		v["AuthenticationDetails"] = asJSON(m.Auth)
	}
	switch {
	case m.SenderIP.Is4():
		v["SenderIPv4"] = m.SenderIP.String()
	case m.SenderIP.Is6():
		v["SenderIPv6"] = m.SenderIP.String()
	}
	return v
}

// others are the remaining fields of the header and the sender's own time.
func (w *mailWriter) others() string {
	headers := map[string][]string{}
	for _, h := range w.m.Others {
		headers[h.Name] = append(headers[h.Name], h.Value)
	}
	out := struct {
		Date    string              `json:"Date,omitempty"`
		Headers map[string][]string `json:"Headers,omitempty"`
	}{Headers: headers}
	if !w.m.Date.IsZero() {
		out.Date = value.TimeText(w.m.Date)
	}
	return asJSON(out)
}

func (w *mailWriter) attachment(a *mail.Attachment, recipient string) map[string]string {
	return map[string]string{
		"FileName": a.Name, "FileExtension": a.Extension, "FileType": a.Type, "FileSize": strconv.FormatInt(a.Size, 10), "SHA256": a.SHA256,
		"RecipientEmailAddress": recipient, "SenderDisplayName": w.m.From.Name, "SenderFromAddress": w.m.From.Mailbox,
	}
}

// fields are what rules see.
func (w *mailWriter) fields(recipients []string) []tocsin.Field {
	m := w.m
	list := []tocsin.Field{
		{Name: "Subject", Value: m.Subject}, {Name: "SenderFromAddress", Value: m.From.Mailbox}, {Name: "SenderDisplayName", Value: m.From.Name},
		{Name: "SenderMailFromAddress", Value: m.MailFrom}, {Name: "InternetMessageId", Value: m.ID}, {Name: "NetworkMessageId", Value: w.id},
	}
	for _, r := range recipients {
		list = append(list, tocsin.Field{Name: "RecipientEmailAddress", Value: r})
	}
	for _, u := range m.URLs {
		list = append(list, tocsin.Field{Name: "Url", Value: u.Text}, tocsin.Field{Name: "UrlDomain", Value: u.Domain})
	}
	for _, a := range m.Attachments {
		list = append(list, tocsin.Field{Name: "FileName", Value: a.Name}, tocsin.Field{Name: "SHA256", Value: a.SHA256})
	}
	return list
}

// asJSON writes values that have a JSON form; nothing gives nothing.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("a value without a JSON form: " + err.Error())
	}
	if text := string(b); text != "null" && text != "{}" {
		return text
	}
	return ""
}
