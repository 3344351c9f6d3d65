//go:build linux

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A wireAttack is sent over syslog or gRPC.
type wireAttack struct {
	name    string
	counted bool
	run     func(w *hostileWorld) string
}

const syslogHead = "<13>Nov 22 08:00:00 h app: "

// tell writes to a new connection, closes it and waits for the server to do so.
func (w *hostileWorld) tell(at string, isTLS bool, data []byte) string {
	conn := w.dial(w.at[at])
	defer func() { _ = conn.Close() }()
	if isTLS {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's own certificate
	}
	_ = conn.SetDeadline(time.Now().Add(hostilePatience))
	_, _ = conn.Write(data) // a server that hangs up is an answer too
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
		w.t.Errorf("the server holds on to a connection of %s", at)
	}
	return "connection closed"
}

func (w *hostileWorld) goodSyslog(id string) {
	for _, at := range []string{"tcp", "tls"} {
		w.tell(at, at == "tls", []byte(syslogHead+id+at+"\n"))
		w.wanted = append(w.wanted, id+at)
	}
}

func syslogAttacks() []wireAttack {
	tcp := func(name string, counted bool, data string) wireAttack {
		return wireAttack{name, counted, func(w *hostileWorld) string { return w.tell("tcp", false, []byte(data)) }}
	}
	return []wireAttack{
		tcp("10 MB line", true, syslogHead+strings.Repeat("a", 10<<20)+"\n"),
		tcp("10 MB counted frame", true, "10000000 "+(syslogHead + strings.Repeat("a", 10_000_000))[:10_000_000]),
		tcp("count that lies: more than comes", true, "99999999 "+syslogHead+"short"),
		tcp("count that lies: less than comes", true, "40 "+(syslogHead + strings.Repeat("b", 40))[:40]+strings.Repeat("c", 1<<20)),
		tcp("count of 40 digits", false, strings.Repeat("9", 40)+" "+syslogHead+"digits\n"),
		tcp("bad UTF-8 and NULs", false, syslogHead+"\xff\xfe\x00\xc0\x80 \x1b[2J\n\x00\x00\n"),
		tcp("JSON 30,000 deep", false, syslogHead+strings.Repeat(`{"a":`, 10_000)+"\n"),
		tcp("structured data without an end", false, "<13>1 2026-11-22T00:00:00Z h a - - ["+strings.Repeat(`x y="\]" `, 5000)+"\n"),
		tcp("CEF with 5,000 fields", false, syslogHead+"CEF:0|v|p|1|2|n|3|"+strings.Repeat("a=b ", 5000)+strings.Repeat("cs1Label=x cs1=y ", 1000)+"\n"),
		tcp("100,000 empty frames", false, strings.Repeat("\n\x00 ", 100_000)),
		{"65 KB datagrams of garbage", false, func(w *hostileWorld) string {
			conn, err := net.Dial("udp", w.at["udp"])
			if err != nil {
				w.t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			for i := range 100 {
				_, _ = conn.Write(bytes.Repeat([]byte{byte(i), 0xff, '<'}, 21_000)) // a refusal is an answer too
			}
			return "taken as messages"
		}},
		{"no TLS where TLS is", true, func(w *hostileWorld) string { return w.tell("tls", false, []byte("GET / HTTP/1.1\r\n\r\n")) }},
		{"half a TLS handshake, 100 times", true, func(w *hostileWorld) string {
			for range 100 {
				w.tell("tls", false, []byte{0x16, 0x03, 0x01, 0x02, 0x00, 0x01})
			}
			return "connections closed"
		}},
		{"TLS 1.0", true, func(w *hostileWorld) string {
			conn, err := tls.Dial("tcp", w.at["tls"], &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) //nolint:gosec // what must be refused
			if err == nil {
				_ = conn.Close()
				w.t.Error("TLS 1.0 is spoken")
			}
			return "handshake refused"
		}},
		{"1,100 connections that say nothing", true, func(w *hostileWorld) string {
			conns := make([]net.Conn, 1100)
			for i := range conns {
				conns[i] = w.dial(w.at["tcp"])
			}
			defer func() {
				for _, c := range conns {
					_ = c.Close()
				}
			}()
			w.until("connections are refused", func() bool {
				_, text := w.get("http://" + w.at["tocsin"] + "/metrics")
				return strings.Contains(text, `reason="too many connections"`)
			})
			// Who comes from elsewhere is let in all the same.
			elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: hostilePatience}
			conn, err := elsewhere.Dial("tcp", w.at["tcp"])
			if err != nil {
				w.t.Fatal(err)
			}
			_, _ = io.WriteString(conn, syslogHead+"good-from-elsewhere\n") // it is missed in the end if it is not taken
			_ = conn.Close()
			w.wanted = append(w.wanted, "good-from-elsewhere")
			return "beyond 1,000 closed; another address let in"
		}},
	}
}

