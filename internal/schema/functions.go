package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Bounds of a folder of functions. A function with a call of it is at most as long as a
// query that a person may run.
const (
	maxFunctionFiles = 5000
	maxParameters    = 100
	maxFunctionBytes = 60 << 10
)

// A Function is a function of the workspace, read from a file. Its text is
// well-formed KQL; whether it compiles is for the caller to find out.
type Function struct {
	catalog.SavedFunction
	Params []FunctionParameter // what Parameters declares, in order
	Path   string              // the file, for people: "builtin/FailedSignIns.yaml"
	// Replaceable gives way to a function of the same name in another folder: those
	// that stand in for a published one.
	Replaceable bool
}

// A FunctionParameter is one parameter of a function.
type FunctionParameter struct {
	Name    string
	Type    string // a scalar type's name, or "(*)" for rows
	Default string // a KQL literal; empty when the argument is required
}

// A RejectedFunction is a file that holds no usable function, and why.
type RejectedFunction struct {
	Path, Name, Reason string
}

// functionFile is the form of content/functions/<name>.yaml.
type functionFile struct {
	Name        string           `yaml:"name"`
	Description string           `yaml:"description"`
	Parameters  []parameterEntry `yaml:"parameters"`
	Replaceable bool             `yaml:"replaceable"`
	Query       string           `yaml:"query"`
}

type parameterEntry struct {
	Name    string `yaml:"name"`
	Type    string `yaml:"type"`
	Default any    `yaml:"default"`
}

// publishedFile is what matters of the forms in which the Microsoft Sentinel
// repository keeps functions: Parsers/ASim*/Parsers (ParserName, ParserQuery) and
// Solutions/*/Parsers (FunctionName, FunctionAlias, FunctionQuery).
type publishedFile struct {
	Function struct {
		Title string `yaml:"Title"`
	} `yaml:"Function"`
	Parser struct {
		Title string `yaml:"Title"`
	} `yaml:"Parser"`
	Description             string           `yaml:"Description"`
	FunctionName            string           `yaml:"FunctionName"`
	FunctionAlias           string           `yaml:"FunctionAlias"`
	ParserName              string           `yaml:"ParserName"`
	EquivalentBuiltInParser string           `yaml:"EquivalentBuiltInParser"`
	FunctionParams          []publishedEntry `yaml:"FunctionParams"`
	ParserParams            []publishedEntry `yaml:"ParserParams"`
	FunctionQuery           string           `yaml:"FunctionQuery"`
	ParserQuery             string           `yaml:"ParserQuery"`
}

type publishedEntry struct {
	Name    string `yaml:"Name"`
	Type    string `yaml:"Type"`
	Default any    `yaml:"Default"`
}

// LoadFunctions reads every *.yaml and *.yml below fsys, one function per file,
// in order of path. A file that is not exactly right is listed with its reason
// and stops nothing; the error is for a folder that cannot be read. label stands
// before the paths. A published parser with a built-in equivalent gives two
// functions, one per name.
func LoadFunctions(fsys fs.FS, label string) (list []Function, rejected []RejectedFunction, err error) {
	files := 0
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		if files++; files > maxFunctionFiles {
			return fmt.Errorf("more than %d files", maxFunctionFiles)
		}
		at := path.Join(label, p)
		f, alias, err := loadFunction(fsys, p)
		if err != nil {
			rejected = append(rejected, RejectedFunction{Path: at, Name: f.Name, Reason: err.Error()})
			return nil
		}
		f.Path, f.Folder = at, label
		list = append(list, f)
		if alias != "" && alias != f.Name {
			f.Name = alias
			list = append(list, f)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading function folder %s: %w", label, err)
	}
	return list, rejected, nil
}

// loadFunction reads one file. alias is a second name for the function, or empty.
func loadFunction(fsys fs.FS, name string) (f Function, alias string, err error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return f, "", fmt.Errorf("cannot be read: %w", err)
	}
	if len(text) > maxFileBytes {
		return f, "", fmt.Errorf("%d bytes, at most %d", len(text), maxFileBytes)
	}
	var p publishedFile
	if err := decodeOne(text, &p); err != nil {
		return f, "", err
	}
	var entries []parameterEntry
	if p.isPublished() {
		f.Name, alias, f.Doc, f.Body = p.name(), p.EquivalentBuiltInParser, p.doc(), p.FunctionQuery+p.ParserQuery
		for _, e := range append(p.FunctionParams, p.ParserParams...) {
			entries = append(entries, parameterEntry(e))
		}
		if p.FunctionQuery != "" && p.ParserQuery != "" {
			return f, "", errors.New("has both FunctionQuery and ParserQuery")
		}
	} else {
		var own functionFile
		if err := decodeOne(text, &own, yaml.Strict()); err != nil {
			return f, "", err
		}
		f.Name, f.Doc, f.Body, f.Replaceable, entries = own.Name, own.Description, own.Query, own.Replaceable, own.Parameters
	}
	f.Doc, f.Body = strings.TrimSpace(f.Doc), strings.TrimSpace(f.Body)
	if alias != "" && !tableName.MatchString(alias) {
		return f, "", fmt.Errorf("EquivalentBuiltInParser %q must be letters, digits and _, not beginning with a digit", alias)
	}
	return f, alias, f.complete(entries)
}

