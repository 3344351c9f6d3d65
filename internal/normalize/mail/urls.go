package mail

import (
	"html"
	"net/url"
	"slices"
	"strings"
)

const maxURL = 4096 // bytes of one

// url takes an address once.
func (m *Message) url(text, location string) {
	if len(m.URLs) >= maxURLs {
		m.cut("addresses of the web")
		return
	}
	if slices.ContainsFunc(m.URLs, func(u URL) bool { return u.Text == text }) {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return
	}
	m.URLs = append(m.URLs, URL{Text: strings.ToValidUTF8(text, "\uFFFD"), Domain: strings.ToLower(strings.ToValidUTF8(u.Hostname(), "")), Location: location})
}

// schemes begin an address in a text.
var schemes = []string{"http://", "https://", "ftp://", "hxxp://", "hxxps://"}

// findURLs appends the addresses that a text spells out.
func findURLs(text string, found []string) []string {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		lower = text // letters whose case changes their length
	}
	for at := 0; len(found) <= maxURLs; {
		i := strings.Index(lower[at:], "://")
		if i < 0 {
			break
		}
		i += at
		at = i + len("://")
		start := -1
		for _, scheme := range schemes {
			if strings.HasSuffix(lower[:at], scheme) {
				start = at - len(scheme)
			}
		}
		if start < 0 {
			continue
		}
		end := len(text)
		if j := strings.IndexAny(text[at:], " \t\r\n\"<>{}|\\^`"); j >= 0 {
			end = at + j
		}
		end = min(end, start+maxURL)
		if u := strings.TrimRight(text[start:end], ".,;:!?)]'*"); len(u) > at-start {
			found = append(found, html.UnescapeString(u))
		}
		at = end
	}
	return found
}

// findLinks appends the addresses of a page's attributes, which need no scheme
// that a text would be known by.
func findLinks(page string, found []string) []string {
	lower := strings.ToLower(page)
	if len(lower) != len(page) {
		lower = page
	}
	for _, attribute := range []string{"href=", "src=", "action="} {
		for at := 0; len(found) <= maxURLs; {
			i := strings.Index(lower[at:], attribute)
			if i < 0 {
				break
			}
			at += i + len(attribute)
			value := page[at:min(len(page), at+maxURL)]
			quote := byte(' ')
			if value != "" && (value[0] == '"' || value[0] == '\'') {
				quote, value = value[0], value[1:]
			}
			end := strings.IndexByte(value, quote)
			if quote == ' ' {
				end = strings.IndexAny(value, " \t\r\n>")
			}
			if end < 0 {
				continue
			}
			u := strings.TrimSpace(html.UnescapeString(value[:end]))
			if strings.HasPrefix(u, "//") {
				u = "https:" + u
			}
			if strings.Contains(u, "://") {
				found = append(found, u)
			}
		}
	}
	return found
}