// logsPath is the method of the OTLP service.
const logsPath = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

// export calls the gRPC door with a body as it is, and returns the status.
func (w *hostileWorld) export(body io.Reader, header map[string]string) string {
	// One that is answered before its body is sent is not idle yet when it is told to
	// close; it does so by itself then, and not only when the server is tired of it.
	transport := &http.Transport{Protocols: new(http.Protocols), IdleConnTimeout: time.Second}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	path := logsPath
	if other := header["X-Path"]; other != "" {
		path = other
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.at["otlp-grpc"]+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/grpc", "Te": "trailers", "Authorization": "Bearer " + w.token} {
		req.Header.Set(name, value)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := (&http.Client{Transport: transport, Timeout: hostilePatience}).Do(req)
	if err != nil {
		return "connection closed"
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // the trailer says it
	status := resp.Trailer.Get("Grpc-Status") + resp.Header.Get("Grpc-Status")
	return "grpc-status " + status + " " + resp.Header.Get("Grpc-Message") + resp.Trailer.Get("Grpc-Message")
}

// grpcFrame is a message with its prefix; length may lie.
func grpcFrame(message []byte, compressed byte, length int) io.Reader {
	head := []byte{compressed, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[1:], uint32(length))
	return bytes.NewReader(append(head, message...))
}

// exportRequest is a request of OTLP with one log record: AnyValue, body, log
// record, scope, resource.
func exportRequest(text string) []byte {
	inner := []byte(text)
	for _, field := range []byte{1, 5, 2, 2, 1} {
		inner = append(binary.AppendUvarint([]byte{field<<3 | 2}, uint64(len(inner))), inner...)
	}
	return inner
}

func (w *hostileWorld) goodGRPC(id string) {
	w.t.Helper()
	body := exportRequest(syslogHead + id)
	if got := w.export(grpcFrame(body, 0, len(body)), nil); got != "grpc-status 0 " {
		w.t.Errorf("otlp-grpc: a good record is answered %s", got)
	}
	w.wanted = append(w.wanted, id)
}

// nested is a value of OTLP that nests so deep: AnyValue → ArrayValue → AnyValue.
func nested(depth int) []byte {
	var inner []byte
	wrap := func(field byte) {
		inner = append(binary.AppendUvarint([]byte{field<<3 | 2}, uint64(len(inner))), inner...)
	}
	for range depth {
		wrap(1)
		wrap(5)
	}
	for _, field := range []byte{5, 2, 2, 1} { // body, log record, scope, resource
		wrap(field)
	}
	return inner
}

func grpcAttacks() []wireAttack {
	message := func(name string, counted bool, make func() io.Reader, header map[string]string) wireAttack {
		return wireAttack{name, counted, func(w *hostileWorld) string { return w.export(make(), header) }}
	}
	raw := func(name string, data string) wireAttack {
		return wireAttack{name, false, func(w *hostileWorld) string { return w.tell("otlp-grpc", false, []byte(data)) }}
	}
	return []wireAttack{
		message("garbage token", true, func() io.Reader { return grpcFrame(nil, 0, 0) }, map[string]string{"Authorization": "Bearer " + garbageToken}),
		message("garbage message", true, func() io.Reader { return grpcFrame([]byte("\xff\xff\xff\xff"), 0, 4) }, nil),
		message("length of 4 GB", true, func() io.Reader { return grpcFrame([]byte("a"), 0, 1<<32-1) }, nil),
		message("message that ends early", true, func() io.Reader { return grpcFrame([]byte("abc"), 0, 1000) }, nil),
		message("values 5,000 deep", true, func() io.Reader { b := nested(5_000); return grpcFrame(b, 0, len(b)) }, nil),
		message("10 MB line", true, func() io.Reader {
			b := exportRequest(strings.Repeat("a", 10<<20))
			return grpcFrame(b, 0, len(b))
		}, nil),
		message("gzip bomb, 10 GB", true, func() io.Reader { return grpcFrame(gzipBomb(), 1, len(gzipBomb())) }, map[string]string{"Grpc-Encoding": "gzip"}),
		message("gzip that is none", true, func() io.Reader { return grpcFrame([]byte("garbage"), 1, 7) }, map[string]string{"Grpc-Encoding": "gzip"}),
		message("unknown encoding", true, func() io.Reader { return grpcFrame([]byte("garbage"), 1, 7) }, map[string]string{"Grpc-Encoding": "br"}),
		message("header of 1 MB", false, func() io.Reader { return grpcFrame(nil, 0, 0) }, map[string]string{"X-Padding": strings.Repeat("a", 1<<20)}),
		message("5,000,000 empty records", true, func() io.Reader {
			b := emptyRecords(5_000_000)
			return grpcFrame(b, 0, len(b))
		}, nil),
		{"60 messages of 15 MiB at once", true, (*hostileWorld).manyMessages},
		{"300 messages that stop after a byte", false, (*hostileWorld).slowMessages},
		message("zstd window of 2 GiB", true, func() io.Reader { b := windowFrame(31); return grpcFrame(b, 1, len(b)) }, map[string]string{"Grpc-Encoding": "zstd"}),
		message("other method", true, func() io.Reader { return grpcFrame(nil, 0, 0) }, map[string]string{"X-Path": "/other/Export"}),
		raw("no HTTP/2", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
		raw("half a preface", "PRI * HTTP/2.0\r\n"),
		raw("a frame that lies", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x01\x04\x00\x00\x00\x01abc"),
	}
}

// manyMessages sends 900 MiB through calls at once: what does not fit is told to
// come back, with when.
func (w *hostileWorld) manyMessages() string {
	b := exportRequest(strings.Repeat("a", 15<<20))
	counts := w.atOnce(60, func() string {
		got := w.export(grpcFrame(b, 0, len(b)), nil)
		if !strings.HasPrefix(got, "grpc-status 0 ") && !strings.HasPrefix(got, "grpc-status 8 ") {
			w.t.Errorf("otlp-grpc: a message of 15 MiB among others is answered %s", got)
		}
		return got[:len("grpc-status 0")]
	})
	if counts["grpc-status 8"] == 0 {
		w.t.Errorf("otlp-grpc: 60 messages of 15 MiB at once were all taken: %v", counts)
	}
	return fmt.Sprint(counts)
}

// slowMessages holds calls open that claim 15 MiB and send a byte: others must not
// be kept out.
func (w *hostileWorld) slowMessages() string {
	var pipes []*io.PipeWriter
	var work sync.WaitGroup
	for range 300 {
		out, in := io.Pipe()
		pipes = append(pipes, in)
		work.Go(func() { w.export(out, nil) })
		_, _ = in.Write([]byte{0, 0, 0xf0, 0, 0, 'x'}) // a refusal is seen below
	}
	w.goodGRPC("good-amid-slow-messages")
	for _, in := range pipes {
		_ = in.CloseWithError(io.ErrUnexpectedEOF)
	}
	work.Wait()
	return "a good record amid them: taken"
}

// emptyRecords is a request of so many log records of no bytes.
func emptyRecords(n int) []byte {
	inner := bytes.Repeat([]byte{2<<3 | 2, 0}, n)
	for _, field := range []byte{2, 1} {
		inner = append(binary.AppendUvarint([]byte{field<<3 | 2}, uint64(len(inner))), inner...)
	}
	return inner
}

// selfSigned writes cert.pem and key.pem.
func selfSigned(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"h"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(fmt.Errorf("writing %s: %w", name, err))
		}
	}
}
