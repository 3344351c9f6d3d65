// Package mail reads e-mail messages (RFC 5322, MIME) for what Defender's e-mail
// tables say of them: who, to whom, by which server, which addresses of the web
// and which attachments, with their hashes.
//
// It promises an answer in time and memory proportional to the message, whatever
// it is: headers, parts, nesting, addresses are bounded, and what exceeds a bound
// is said in Message.Cut. A part that cannot be decoded is taken as it is. It
// refuses a text that has none of the fields a message has.
//
// It is tested by messages in testdata and by a fuzz target.
package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	netmail "net/mail"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// The bounds of a message. More is cut, see Message.Cut.
const (
	maxParts      = 500
	maxDepth      = 10 // parts in parts, messages in messages
	maxURLs       = 1000
	maxRecipients = 1000
	maxHeaderText = 64 << 10 // of the other headers
)

// A Message is what is known of one e-mail.
type Message struct {
	ID          string // Message-ID without its brackets' blanks
	NetworkID   string // Exchange's own id, if it went through one
	Subject     string
	From        Address // who the reader sees
	MailFrom    string  // who the servers were told: Return-Path
	To, Cc, Bcc []string
	Date        time.Time // of the Date field; the sender chooses it
	Received    time.Time // by the last server; zero if none says
	SenderIP    netip.Addr
	Direction   string // Inbound, Outbound, Intra-org; empty if unknown
	Language    string
	BulkLevel   string            // Exchange's bulk complaint level
	Auth        map[string]string // SPF, DKIM, DMARC, CompAuth → result
	URLs        []URL
	Attachments []Attachment
	Others      []Header // fields that are none of the above
	Cut         []string // what was more than is read
}

// An Address is a mailbox.
type Address struct{ Name, Mailbox string }

// A URL is an address of the web in a message.
type URL struct {
	Text, Domain string
	Location     string // Body, Subject or Attachment, as Defender says
}

// An Attachment is a part that is no text of the message.
type Attachment struct {
	Name, Extension, Type string // file name; its ending; content type
	Size                  int64  // bytes once decoded
	SHA256                string
}

// A Header is one field of the header, unfolded.
type Header struct{ Name, Value string }

// ErrNoMessage says that a text is no e-mail.
var ErrNoMessage = errors.New("the text is no e-mail: it has neither From nor Received nor Message-ID in a header. Send the whole message, header and body")

// Read reads a message. A line "From …" before it, as in mailboxes, is skipped.
func Read(body []byte) (*Message, error) {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), "\r\n")
	if bytes.HasPrefix(body, []byte("From ")) {
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	in := bufio.NewReader(bytes.NewReader(body))
	// A damaged line in a header ends it; what was read until there counts.
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if header.Get("From") == "" && header.Get("Received") == "" && header.Get("Message-Id") == "" {
		return nil, ErrNoMessage
	}
	m := &Message{Auth: map[string]string{}}
	if err != nil && !errors.Is(err, io.EOF) {
		m.cut("the header is damaged")
	}
	clean(header)
	m.header(header)
	w := walker{m: m}
	w.part(part{header: header, in: in}, 0)
	for _, text := range findURLs(m.Subject, nil) {
		m.url(text, "Subject")
	}
	return m, nil
}

// clean makes UTF-8 of the fields of a header, which may be in any character set.
func clean(header textproto.MIMEHeader) {
	for _, values := range header {
		for i, v := range values {
			values[i] = strings.ToValidUTF8(v, "\uFFFD")
		}
	}
}

func (m *Message) cut(what string) {
	if !slices.Contains(m.Cut, what) {
		m.Cut = append(m.Cut, what)
	}
}

