package tocsin_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// This file keeps the house in order: which package may import which, which
// foreign modules are here and why, that every package says what it is for,
// that no file outgrows one idea. A new package or module needs a line here.

const module = "github.com/tocsin-soc/tocsin"

// rows gives each package its row (ARCHITECTURE.md draws them). A package
// imports lower rows only; sideways arrows are listed in arrows.
var rows = map[string]int{
	".": 0, // the vocabulary

	"kql/token": 1, "kql/ast": 1, "kql/parser": 1, "kql/format": 1, "kql/assist": 1, "kql/catalog": 1, "kql/plan": 1,
	"kql/check": 1, "kql/mining": 1, "kql/command": 1, "kql/rewrite": 1, "kql/duckdb": 1, "kql/native": 1, "kql/result": 1, "kql/exec": 1,
	"sigma/pattern": 1, "sigma/tokql": 1, "sigma/document": 1, "sigma/rule": 1,

	"kql": 2, "kql/batch": 2, "sigma": 2, "sigma/correlation": 2, "sigma/pipeline": 2, "sigma/lane": 2, "sigma/matchrun": 2, "evtx": 2,

	"content": 3, "internal/jsontext": 3, "internal/schema": 3, "internal/watchlist": 3, "internal/fetch": 3, "internal/geoip": 3, "internal/geoip/geoiptest": 3, "internal/telemetry": 3, "internal/telemetry/duck": 3, "internal/telemetry/tuple": 3, "internal/telemetry/skew": 3, "internal/telemetry/engine": 3, "internal/telemetry/ledger": 3, "internal/telemetry/seen": 3, "internal/telemetry/retention": 3, "internal/telemetry/scratch": 3, "internal/telemetry/kqltest": 3,
	"internal/incident": 3, "internal/incident/sqlstore": 3, "internal/incident/storetest": 3, "internal/auth": 3,

	"internal/ingest/hec": 4, "internal/ingest/elastic": 4, "internal/ingest/otlp": 4, "internal/ingest/azure": 4, "internal/ingest/doortest": 4,
	"internal/ingest/syslog": 4,
	"internal/ingest":        4, "internal/ingest/load": 4, "internal/normalize": 4, "internal/detect": 4, "internal/hunt": 4, "internal/correlate": 4, "internal/mirror": 4, "internal/simulate": 4,
	"internal/transform":      4,
	"internal/normalize/text": 4, "internal/normalize/mail": 4, "internal/normalize/windows": 4, "internal/normalize/recognition": 4, "internal/normalize/expression": 4, "internal/normalize/value": 4,
	"internal/ingest/files": 4, "internal/ingest/kafka": 4, "internal/ingest/folder": 4,

	"internal/api": 5, "web": 5,
	"internal/app": 6, "internal/app/doors": 6, "internal/app/demo": 6,
	"cmd/tocsin": 7, "internal/api/typegen": 7, "e2e/shippers": 7,
}

