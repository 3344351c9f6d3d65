package otlp_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/doortest"
	"github.com/tocsin-soc/tocsin/internal/ingest/otlp"
)

var update = flag.Bool("update", false, "rewrite the cases' answers")

func open(in ingest.Intake) http.Handler { return otlp.New(options(in)) }

func options(in ingest.Intake) otlp.Options {
	return otlp.Options{Intake: in, Budget: ingest.NewBudget(128 << 20), Limit: 8 << 20}
}

func TestDoor(t *testing.T) { doortest.Run(t, "testdata/*.txtar", *update, open) }

// request is one of the protocol with a log record of this body.
func request(t testing.TB, body string) []byte {
	t.Helper()
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(body)
	text, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func post(in *doortest.Inbox, media, encoding string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/logs", body)
	r.Header.Set("Authorization", "Bearer "+doortest.Token)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Content-Encoding", encoding)
	w := httptest.NewRecorder()
	open(in.Intake()).ServeHTTP(w, r)
	return w
}

func zipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := stdgzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// nested is a log record whose body is a list in a list in a list ….
func nested(depth int) []byte {
	field := func(tag byte, inner []byte) []byte {
		return append(binary.AppendUvarint([]byte{tag}, uint64(len(inner))), inner...)
	}
	// Built from the outside in: the lengths are known from the inside out.
	var lengths []int
	size := 0
	for range depth {
		size += 1 + uvarintLen(size) // values of a list
		lengths = append(lengths, size)
		size += 1 + uvarintLen(size) // the list of a value
		lengths = append(lengths, size)
	}
	var value []byte
	for i := depth - 1; i >= 0; i-- {
		value = binary.AppendUvarint(append(value, 0x2a), uint64(lengths[2*i]))
		inner := 0
		if i > 0 {
			inner = lengths[2*i-1]
		}
		value = binary.AppendUvarint(append(value, 0x0a), uint64(inner))
	}
	return field(0x0a, field(0x12, field(0x12, field(0x2a, value))))
}

// message is a field that holds a message.
func message(tag byte, inner []byte) []byte {
	return append(binary.AppendUvarint([]byte{tag}, uint64(len(inner))), inner...)
}

func uvarintLen(n int) int { return len(binary.AppendUvarint(nil, uint64(n))) }

func TestDoor_HostileBodiesAreBounded(t *testing.T) {
	const proto, json = "application/x-protobuf", "application/json"
	whole := request(t, "hello")
	long := request(t, strings.Repeat("x", 10<<20))
	for _, c := range []struct {
		name, media, encoding string
		body                  []byte
		status, records       int
	}{
		{"a request", proto, "", whole, 200, 1},
		{"a line of 10 MB", proto, "", long, 413, 0},
		{"a line of 5 MB", proto, "", request(t, strings.Repeat("x", 5<<20)), 200, 1},
		{"a bomb", proto, "gzip", zipped(t, long), 413, 0},
		{"twenty levels", proto, "", nested(20), 200, 1},
		{"300,000 levels", proto, "", nested(300_000), 400, 0},
		{"deep JSON", json, "", []byte(strings.Repeat(`{"resourceLogs":[`, 300_000)), 400, 0},
		{"deep values in JSON", json, "", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + strings.Repeat(`{"arrayValue":{"values":[`, 200_000)), 400, 0},
		{"cut off", proto, "", whole[:len(whole)-1], 400, 0},
		{"half a gzip stream", proto, "gzip", zipped(t, whole)[:12], 400, 0},
		{"no gzip", proto, "gzip", whole, 400, 0},
		{"an unknown encoding", proto, "br", whole, 415, 0},
		{"garbage", proto, "", []byte("{\"resourceLogs\":[]}"), 400, 0},
		{"no JSON", json, "", whole, 400, 0},
		{"300,000 empty records", proto, "", message(0x0a, message(0x12, bytes.Repeat([]byte{0x12, 0}, 300_000))), 413, 0},
		{"1,000 empty records", proto, "", message(0x0a, message(0x12, bytes.Repeat([]byte{0x12, 0}, 1000))), 200, 1000},
		{"2,500,000 empty attributes", proto, "", message(0x0a, message(0x12, message(0x12, bytes.Repeat([]byte{0x32, 0}, 2_500_000)))), 413, 0},
		{"1,200,000 empty records in JSON", json, "", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.Repeat("{},", 1_200_000) + `{}]}]}]}`), 413, 0},
		{"no UTF-8", proto, "", bytes.Replace(whole, []byte("hello"), []byte("he\xff\xfeo"), 1), 200, 1},
		{"nothing", proto, "", nil, 200, 0},
	} {
		in := &doortest.Inbox{}
		w := post(in, c.media, c.encoding, bytes.NewReader(c.body))
		if raws := in.Take(); w.Code != c.status || len(raws) != c.records {
			t.Errorf("%s: %d %.200q, %d records; want %d, %d", c.name, w.Code, w.Body, len(raws), c.status, c.records)
		}
		if w.Code != 200 && len(in.Refused()) == 0 {
			t.Errorf("%s: not counted", c.name)
		}
	}
}