// header takes what the fields of the header say.
func (m *Message) header(h textproto.MIMEHeader) {
	m.ID = strings.TrimSpace(h.Get("Message-Id"))
	m.NetworkID = strings.ToLower(strings.TrimSpace(h.Get("X-Ms-Exchange-Organization-Network-Message-Id")))
	m.Subject = decodeWords(h.Get("Subject"))
	if from := m.addresses(h["From"]); len(from) > 0 {
		m.From = from[0]
	}
	if path := m.addresses(h["Return-Path"]); len(path) > 0 {
		m.MailFrom = path[0].Mailbox
	}
	m.To, m.Cc, m.Bcc = m.mailboxes(h["To"]), m.mailboxes(h["Cc"]), m.mailboxes(h["Bcc"])
	if len(m.To)+len(m.Cc)+len(m.Bcc) == 0 {
		m.To = m.mailboxes(h["Delivered-To"])
	}
	if at, err := netmail.ParseDate(h.Get("Date")); err == nil {
		m.Date = at.UTC()
	}
	m.received(h["Received"])
	m.Language = h.Get("Content-Language")
	m.Direction = directions[h.Get("X-Ms-Exchange-Organization-Messagedirectionality")]
	m.authentication(h)
	m.others(h)
}

// directions as Exchange writes them, and as Defender does.
var directions = map[string]string{"Incoming": "Inbound", "Originating": "Outbound"}

// known are the fields that have a place of their own.
var known = map[string]bool{
	"Message-Id": true, "Subject": true, "From": true, "To": true, "Cc": true, "Bcc": true, "Date": true, "Content-Language": true,
	"X-Ms-Exchange-Organization-Network-Message-Id": true, "X-Ms-Exchange-Organization-Messagedirectionality": true,
	"Mime-Version": true, "Content-Type": true, "Content-Transfer-Encoding": true, "Content-Disposition": true,
}

// others keeps the remaining fields, up to a bound.
func (m *Message) others(h textproto.MIMEHeader) {
	names := make([]string, 0, len(h))
	for name := range h {
		if !known[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	left := maxHeaderText
	for _, name := range names {
		for _, value := range h[name] {
			if left -= len(name) + len(value); left < 0 {
				m.cut("header fields")
				return
			}
			m.Others = append(m.Others, Header{Name: name, Value: strings.ToValidUTF8(value, "\uFFFD")})
		}
	}
}

// addresses reads the mailboxes of fields; what cannot be read is taken as text.
func (m *Message) addresses(fields []string) []Address {
	parser := netmail.AddressParser{WordDecoder: &words}
	var all []Address
	for _, text := range fields {
		if len(text) > maxHeaderText {
			m.cut("addresses")
			text = text[:maxHeaderText]
		}
		list, err := parser.ParseList(text)
		if err != nil {
			if box := looseMailbox(text); box != "" {
				all = append(all, Address{Name: decodeWords(text), Mailbox: box})
			}
			continue
		}
		for _, a := range list {
			// An encoded word may decode to anything.
			all = append(all, Address{Name: strings.ToValidUTF8(a.Name, "\uFFFD"), Mailbox: strings.ToLower(strings.ToValidUTF8(a.Address, ""))})
		}
	}
	if len(all) > maxRecipients {
		m.cut("addresses")
		all = all[:maxRecipients]
	}
	return all
}

func (m *Message) mailboxes(fields []string) []string {
	var boxes []string
	for _, a := range m.addresses(fields) {
		if !slices.Contains(boxes, a.Mailbox) {
			boxes = append(boxes, a.Mailbox)
		}
	}
	return boxes
}

// looseMailbox finds the first address in a text that no parser takes.
func looseMailbox(text string) string {
	at := strings.IndexByte(text, '@')
	if at <= 0 {
		return ""
	}
	const ends = " \t<>,;:\"()[]"
	from := strings.LastIndexAny(text[:at], ends) + 1
	to := len(text)
	if i := strings.IndexAny(text[at:], ends); i >= 0 {
		to = at + i
	}
	if from == at || to == at+1 {
		return ""
	}
	return strings.ToLower(strings.ToValidUTF8(text[from:to], ""))
}

// Domain is what stands behind the @ of a mailbox.
func Domain(mailbox string) string {
	return mailbox[strings.LastIndexByte(mailbox, '@')+1:]
}

// words decodes encoded words (RFC 2047) in the character sets that mail has.
var words = mime.WordDecoder{CharsetReader: decodeCharset}

func decodeWords(s string) string {
	text, err := words.DecodeHeader(s)
	if err != nil {
		text = s
	}
	return strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD")
}