// arrows are the allowed imports within one row.
var arrows = map[string][]string{
	"kql/ast": {"kql/token"}, "kql/parser": {"kql/token", "kql/ast"}, "kql/format": {"kql/token", "kql/ast", "kql/parser"},
	"kql/catalog": {"kql/token"}, "kql/command": {"kql/token", "kql/ast", "kql/catalog", "kql/parser"}, "kql/plan": {"kql/token", "kql/catalog"},
	"kql/check":   {"kql/token", "kql/ast", "kql/catalog", "kql/command", "kql/plan", "kql/parser"},
	"kql/rewrite": {"kql/catalog", "kql/plan", "kql/token"},
	"kql/assist":  {"kql/token", "kql/ast", "kql/parser", "kql/catalog", "kql/check"},
	"kql/duckdb":  {"kql/catalog", "kql/plan", "kql/token", "kql/native"},
	"kql/result":  {"kql/catalog", "kql/native"}, "kql/native": {"kql/catalog"},
	"kql/exec":    {"kql/command", "kql/mining", "kql/token", "kql/catalog", "kql/plan", "kql/duckdb", "kql/native", "kql/result", "kql/rewrite", "kql/check"},
	"kql/batch":   {"kql"},
	"sigma/tokql": {"kql/ast", "sigma/rule", "sigma/pattern"}, "sigma/rule": {"sigma/pattern", "sigma/document"}, "sigma/correlation": {"sigma"},
	"sigma/pipeline": {"sigma"}, "sigma/matchrun": {"sigma", "sigma/correlation", "sigma/pipeline", "evtx"}, "sigma/lane": {"sigma"},
	"internal/telemetry":        {"internal/telemetry/duck", "internal/telemetry/engine", "internal/telemetry/retention", "internal/telemetry/ledger", "internal/telemetry/seen", "internal/telemetry/tuple", "internal/schema"},
	"internal/telemetry/engine": {"internal/telemetry/duck", "internal/schema"}, "internal/telemetry/retention": {"internal/telemetry/duck", "internal/schema"}, "internal/telemetry/ledger": {"internal/telemetry/duck", "internal/telemetry/skew", "internal/schema"}, "internal/telemetry/scratch": {"internal/telemetry/duck", "internal/telemetry/engine", "internal/telemetry/tuple", "internal/schema"},
	"internal/telemetry/tuple": {"internal/telemetry/duck", "internal/schema"}, "internal/telemetry/kqltest": {"internal/telemetry", "internal/telemetry/duck", "internal/schema"},
	"internal/incident/sqlstore": {"internal/incident", "internal/auth"}, "internal/incident/storetest": {"internal/incident", "internal/auth"},
	"internal/app":        {"internal/app/doors", "internal/app/demo"},
	"internal/schema":     {"content"},
	"internal/ingest/hec": {"internal/ingest"}, "internal/ingest/elastic": {"internal/ingest"}, "internal/ingest/otlp": {"internal/ingest"}, "internal/ingest/azure": {"internal/ingest"}, "internal/ingest/doortest": {"internal/ingest"},
	"internal/ingest/syslog":     {"internal/ingest"},
	"internal/normalize":         {"internal/normalize/text", "internal/normalize/mail", "internal/normalize/windows", "internal/normalize/recognition", "internal/normalize/expression", "internal/normalize/value"},
	"internal/normalize/windows": {"internal/normalize/expression", "internal/normalize/value"}, "internal/normalize/expression": {"internal/normalize/value"}, "internal/normalize/recognition": {"internal/normalize/windows"}, "internal/normalize/text": {"internal/normalize/value"},
	"internal/ingest/files": {"internal/ingest"}, "internal/ingest/kafka": {"internal/ingest"}, "internal/ingest/folder": {"internal/ingest", "internal/ingest/files"},
}

// A foreign is one line of the table of outside modules.
type foreign struct {
	licence   string // as SPDX calls it; licences_test.go reads whether that is true
	reason    string
	importers []string // packages; "*_test" stands for any test file
}

var modules = map[string]foreign{
	"github.com/duckdb/duckdb-go-bindings": {"MIT", "the telemetry engine's C interface, for whole columns at a time (ARCHITECTURE.md, decisions)", []string{"internal/telemetry/duck"}},
	"golang.org/x/text":                    {"BSD-3-Clause", "Unicode normal form when comparing with the documentation's tables", []string{"*_test", "internal/telemetry/kqltest"}},
	"github.com/duckdb/duckdb-go/v2":       {"MIT", "the telemetry engine (ARCHITECTURE.md, decisions)", []string{"internal/telemetry", "internal/telemetry/kqltest"}},
	"modernc.org/sqlite":                   {"BSD-3-Clause", "the embedded state store, without cgo", []string{"internal/incident/sqlstore"}},
	"github.com/jackc/pgx/v5":              {"MIT", "PostgreSQL, for state that outgrows one machine", []string{"internal/incident/sqlstore"}},
	"github.com/pressly/goose/v3":          {"MIT", "schema migrations of the state store", []string{"internal/incident/sqlstore"}},
	"github.com/danielgtaylor/huma/v2":     {"MIT", "OpenAPI 3.1 from Go types", []string{"internal/api"}},
	"github.com/spf13/cobra":               {"Apache-2.0", "verbs, flags, help and shell completion", []string{"cmd/tocsin"}},
	"github.com/goccy/go-yaml":             {"MIT", "YAML with positions in its errors", []string{"sigma/document", "internal/schema", "internal/watchlist", "internal/detect", "internal/correlate", "internal/normalize", "internal/normalize/text", "internal/simulate", "internal/ingest"}},
	"github.com/spf13/pflag":               {"BSD-3-Clause", "cobra's flags, to write the command reference", []string{"*_test"}},
	"github.com/google/go-cmp":             {"BSD-3-Clause", "readable differences in tests", []string{"*_test", "internal/ingest/doortest"}},
	"github.com/rogpeppe/go-internal":      {"BSD-3-Clause", "txtar cases and testscript stories", []string{"*_test", "internal/ingest/doortest", "internal/telemetry/kqltest"}},
	"go.opentelemetry.io/collector/pdata":  {"Apache-2.0", "reading OpenTelemetry's logs as its collector writes them", []string{"internal/ingest/otlp"}},
	"google.golang.org/grpc":               {"Apache-2.0", "the codes of OTLP over gRPC, and its client in tests", []string{"internal/ingest/otlp"}},
	"google.golang.org/genproto":           {"Apache-2.0", "the protocol's Status and RetryInfo", []string{"internal/ingest/otlp"}},
	"google.golang.org/protobuf":           {"BSD-3-Clause", "writing Status and RetryInfo", []string{"internal/ingest/otlp"}},
	"github.com/klauspost/compress":        {"Apache-2.0 AND BSD-3-Clause AND MIT", "gzip, zstd and snappy at the doors", []string{"internal/ingest", "internal/ingest/doortest"}},
	"github.com/parquet-go/parquet-go":     {"Apache-2.0", "Parquet files, in Go and hardened against damaged ones", []string{"internal/ingest/files"}},
	"github.com/twmb/franz-go":             {"BSD-3-Clause", "Kafka's protocol, without cgo", []string{"internal/ingest/kafka"}},
	"github.com/prometheus/client_golang":  {"Apache-2.0", "the /metrics page", []string{"internal/api", "internal/app", "internal/app/doors"}},
	"golang.org/x/crypto":                  {"BSD-3-Clause", "argon2id for passwords", []string{"internal/auth"}},
	"golang.org/x/term":                    {"BSD-3-Clause", "asking for a password without echo, width of the terminal", []string{"cmd/tocsin"}},

	"github.com/oschwald/maxminddb-golang/v2": {"ISC", "GeoIP databases in MaxMind's format", []string{"internal/geoip"}},
}

