package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, h http.Handler, method, target, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSite_ServesFilesPageAndCacheRules(t *testing.T) {
	built := &site{files: fstest.MapFS{
		"index.html":          {Data: []byte("the page")},
		"tocsin.svg":          {Data: []byte("<svg/>")},
		"assets/app-1a.js":    {Data: []byte("plain")},
		"assets/app-1a.js.gz": {Data: []byte("small")},
		".gitkeep":            {},
	}}
	for _, c := range []struct {
		method, target, encoding string
		code                     int
		body, cache, coding      string
	}{
		{"GET", "/", "", 200, "the page", "no-cache", ""},
		{"GET", "/incidents/7?tab=x", "", 200, "the page", "no-cache", ""},
		{"GET", "/index.html", "", 200, "the page", "no-cache", ""},
		{"GET", "/tocsin.svg", "", 200, "<svg/>", "no-cache", ""},
		{"GET", "/assets/app-1a.js", "br", 200, "plain", "public, max-age=31536000, immutable", ""},
		{"GET", "/assets/app-1a.js", "br, gzip", 200, "small", "public, max-age=31536000, immutable", "gzip"},
		{"GET", "/assets/app-1a.js", "gzip;q=0", 200, "plain", "public, max-age=31536000, immutable", ""},
		{"GET", "/assets/app-old.js", "gzip", 404, "404", "", ""},
		{"GET", "/assets/../../../etc/passwd", "", 200, "the page", "no-cache", ""},
		{"GET", "/.gitkeep", "", 200, "the page", "no-cache", ""},
		{"POST", "/", "", 405, "Only GET", "", ""},
	} {
		w := get(t, built, c.method, c.target, c.encoding)
		h := w.Result().Header
		if w.Code != c.code || !strings.HasPrefix(w.Body.String(), c.body) || h.Get("Cache-Control") != c.cache || h.Get("Content-Encoding") != c.coding {
			t.Errorf("%s %s (%s): %d %q cache %q coding %q", c.method, c.target, c.encoding, w.Code, w.Body, h.Get("Cache-Control"), h.Get("Content-Encoding"))
		}
	}
}

func TestSite_NotBuilt_SaysWhatToDo(t *testing.T) {
	w := get(t, &site{files: fstest.MapFS{".gitkeep": {}}}, "GET", "/", "")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make ui") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestHandler_ProxiesToTheDevelopmentServer(t *testing.T) {
	vite := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("vite " + r.URL.Path))
	}))
	defer vite.Close()
	if w := get(t, Handler(vite.URL), "GET", "/src/main.tsx", ""); w.Body.String() != "vite /src/main.tsx" {
		t.Errorf("got %q", w.Body)
	}
	if w := get(t, Handler("nonsense"), "GET", "/", ""); w.Code != http.StatusBadGateway {
		t.Errorf("a bad address gave %d", w.Code)
	}
}
