// Package web serves the user interface: the files that `make ui` leaves in
// dist, embedded in the binary.
//
// It promises that every path which is not a file answers with the page itself
// (the page routes), that hashed assets are cached for ever and the page never,
// and that compressed copies made at build time are used when the browser takes
// them. It refuses anything but GET and HEAD. It is tested over HTTP against a
// small tree of files.
package web

import (
	"embed"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var embedded embed.FS

// Handler serves the embedded user interface, or, when devURL is not empty,
// passes every request on to the Vite development server at that address.
// A devURL that is no URL answers 502 with the reason.
func Handler(devURL string) http.Handler {
	if devURL != "" {
		return proxyTo(devURL)
	}
	dist, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic("web: dist is not embedded: " + err.Error())
	}
	return &site{files: dist}
}

// proxyTo passes requests on to a development server, WebSockets included.
func proxyTo(devURL string) http.Handler {
	to, err := url.Parse(devURL)
	if err != nil || to.Host == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The development server's address is not a URL. Give one such as http://127.0.0.1:5173.", http.StatusBadGateway)
		})
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
}

// A site serves one folder of built files.
type site struct{ files fs.FS }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET is possible here.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch {
	case name != "" && s.has(name):
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		s.serve(w, r, name)
	case strings.HasPrefix(name, "assets/"):
		http.NotFound(w, r) // a stale page asking for an old chunk must see an error, not the page
	case s.has("index.html"):
		w.Header().Set("Cache-Control", "no-cache")
		s.serve(w, r, "index.html")
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(unbuilt)) // the client is gone when this fails
	}
}

// unbuilt is what a binary built without the user interface shows.
const unbuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tocsin</title>
<body style="font:16px/1.5 system-ui;margin:15vh auto;max-width:34rem;padding:0 1rem">
<h1 style="font-size:1.25rem">This binary was built without its user interface</h1>
<p>Run <code>make ui</code>, then build again. The API under <code>/api/v1</code> works as it is.</p></body></html>
`

// has reports whether name is a file that was built.
func (s *site) has(name string) bool {
	info, err := fs.Stat(s.files, name)
	return err == nil && !info.IsDir() && !strings.HasSuffix(name, ".gz") && !strings.HasSuffix(name, ".gitkeep")
}

// serve writes one file, in its gzip copy when there is one and r takes it.
func (s *site) serve(w http.ResponseWriter, r *http.Request, name string) {
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Accept-Encoding")
	if _, err := fs.Stat(s.files, name+".gz"); err == nil && takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		name += ".gz"
	}
	file, err := s.files.Open(name)
	if err != nil {
		http.Error(w, "The file could not be read. Try again.", http.StatusInternalServerError)
		return
	}
	defer func() { _ = file.Close() }() // an embedded file cannot fail to close
	content, ok := file.(io.ReadSeeker)
	if !ok {
		panic("web: " + name + " cannot seek: not an embedded file")
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}

// takesGzip reports whether the request's Accept-Encoding names gzip.
func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