// ceilings lists the files that may be longer than 600 lines, with the reason.
var ceilings = map[string]string{}

// A roof is a package's own ceiling, with the reason.
type roof struct {
	lines  int
	reason string
}

// roofs lists the packages that may have more than 4,000 lines. Each is one
// stage of a compiler for a whole language, cut into files by construct, like
// go/types, or as much one thing: splitting it would only add names between the
// parts.
var roofs = map[string]roof{
	"kql/parser": {5000, "one production per construct of the grammar"},
	"kql/check":  {9500, "one binding per operator and function family"},
	"kql/duckdb": {6500, "one lowering per operator and function family"},
	"kql/native": {8000, "one file per family of functions SQL cannot express"},
}

var vague = regexp.MustCompile(`^(utils?|common|helpers?|misc|shared|base|lib|types|models?)$`)

// A source is one parsed Go file.
type source struct {
	path, pkg string // path from the root; folder
	isTest    bool
	lines     int
	file      *ast.File
	fset      *token.FileSet
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "node_modules", "testdata", "bin", "dist":
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != "." {
				return filepath.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		list = append(list, source{
			path: filepath.ToSlash(p), pkg: path.Dir(filepath.ToSlash(p)), isTest: strings.HasSuffix(p, "_test.go"),
			lines: strings.Count(string(text), "\n"), file: file, fset: fset,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRepo_ImportsPointDownwards(t *testing.T) {
	graph := map[string]map[string]bool{}
	for _, s := range sources(t) {
		row, known := rows[s.pkg]
		if !known {
			t.Errorf("%s: package %s has no row in repo_test.go; a new idea needs a line", s.path, s.pkg)
			continue
		}
		for _, spec := range s.file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if name != module && !strings.HasPrefix(name, module+"/") {
				checkForeign(t, s, name)
				continue
			}
			target := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
			if target == "" {
				target = "."
			}
			if s.isTest || target == s.pkg {
				continue
			}
			if graph[s.pkg] == nil {
				graph[s.pkg] = map[string]bool{}
			}
			graph[s.pkg][target] = true
			if problem := mayImport(s.pkg, row, target); problem != "" {
				t.Errorf("%s: %s", s.path, problem)
			}
		}
	}
	for pkg := range graph {
		if n := chain(graph, pkg); n > 8 && !strings.HasPrefix(pkg, "cmd/") {
			t.Errorf("%s: the longest chain of our own imports is %d, more than 8", pkg, n)
		}
	}
}

// mayImport says why pkg may not import target; empty when it may.
func mayImport(pkg string, row int, target string) string {
	targetRow, known := rows[target]
	isLibrary := row == 1 || row == 2
	switch {
	case !known:
		return fmt.Sprintf("imports %s, which has no row", target)
	case isLibrary && (target == "." || strings.HasPrefix(target, "internal/")):
		return fmt.Sprintf("library %s imports %s of the product", pkg, target)
	case targetRow < row:
		return ""
	case targetRow == row:
		for _, allowed := range arrows[pkg] {
			if allowed == target {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s (row %d) may not import %s (row %d)", pkg, row, target, targetRow)
}

// checkForeign checks one import from outside the module.
func checkForeign(t *testing.T, s source, name string) {
	t.Helper()
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return // standard library
	}
	for mod, f := range modules {
		if name != mod && !strings.HasPrefix(name, mod+"/") {
			continue
		}
		for _, importer := range f.importers {
			if importer == s.pkg || (importer == "*_test" && s.isTest) || s.isTest && strings.HasPrefix(s.pkg, importer) {
				return
			}
		}
		t.Errorf("%s: %s may only be imported by %v", s.path, mod, f.importers)
		return
	}
	t.Errorf("%s: module of %s has no line with its reason in repo_test.go", s.path, name)
}

// chain is the longest path of imports starting at pkg, counted in packages.
func chain(graph map[string]map[string]bool, pkg string) int {
	longest := 0
	for next := range graph[pkg] {
		longest = max(longest, chain(graph, next))
	}
	return longest + 1
}

func TestRepo_EveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.isTest {
			documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

func TestRepo_FilesKeepToOneIdea(t *testing.T) {
	perPackage := map[string]int{}
	for _, s := range sources(t) {
		generated := ast.IsGenerated(s.file)
		if s.lines > 600 && ceilings[s.path] == "" && !generated {
			t.Errorf("%s has %d lines; the ceiling is 600: split it by meaning", s.path, s.lines)
		}
		if !s.isTest && !generated {
			perPackage[s.pkg] += s.lines
		}
	}
	for pkg, n := range perPackage {
		ceiling := 4000
		if r, ok := roofs[pkg]; ok {
			ceiling = r.lines
		}
		if n > ceiling {
			t.Errorf("package %s has %d lines; its ceiling is %d", pkg, n, ceiling)
		}
	}
}

func TestRepo_NamesSayWhatTheThingIs(t *testing.T) {
	for _, s := range sources(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.path), ".go"), "_test")
		if vague.MatchString(stem) || vague.MatchString(path.Base(s.pkg)) {
			t.Errorf("%s: a vague name; call it after the noun or verb it holds", s.path)
		}
	}
}

// TestRepo_TestsAreRun finds functions that look like tests to a reader and not to Go.
func TestRepo_TestsAreRun(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isTest {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || len(fn.Type.Params.List) != 1 || fn.Type.Results != nil {
				continue
			}
			want := map[string]string{"T": "Test", "B": "Benchmark", "F": "Fuzz"}[testingParam(fn.Type.Params.List[0].Type)]
			name := fn.Name.Name
			rest, isTest := strings.CutPrefix(name, want)
			looksLike := ast.IsExported(name)
			lowerAfter := isTest && rest != "" && rest[0] >= 'a' && rest[0] <= 'z'
			if want != "" && looksLike && (!isTest || lowerAfter) && name != "TestMain" {
				t.Errorf("%s: Go does not run %s; it must begin with %s and a capital", s.path, name, want)
			}
		}
	}
}

// testingParam returns T, B or F for *testing.T, *testing.B, *testing.F.
func testingParam(e ast.Expr) string {
	star, ok := e.(*ast.StarExpr)
	if !ok {
		return ""
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "testing" {
		return ""
	}
	return sel.Sel.Name
}

// ambient are the calls that read the clock, the environment or end the
// process: only cmd may make them; everything below gets values.
var ambient = map[string]bool{"time.Now": true, "time.Since": true, "os.Getenv": true, "os.LookupEnv": true, "os.Exit": true, "log.Fatal": true}

// ambientAllowed lists files below cmd that may, with the reason.
var ambientAllowed = map[string]string{}

func TestRepo_OnlyCmdReadsClockAndEnvironment(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest || strings.HasPrefix(s.pkg, "cmd/") || rows[s.pkg] == 7 || ambientAllowed[s.path] != "" || strings.HasSuffix(s.pkg, "test") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && ambient[pkg.Name+"."+sel.Sel.Name] {
				t.Errorf("%s: %s.%s below cmd; make it a parameter", s.fset.Position(sel.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestRepo_TableOfModulesIsTrue(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			for mod := range modules {
				if name == mod || strings.HasPrefix(name, mod+"/") {
					used[mod] = true
				}
			}
		}
	}
	var idle []string
	for mod := range modules {
		if !used[mod] {
			idle = append(idle, mod)
		}
	}
	sort.Strings(idle)
	if len(idle) > 0 {
		t.Errorf("modules in the table that nothing imports: %v", idle)
	}
	for pkg := range rows {
		if _, err := os.Stat(pkg); err != nil {
			t.Errorf("the row of %s names a package that does not exist", pkg)
		}
	}
}