// decodeOne decodes a file of one YAML document.
func decodeOne(text []byte, into any, opts ...yaml.DecodeOption) error {
	dec := yaml.NewDecoder(bytes.NewReader(text), opts...)
	if err := dec.Decode(into); errors.Is(err, io.EOF) {
		return errors.New("is empty")
	} else if err != nil {
		return errors.New(strings.SplitN(err.Error(), "\n", 2)[0])
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("has more than one document; a file is one function")
	}
	return nil
}

func (p *publishedFile) isPublished() bool {
	return p.FunctionQuery+p.ParserQuery+p.FunctionName+p.FunctionAlias+p.ParserName != ""
}

// name is what queries call: the alias where there is one, as in Log Analytics.
func (p *publishedFile) name() string {
	for _, name := range []string{p.FunctionAlias, p.FunctionName} {
		if name != "" {
			return name
		}
	}
	return p.ParserName
}

func (p *publishedFile) doc() string {
	for _, doc := range []string{p.Description, p.Function.Title} {
		if doc != "" {
			return doc
		}
	}
	return p.Parser.Title
}

// complete checks the parts and writes the declaration of the parameters.
func (f *Function) complete(entries []parameterEntry) error {
	switch {
	case f.Name == "" && f.Body == "":
		return errors.New("is no function: it needs name and query (or FunctionAlias and FunctionQuery, or ParserName and ParserQuery, as Sentinel publishes them)")
	case f.Name == "":
		return errors.New("name is missing; it is what queries call")
	case !tableName.MatchString(f.Name):
		return fmt.Errorf("name %q must be letters, digits and _, not beginning with a digit", f.Name)
	case f.Body == "":
		return errors.New("query is missing")
	case len(f.Body) > maxFunctionBytes:
		return fmt.Errorf("query has %d bytes, at most %d", len(f.Body), maxFunctionBytes)
	case len(entries) > maxParameters:
		return fmt.Errorf("%d parameters, at most %d", len(entries), maxParameters)
	}
	var declared []string
	seen := map[string]bool{}
	for i, e := range entries {
		p, err := e.parameter(i)
		if err != nil {
			return err
		}
		if seen[p.Name] {
			return fmt.Errorf("parameter %s is declared twice", p.Name)
		}
		seen[p.Name] = true
		f.Params = append(f.Params, p)
		declared = append(declared, p.String())
	}
	f.Parameters = strings.Join(declared, ", ")
	return f.parse()
}

// rowsType is how published files write that a parameter takes rows: T:(*), or
// with the columns it needs.
var rowsType = regexp.MustCompile(`^(?:table)?:?(\([^(){};]*\))$`)

// parameter checks entry i.
func (e parameterEntry) parameter(i int) (FunctionParameter, error) {
	// Some published parsers write the rows they take into the name: T:(TimeGenerated:datetime).
	if name, rows, ok := strings.Cut(e.Name, ":"); ok && strings.EqualFold(e.Type, "table") {
		e.Name, e.Type = name, rows
	}
	p := FunctionParameter{Name: e.Name}
	if !tableName.MatchString(e.Name) {
		return p, fmt.Errorf("parameter %d: name %q must be letters, digits and _, not beginning with a digit", i+1, e.Name)
	}
	written := strings.ToLower(strings.TrimSpace(e.Type))
	if rows := rowsType.FindStringSubmatch(strings.TrimSpace(e.Type)); rows != nil || written == "table" {
		p.Type = "(*)"
		if rows != nil {
			p.Type = rows[1]
		}
		if e.Default != nil {
			return p, fmt.Errorf("parameter %s takes rows and can have no default", e.Name)
		}
		return p, nil
	}
	t, ok := catalog.ParseType(written)
	if !ok {
		return p, fmt.Errorf("parameter %s has type %q, must be one of bool, int, long, real, decimal, string, datetime, timespan, dynamic, guid, or table for rows", e.Name, e.Type)
	}
	p.Type = t.String()
	switch text := fmt.Sprint(e.Default); {
	case e.Default == nil:
	case t == catalog.String:
		p.Default = stringLiteral(text)
	case text == "":
		return p, fmt.Errorf("parameter %s has an empty default; leave it out to require the argument, or write %s(null)", e.Name, t)
	default:
		p.Default = strings.TrimSpace(text)
	}
	return p, nil
}

// stringLiteral writes a default of type string, which files give without
// quotes; one that brings its own means the text within.
func stringLiteral(text string) string {
	if n := len(text); n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] {
		text = text[1 : n-1]
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + `"`
}

// String declares the parameter in KQL: lookback:timespan=7d.
func (p FunctionParameter) String() string {
	if p.Default == "" {
		return p.Name + ":" + p.Type
	}
	return p.Name + ":" + p.Type + "=" + p.Default
}

// parse reports the first thing that is not KQL, with its place in the query.
func (f *Function) parse() error {
	head := "let f = (" + f.Parameters + ") {\n"
	if script, diags := parser.Parse("let f = (" + f.Parameters + ") { 1 };"); diags.HasErrors() || len(script.Stmts) != 1 {
		return fmt.Errorf("parameters are not well-formed: (%s)", f.Parameters)
	}
	script, diags := parser.Parse(head + f.Body + "\n};")
	for _, d := range diags {
		if d.Severity == token.Error {
			at := token.Locate(f.Body, min(max(d.Span.Start, token.Pos(len(head)))-token.Pos(len(head)), token.Pos(len(f.Body))))
			return fmt.Errorf("query %d:%d: %s", at.Line, at.Column, d.Message)
		}
	}
	if len(script.Stmts) != 1 {
		return errors.New("query closes a brace it did not open")
	}
	return nil
}