// serve serves the door over gRPC until the test ends.
func serve(t *testing.T, ln net.Listener, o otlp.Options) {
	t.Helper()
	srv := &http.Server{Handler: otlp.NewGRPC(o), Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = srv.Serve(ln) }() // it ends with Close
	t.Cleanup(func() { _ = srv.Close() })
}

// dial serves the door over gRPC and returns the protocol's own client.
func dial(t *testing.T, in *doortest.Inbox) plogotlp.GRPCClient {
	t.Helper()
	return dialTo(t, options(in.Intake()))
}

func dialTo(t *testing.T, o otlp.Options) plogotlp.GRPCClient {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, ln, o)
	conn, err := grpc.NewClient(ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return plogotlp.NewGRPCClient(conn)
}

func TestGRPC(t *testing.T) {
	in := &doortest.Inbox{}
	client := dial(t, in)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	req := plogotlp.NewExportRequestFromLogs(logs)
	good := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+doortest.Token)

	if _, err := client.Export(good, req, grpc.UseCompressor(gzip.Name)); err != nil {
		t.Fatal(err)
	}
	if raws := in.Take(); len(raws) != 1 || !strings.Contains(string(raws[0].Body), `"record":"hello"`) || raws[0].Source != "otlp:good" {
		t.Errorf("records: %v", raws)
	}
	for _, token := range []string{"", "Bearer wrong", "Basic x", strings.Repeat("x", 10_000)} {
		_, err := client.Export(metadata.AppendToOutgoingContext(ctx, "authorization", token), req)
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("token %.20q: %v", token, err)
		}
	}
	in.Mode = "full"
	_, err := client.Export(good, req)
	s, _ := status.FromError(err)
	if s.Code() != codes.ResourceExhausted || len(s.Details()) != 1 {
		t.Fatalf("full: %v", err)
	}
	if info, ok := s.Details()[0].(*errdetails.RetryInfo); !ok || info.RetryDelay.AsDuration() != 1500*time.Millisecond {
		t.Errorf("full: %v", s.Details())
	}
	in.Mode = "down"
	if _, err = client.Export(good, req); status.Code(err) != codes.Unavailable {
		t.Errorf("down: %v", err)
	}
	in.Mode = "broken"
	if _, err = client.Export(good, req); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "fire") {
		t.Errorf("broken: %v", err)
	}
	in.Mode = ""
	deep := plog.NewLogs()
	value := deep.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body()
	for range 1000 {
		value = value.SetEmptySlice().AppendEmpty()
	}
	if _, err = client.Export(good, plogotlp.NewExportRequestFromLogs(deep)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("deep: %v", err)
	}
	// Another's room, and a message that could never have any.
	for size, want := range map[int]codes.Code{1 << 20: codes.ResourceExhausted, 7 << 20: codes.InvalidArgument} {
		tight := options(in.Intake())
		tight.Budget = ingest.NewBudget(6 << 20)
		if err := tight.Budget.Room().Grow(5 << 20); err != nil {
			t.Fatal(err)
		}
		long := plog.NewLogs()
		long.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(strings.Repeat("x", size))
		_, err := dialTo(t, tight).Export(good, plogotlp.NewExportRequestFromLogs(long))
		s, _ := status.FromError(err)
		if s.Code() != want || (len(s.Details()) == 1) != (want == codes.ResourceExhausted) {
			t.Errorf("%d bytes where little is left: %v %v", size, err, s.Details())
		}
	}
	if n := in.Refused()["otlp wrong token"]; n != 1 {
		t.Errorf("refused: %v", in.Refused())
	}
}

// TestGRPC_OverTLS serves the door on a listener of TLS, as tocsin serve does.
func TestGRPC_OverTLS(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer web.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &doortest.Inbox{}
	serve(t, tls.NewListener(plain, &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), options(in.Intake()))
	trusted := web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	conn, err := grpc.NewClient(plain.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: trusted, ServerName: "example.com", MinVersion: tls.VersionTLS12})))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+doortest.Token)
	if _, err := plogotlp.NewGRPCClient(conn).Export(ctx, plogotlp.NewExportRequestFromLogs(logs)); err != nil {
		t.Fatal(err)
	}
	if raws := in.Take(); len(raws) != 1 {
		t.Errorf("records: %v", raws)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(request(f, "hello"), false)
	f.Add(nested(5), false)
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"a","value":{"doubleValue":"NaN"}}]}}}]}]}]}`), true)
	f.Fuzz(func(t *testing.T, body []byte, isJSON bool) {
		in := &doortest.Inbox{}
		media := "application/x-protobuf"
		if isJSON {
			media = "application/json"
		}
		w := post(in, media, "", bytes.NewReader(body))
		positions := map[string]bool{}
		for _, raw := range in.Take() {
			if positions[raw.Position] {
				t.Errorf("two records at %s", raw.Position)
			}
			positions[raw.Position] = true
			if w.Code != 200 {
				t.Errorf("%d with records", w.Code)
			}
		}
	})
}
