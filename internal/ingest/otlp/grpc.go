package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// exportMethod is LogsService/Export.
const exportMethod = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

const grpcType = "application/grpc"

// rpcDoor speaks gRPC over HTTP/2 for the one method there is
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). gRPC's own
// server reads each message whole before anybody is asked, so that its memory
// cannot be counted and who dawdles cannot be let go; net/http asks first.
type rpcDoor struct{ *door }

// NewGRPC makes the door over gRPC, to be served by a server of HTTP/2 on an
// address of its own, with or without TLS. Who shows no token is turned away
// before a message is read.
func NewGRPC(o Options) http.Handler { return rpcDoor{newDoor(o)} }

// ServeHTTP implements http.Handler.
func (d rpcDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "This address speaks gRPC: use POST.", http.StatusMethodNotAllowed)
		return
	case media != grpcType && media != grpcType+"+proto":
		d.Intake.Refused(ingest.DoorOTLP, "unknown media type", 1)
		http.Error(w, "This address speaks gRPC: send "+grpcType+".", http.StatusUnsupportedMediaType)
		return
	}
	w.Header().Set("Content-Type", grpcType)
	w.Header().Set("Grpc-Accept-Encoding", "gzip,zstd,snappy,deflate")
	if r.URL.Path != exportMethod {
		d.Intake.Refused(ingest.DoorOTLP, "unknown method or encoding", 1)
		end(w, &rpc.Status{Code: int32(codes.Unimplemented), Message: "Tocsin takes logs: " + exportMethod + ". It takes no metrics and no traces."})
		return
	}
	sender, err := d.admitCredential(r.Context(), bearer(r.Header.Get("Authorization")))
	if err != nil {
		d.refuse(w, err)
		return
	}
	body, err := d.message(r)
	if err != nil {
		d.refuse(w, err)
		return
	}
	defer body.Release()
	d.export(w, r, sender, body)
}

// message reads the one message of a call: a byte that says whether it is
// compressed, four of length, and itself.
func (d rpcDoor) message(r *http.Request) (*ingest.Body, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.Body, head[:]); err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The call ends before its message.")
	}
	encoding := "identity"
	switch head[0] {
	case 0:
	case 1:
		encoding = r.Header.Get("Grpc-Encoding")
	default:
		return nil, tocsin.Errorf(tocsin.Invalid, "The call is damaged: the message begins with %d.", head[0])
	}
	length := int64(binary.BigEndian.Uint32(head[1:]))
	if length > d.Limit {
		return nil, tocsin.Wrap(&ingest.TooLarge{Limit: d.Limit}, tocsin.Invalid, "The message is larger than %d MiB. Send smaller batches.", d.Limit>>20)
	}
	in := &exactly{r: r.Body, left: length}
	return ingest.ReadMessage(in, encoding, length, d.Limit, d.Budget)
}

// exactly reads so many bytes; an earlier end is an error.
type exactly struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// export stores a request and answers.
func (d rpcDoor) export(w http.ResponseWriter, r *http.Request, sender ingest.Sender, body *ingest.Body) {
	name := body.Sum(string(sender.Source))
	prefix, number := d.repeats.Begin(name)
	answered := false
	defer func() { d.repeats.End(name, number, answered) }()
	request, err := decode(body, false)
	if err != nil {
		d.refuse(w, err)
		return
	}
	receipt, err := d.Intake.Feed(r.Context(), records(request.Logs(), sender, prefix, &d.Intake))
	if err != nil {
		d.refuse(w, err)
		return
	}
	text, err := response(receipt).MarshalProto()
	if err != nil {
		panic("otlp: a response that cannot be written: " + err.Error())
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text)))
	_, err = w.Write(append(frame, text...))
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	answered = err == nil && r.Context().Err() == nil // a cancelled call had no answer
}

// refuse ends a call that stores nothing, with when to come back.
func (d rpcDoor) refuse(w http.ResponseWriter, err error) {
	code, wait, reason := explain(err)
	if reason != "" {
		d.Intake.Refused(ingest.DoorOTLP, reason, 1)
	}
	_, message := tocsin.Explain(err)
	s := &rpc.Status{Code: int32(code), Message: message}
	if wait > 0 {
		detail, err := anypb.New(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
		if err != nil {
			panic("otlp: a detail that cannot be written: " + err.Error())
		}
		s.Details = append(s.Details, detail)
	}
	end(w, s)
}

// end answers a status alone: in the header, since no message came before it.
func end(w http.ResponseWriter, s *rpc.Status) {
	w.Header().Set("Grpc-Status", strconv.Itoa(int(s.Code)))
	w.Header().Set("Grpc-Message", escaped(s.Message))
	if len(s.Details) > 0 {
		text, err := proto.Marshal(s)
		if err != nil {
			panic("otlp: a status that cannot be written: " + err.Error())
		}
		w.Header().Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(text))
	}
	w.WriteHeader(http.StatusOK)
}

// escaped writes a message as a header has it: what is no printable ASCII, and
// the sign itself, as %XX of its bytes.
func escaped(message string) string {
	var b strings.Builder
	for _, c := range []byte(message) {
		if c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
