package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/geoip/geoiptest"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// TestOutside_SaysWhatIsMissing: a function without its data warns, with it it answers; an
// address that is not allowed is refused with the way to allow it.
func TestOutside_SaysWhatIsMissing(t *testing.T) {
	cfg := Config{Data: t.TempDir(), Now: noClock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	a, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	ask := func(text string) (string, string) {
		t.Helper()
		answer, err := Query(context.Background(), cfg, hunt.Query{Text: text})
		if err != nil {
			return "", err.Error()
		}
		var cells []string
		for _, table := range answer.Tables {
			for _, row := range table.Rows {
				for i, v := range row {
					cells = append(cells, result.CellText(table.Columns[i].Type, v))
				}
			}
		}
		return strings.Join(cells, "|"), answer.Diagnostics.Render("query", text)
	}
	text := "print a = tostring(geo_info_from_ip_address('192.0.2.1').city), b = isnull(geo_info_from_ip_address('203.0.113.9'))"
	if cells, said := ask(text); cells != "|true" && cells != "|True" || strings.Count(said, "KQL6001") != 1 {
		t.Errorf("without a database: %q\n%s", cells, said)
	}
	cfg.GeoIP = filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(cfg.GeoIP, geoiptest.Database(), 0o600); err != nil {
		t.Fatal(err)
	}
	if cells, said := ask(text); cells != "Sydney|true" && cells != "Sydney|True" || said != "" {
		t.Errorf("with a database: %q\n%s", cells, said)
	}
	if _, said := ask("externaldata(a:string)[h@'https://lists.example.org/a.csv?sig=s3cret']"); !strings.Contains(said, "--allow-external lists.example.org") || strings.Contains(said, "s3cret") {
		t.Error(said)
	}
	cfg.GeoIP = filepath.Join(cfg.Data, "none.mmdb")
	if _, said := ask("print 1"); !strings.Contains(said, "Check --geoip") {
		t.Error(said)
	}
}
