package mail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"path"
	"strings"
)

// A part is a piece of a message with its own header.
type part struct {
	header textproto.MIMEHeader
	in     io.Reader
}

// A walker goes through the parts of a message.
type walker struct {
	m     *Message
	parts int
}

// part reads one part and those in it.
func (w *walker) part(p part, depth int) {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		w.m.cut("parts")
		return
	}
	clean(p.header)
	kind, params, err := mime.ParseMediaType(p.header.Get("Content-Type"))
	if err != nil && kind == "" {
		kind = "text/plain"
	}
	disposition, fileParams, _ := mime.ParseMediaType(p.header.Get("Content-Disposition"))
	name := decodeWords(fileParams["filename"])
	if name == "" {
		name = decodeWords(params["name"])
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		w.multipart(p, params["boundary"], depth)
	case strings.HasPrefix(kind, "text/") && disposition != "attachment" && name == "":
		w.text(decoded(p), kind, params["charset"])
	case kind == "message/rfc822" && depth < maxDepth:
		w.message(p, name, depth)
	default:
		w.attachment(p, kind, name)
	}
}

func (w *walker) multipart(p part, boundary string, depth int) {
	r := multipart.NewReader(decoded(p), boundary)
	for w.parts <= maxParts {
		next, err := r.NextRawPart()
		if err != nil {
			if err != io.EOF {
				w.m.cut("a damaged part")
			}
			return
		}
		w.part(part{header: next.Header, in: next}, depth+1)
	}
}

// text finds addresses of the web in a text of the message.
func (w *walker) text(in io.Reader, kind, charset string) {
	body, err := io.ReadAll(in) // a message is bounded, and decoding makes it shorter
	if err != nil && len(body) == 0 {
		return
	}
	if r, err := decodeCharset(charset, bytes.NewReader(body)); err == nil {
		if text, err := io.ReadAll(r); err == nil {
			body = text
		}
	}
	var found []string
	if kind == "text/html" {
		found = findLinks(string(body), nil)
	}
	for _, text := range findURLs(string(body), found) {
		w.m.url(text, "Body")
	}
}

// message takes a message in a message as an attachment, and looks into it.
func (w *walker) message(p part, name string, depth int) {
	body, _ := io.ReadAll(decoded(p))
	if name == "" {
		name = "message.eml"
	}
	w.add(name, "message/rfc822", body)
	in := bufio.NewReader(bytes.NewReader(body))
	header, _ := textproto.NewReader(in).ReadMIMEHeader()
	if header == nil {
		return
	}
	before := len(w.m.URLs)
	w.part(part{header: header, in: in}, depth+1)
	for i := before; i < len(w.m.URLs); i++ {
		w.m.URLs[i].Location = "Attachment"
	}
}

func (w *walker) attachment(p part, kind, name string) {
	body, _ := io.ReadAll(decoded(p))
	if name == "" && len(body) == 0 {
		return
	}
	w.add(name, kind, body)
}

func (w *walker) add(name, kind string, body []byte) {
	sum := sha256.Sum256(body)
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" {
		name = ""
	}
	w.m.Attachments = append(w.m.Attachments, Attachment{
		Name: name, Extension: strings.ToLower(strings.TrimPrefix(path.Ext(name), ".")), Type: kind,
		Size: int64(len(body)), SHA256: hex.EncodeToString(sum[:]),
	})
}

// decoded undoes the transfer encoding of a part.
func decoded(p part) io.Reader {
	switch strings.ToLower(strings.TrimSpace(p.header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &base64Letters{in: p.in})
	case "quoted-printable":
		return quotedprintable.NewReader(p.in)
	}
	return p.in
}

// base64Letters leaves out what is no letter of base64, as mail may have it.
type base64Letters struct{ in io.Reader }

func (b *base64Letters) Read(p []byte) (int, error) {
	for {
		n, err := b.in.Read(p)
		kept := p[:0]
		for _, c := range p[:n] {
			if c-'A' < 26 || c-'a' < 26 || c-'0' < 10 || c == '+' || c == '/' || c == '=' {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil {
			return len(kept), err
		}
	}
}

// decodeCharset turns a text into UTF-8. Of a set it does not know it takes the
// ASCII letters, which addresses of the web consist of.
func decodeCharset(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "utf-16", "utf-16le", "utf-16be":
		body, err := io.ReadAll(in)
		return strings.NewReader(strings.ReplaceAll(string(body), "\x00", "")), err
	}
	body, err := io.ReadAll(in)
	var b strings.Builder
	for _, c := range body { // ISO 8859-1, and near enough for its relatives
		b.WriteRune(rune(c))
	}
	return strings.NewReader(b.String()), err
}
