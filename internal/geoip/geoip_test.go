package geoip_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/geoip"
	"github.com/tocsin-soc/tocsin/internal/geoip/geoiptest"
)

func open(t *testing.T) *geoip.Database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(path, geoiptest.Database(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := geoip.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestInfo(t *testing.T) {
	d := open(t)
	for ip, want := range map[string]string{
		"192.0.2.1":          `{"country":"Australia","state":"New South Wales","city":"Sydney","latitude":-33.8715,"longitude":151.2006}`,
		" 192.0.2.255 ":      `{"country":"Australia","state":"New South Wales","city":"Sydney","latitude":-33.8715,"longitude":151.2006}`,
		"::ffff:192.0.2.1":   `{"country":"Australia","state":"New South Wales","city":"Sydney","latitude":-33.8715,"longitude":151.2006}`,
		"198.51.100.7":       `{"country":"Norway"}`,
		"2001:db8::1":        `{"country":"Norway"}`,
		"203.0.113.1":        "",
		"2001:db9::1":        "",
		"10.0.0.1":           "",
		"fe80::1%eth0":       "",
		"192.0.2.1/24":       "",
		"not an address":     "",
		"":                   "",
		"999.999.999.999":    "",
		"192.0.2.1, 1.1.1.1": "",
	} {
		if got := d.Info(ip); got != want {
			t.Errorf("%q: %s, want %s", ip, got, want)
		}
	}
	if d.Kind != "Tocsin-Test-City" || d.Built.IsZero() {
		t.Errorf("%+v", d)
	}
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.mmdb")
	if err := os.WriteFile(junk, []byte("this is no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]tocsin.Kind{junk: tocsin.Invalid, filepath.Join(dir, "none"): tocsin.NotFound} {
		_, err := geoip.Open(path)
		var said *tocsin.Error
		if !errors.As(err, &said) || said.Kind != kind {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// FuzzOpen: any file is a database or an error, and no lookup in it panics.
func FuzzOpen(f *testing.F) {
	f.Add(geoiptest.Database(), "192.0.2.1")
	f.Add([]byte("\xab\xcd\xefMaxMind.com"), "::1")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, ip string) {
		path := filepath.Join(dir, "f.mmdb")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := geoip.Open(path); err == nil {
			d.Info(ip)
		}
	})
}
