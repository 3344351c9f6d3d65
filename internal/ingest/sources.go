package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Sources are what a sources file says: settings of sources, by door and name.
type Sources struct {
	List []Settings
	file *ast.File
}

// A Mistake is something wrong in a sources file, with what to do about it.
type Mistake struct {
	Line int
	Text string
}

// settingsOnly lists the settings that belong to some doors only.
var settingsOnly = map[string][]string{
	"listen": {DoorSyslog}, "tls": {DoorSyslog, DoorKafka},
	"brokers": {DoorKafka}, "topics": {DoorKafka}, "group": {DoorKafka}, "sasl": {DoorKafka},
	"workspace": {DoorAzure}, "keyFile": {DoorAzure},
	"path": {DoorFolder}, "follow": {DoorFolder}, "links": {DoorFolder},
	"tls.clients": {DoorSyslog}, "tls.authority": {DoorKafka}, "limits.connections": {DoorSyslog},
}

// Doors are all door names, in the order of documentation.
var Doors = []string{DoorHTTP, DoorHEC, DoorElastic, DoorOTLP, DoorAzure, DoorSyslog, DoorKafka, DoorFolder}

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// maxSourcesFile bounds a sources file.
const maxSourcesFile = 1 << 20

// ParseSources reads a sources file as a whole: all that is wrong with it is
// returned, in the order of lines, and nothing of it is to be used then. Paths in
// it are relative to dir, the folder it lies in.
func ParseSources(text []byte, dir string) (sources *Sources, wrong []Mistake) {
	defer func() {
		// The YAML reader has its own defects: a tag before a scalar, for one.
		if p := recover(); p != nil {
			sources, wrong = nil, []Mistake{{1, fmt.Sprintf("The YAML cannot be read (%v). Write it without tags and anchors.", p)}}
		}
	}()
	if len(text) > maxSourcesFile {
		return nil, []Mistake{{1, fmt.Sprintf("The file is larger than %d KiB. Split what it says into fewer sources.", maxSourcesFile>>10)}}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, []Mistake{yamlMistake(err)}
	}
	var f struct {
		Sources []Settings `yaml:"sources"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict(), yaml.DisallowUnknownField()).Decode(&f); err != nil {
		if len(bytes.TrimSpace(text)) > 0 && len(file.Docs) > 0 && file.Docs[0].Body != nil {
			return nil, []Mistake{durationMistake(err, text)}
		}
	}
	s := &Sources{List: f.Sources, file: file}
	seen := map[string]int{}
	for i := range s.List {
		one := &s.List[i]
		wrong = append(wrong, s.check(i)...)
		key := one.Door + ":" + one.Name
		if first, twice := seen[key]; twice {
			wrong = append(wrong, Mistake{s.Line(i, "name"), fmt.Sprintf("There is a source %s in line %d already. Give each source of a door a name of its own.", key, first)})
		} else {
			seen[key] = s.Line(i, "name")
		}
		for _, path := range []*string{&one.TLS.Certificate, &one.TLS.Key, &one.TLS.Clients, &one.TLS.Authority, &one.SASL.PasswordFile, &one.KeyFile, &one.Path} {
			if *path != "" && !filepath.IsAbs(*path) {
				*path = filepath.Join(dir, *path)
			}
		}
		for j, path := range one.Links {
			if !filepath.IsAbs(path) {
				one.Links[j] = filepath.Join(dir, path)
			}
		}
	}
	slices.SortStableFunc(wrong, func(a, b Mistake) int { return a.Line - b.Line })
	return s, wrong
}

// check finds what is wrong with one source without opening anything.
func (s *Sources) check(i int) (wrong []Mistake) {
	one := &s.List[i]
	say := func(key, format string, args ...any) {
		wrong = append(wrong, Mistake{s.Line(i, key), fmt.Sprintf(format, args...)})
	}
	if !sourceName.MatchString(one.Name) {
		say("name", "name is %q. Write 1 to 63 of a-z, 0-9 and . _ -, beginning with a letter or digit.", one.Name)
	}
	if !slices.Contains(Doors, one.Door) {
		say("door", "door is %q. Write one of %s.", one.Door, strings.Join(Doors, ", "))
		return wrong
	}
	for key, doors := range settingsOnly {
		if !slices.Contains(doors, one.Door) && s.node(i, key) != nil {
			say(key, "%s is a setting of %s, not of %s. Remove it, or change door.", key, strings.Join(doors, " and "), one.Door)
		}
	}
	for key, n := range map[string]int{"recordBytes": one.Limits.RecordBytes, "recordsPerSecond": one.Limits.RecordsPerSecond, "connections": one.Limits.Connections} {
		if n < 0 {
			say("limits."+key, "limits.%s is %d. Write a number above 0, or leave it out for the default.", key, n)
		}
	}
	if _, err := one.Location(); err != nil {
		say("zone", "There is no time zone %q. Write a name of the IANA database such as Europe/Berlin, or UTC.", one.Zone)
	}
	if (one.Workspace == "") != (one.KeyFile == "") {
		say("workspace", "workspace and keyFile belong together: the id that senders sign for, and the file with the key they sign with.")
	}
	if one.Door == DoorFolder && one.Path == "" {
		say("door", "A folder source needs path: a file, a folder or a pattern such as /var/log/app/*.log.")
	}
	return wrong
}

// Line returns the line of a setting of a source, or of the source if the
// setting is not there. A setting within another is written with a dot.
func (s *Sources) Line(i int, key string) int {
	for _, path := range []string{key, "name", ""} {
		if n := s.node(i, path); n != nil {
			return n.GetToken().Position.Line
		}
	}
	return 1
}

// node finds a setting in the tree; nil if it is not there.
func (s *Sources) node(i int, key string) ast.Node {
	text := "$.sources[" + strconv.Itoa(i) + "]"
	if key != "" {
		text += "." + key
	}
	path, err := yaml.PathString(text)
	if err != nil {
		return nil
	}
	n, err := path.FilterFile(s.file)
	if err != nil || n == nil {
		return nil
	}
	return n
}

// yamlMistake takes the line out of an error of the YAML reader.
func yamlMistake(err error) Mistake {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		text := e.GetMessage()
		if field, ok := strings.CutPrefix(text, "unknown field "); ok {
			text = fmt.Sprintf("There is no setting %s. docs/reference/sources-file.md lists them", field)
		}
		return Mistake{e.GetToken().Position.Line, strings.ToUpper(text[:1]) + text[1:] + "."}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return Mistake{1, first}
}

// durationMistake finds the place of a duration that is none, which the YAML
// reader reports without one.
func durationMistake(err error, text []byte) Mistake {
	_, quoted, found := strings.Cut(err.Error(), "invalid duration ")
	value, unquoteErr := strconv.Unquote(quoted)
	if !found || unquoteErr != nil {
		return yamlMistake(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, "silence") && strings.Contains(line, value) {
			return Mistake{i + 1, fmt.Sprintf("silence is %q. Write a time such as 30m or 24h, or -1s for never.", value)}
		}
	}
	return yamlMistake(err)
}

// SettingNames are the names of all settings, those within another written with
// a dot: what the reference page has to list.
func SettingNames() []string {
	var names []string
	var walk func(t reflect.Type, prefix string)
	walk = func(t reflect.Type, prefix string) {
		for i := range t.NumField() {
			name := prefix + t.Field(i).Tag.Get("yaml")
			if t.Field(i).Type.Kind() == reflect.Struct {
				walk(t.Field(i).Type, name+".")
				continue
			}
			names = append(names, name)
		}
	}
	walk(reflect.TypeFor[Settings](), "")
	return names
}
