package text

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// A messageFile is the form of content/normalize/messages/*.yaml: what the
// messages of a program look like. A line of messages is an event's name and a
// pattern; of keyed files the message's own id stands before both.
type messageFile struct {
	Shape    string   `yaml:"shape"`
	Facility string   `yaml:"facility"` // where the programs log to, for messages that do not say it
	Programs []string `yaml:"programs"` // tags, lower case; none where a reader asks for the file by its shape
	Keyed    bool     `yaml:"keyed"`
	Messages string   `yaml:"messages"`
}

// Messages are the patterns of all files, compiled.
type Messages struct {
	programs map[string]*messageSet
	shapes   map[string]*messageSet
}

type messageSet struct {
	shape    string
	facility string
	patterns map[string][]pattern // by id; "" for all of a file that is not keyed
}

// maxMessage bounds the texts that patterns are tried on: a program's one-line
// messages are far shorter.
const maxMessage = 16 << 10

// LoadMessages reads messages/*.yaml below a folder. Errors name file and line.
func LoadMessages(fsys fs.FS) (*Messages, error) {
	m := &Messages{programs: map[string]*messageSet{}, shapes: map[string]*messageSet{}}
	names, err := fs.Glob(fsys, "messages/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing message files: %w", err)
	}
	var errs []error
	for _, name := range names {
		if err := m.load(fsys, name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path.Base(name), err))
		}
	}
	return m, errors.Join(errs...)
}

func (m *Messages) load(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	var f messageFile
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return err
	}
	set := &messageSet{shape: f.Shape, facility: f.Facility, patterns: map[string][]pattern{}}
	if f.Shape == "" || m.shapes[f.Shape] != nil {
		return fmt.Errorf("shape %q is missing or declared twice", f.Shape)
	}
	m.shapes[f.Shape] = set
	for _, program := range f.Programs {
		if m.programs[program] != nil {
			return fmt.Errorf("program %s is declared twice", program)
		}
		m.programs[program] = set
	}
	for line := range strings.SplitSeq(f.Messages, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key := ""
		if f.Keyed {
			key, line = word(line)
		}
		event, text := word(line)
		for _, text := range variants(text) {
			p, err := parsePattern(text)
			if err != nil {
				return fmt.Errorf("message %s %s: %w", key, event, err)
			}
			p.event = event
			set.patterns[key] = append(set.patterns[key], p)
		}
	}
	return nil
}

// variants writes a pattern out with and without each part in double brackets;
// maxVariants bounds them.
func variants(s string) []string {
	list := []string{s}
	for i := 0; i < len(list) && len(list) < maxVariants; {
		open := strings.Index(list[i], "[[")
		end := strings.Index(list[i], "]]")
		if open < 0 || end < open {
			i++
			continue
		}
		for end+2 < len(list[i]) && list[i][end+2] == ']' { // the part itself ends with a bracket
			end++
		}
		with := list[i][:open] + list[i][open+2:end] + list[i][end+2:]
		without := list[i][:open] + list[i][end+2:]
		list = slices.Replace(list, i, i+1, with, without)
	}
	return list
}

const maxVariants = 64

// program finds the messages of a program by its tag: "sshd",
// "/usr/sbin/cron", "postfix/smtpd".
func (m *Messages) program(tag string) *messageSet {
	if set := m.programs[tag]; set != nil {
		return set
	}
	if len(tag) > maxTag {
		return nil
	}
	return m.programs[strings.ToLower(strings.Trim(tag[strings.LastIndexByte(tag, '/')+1:], "()"))]
}

// read tries the patterns under a key; the first that fits names the event and
// adds its fields.
func (s *messageSet) read(r *Reading, key, text string) bool {
	if len(text) > maxMessage {
		return false
	}
	list := s.patterns[key]
	for i := range list {
		if p := &list[i]; p.match(r, text) {
			r.Shape = s.shape
			return true
		}
	}
	return false
}

// A pattern is a message with places for what changes:
//
//	Failed {method} for invalid user {user*} from {ip} port {port} ssh2
//
// {x} takes a word without blanks. {x*} takes any text, as much as it can: who
// signs in chooses the name, and may write " from 10.0.0.1 port 22" into it;
// what the program itself appended is behind the last one. {x?} takes any text,
// also none, as little as it can. [[text]] may be missing. A pattern fits a whole
// message.
type pattern struct {
	event string
	lead  string
	parts []part
}

type part struct {
	name   string
	greed  byte // 'w' word, '*' or '?'
	behind string
}

const maxParts = 16

func parsePattern(s string) (pattern, error) {
	var p pattern
	lead, rest, more := strings.Cut(s, "{")
	p.lead = lead
	for more {
		name, tail, ok := strings.Cut(rest, "}")
		if !ok {
			return p, fmt.Errorf("%q has a brace that does not close", s)
		}
		part := part{greed: 'w'}
		if n := len(name) - 1; n > 0 && (name[n] == '*' || name[n] == '?') {
			part.greed, name = name[n], name[:n]
		}
		part.name = name
		part.behind, rest, more = strings.Cut(tail, "{")
		if name == "" || strings.ContainsAny(name, " {") || part.behind == "" && more {
			return p, fmt.Errorf("%q has a place without a name, or two without a text between them", s)
		}
		p.parts = append(p.parts, part)
	}
	if s == "" || len(p.parts) > maxParts {
		return p, fmt.Errorf("%q is empty or has more than %d places", s, maxParts)
	}
	return p, nil
}

// maxTries bounds how many ways to lay a pattern over a text are tried.
const maxTries = 64

func (p *pattern) match(r *Reading, text string) bool {
	if !strings.HasPrefix(text, p.lead) {
		return false
	}
	var found [maxParts]string
	tries := maxTries
	if !p.lay(0, text[len(p.lead):], &found, &tries) {
		return false
	}
	r.Add("event", p.event)
	for i := range p.parts {
		r.Add(p.parts[i].name, found[i])
	}
	return true
}

// lay lays the parts from i on over the text.
func (p *pattern) lay(i int, s string, found *[maxParts]string, tries *int) bool {
	if i == len(p.parts) {
		return s == ""
	}
	part := &p.parts[i]
	limit := len(s)
	if part.greed == 'w' {
		if n := strings.IndexByte(s, ' '); n >= 0 {
			limit = n
		}
		if limit == 0 {
			return false
		}
	}
	if part.behind == "" {
		found[i] = s
		return limit == len(s)
	}
	try := func(end int) bool {
		*tries--
		found[i] = s[:end]
		return p.lay(i+1, s[end+len(part.behind):], found, tries)
	}
	if part.greed == '*' {
		for until := len(s); *tries > 0; {
			end := strings.LastIndex(s[:until], part.behind)
			if end < 0 {
				return false
			}
			if try(end) {
				return true
			}
			until = end + len(part.behind) - 1
		}
		return false
	}
	from := 0
	if part.greed == 'w' {
		from = 1
	}
	for *tries > 0 {
		n := strings.Index(s[from:], part.behind)
		if n < 0 || from+n > limit {
			return false
		}
		if try(from + n) {
			return true
		}
		from += n + 1
	}
	return false
}
