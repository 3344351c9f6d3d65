package otlp

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // what collectors compress with
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

const logsService = "opentelemetry.proto.collector.logs.v1.LogsService"

// NewGRPC makes the door over gRPC, to be served on a listener of its own, which
// may be one of TLS with the protocol h2. Who shows no token is turned away
// before a message is read.
func NewGRPC(o Options) *grpc.Server {
	d := newDoor(o)
	s := grpc.NewServer(
		grpc.ForceServerCodecV2(wire{}), grpc.MaxRecvMsgSize(int(d.Limit)), grpc.MaxConcurrentStreams(32), grpc.MaxHeaderListSize(64<<10),
		grpc.ConnectionTimeout(10*time.Second), grpc.InTapHandle(d.tap), grpc.StatsHandler(&unread{d}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 5 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: logsService, HandlerType: (*exporter)(nil), Metadata: "opentelemetry/proto/collector/logs/v1/logs_service.proto",
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: func(srv any, ctx context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var in frame
			if err := read(&in); err != nil {
				return nil, err
			}
			return srv.(exporter).export(ctx, in)
		}}},
	}, d)
	return s
}

// exporter is the service as gRPC calls it.
type exporter interface {
	export(ctx context.Context, in frame) (frame, error)
}

// frame is a message as it came: its bytes name the submission.
type frame []byte

// wire hands messages on as they are.
type wire struct{}

func (wire) Name() string { return "proto" }

func (wire) Marshal(v any) (mem.BufferSlice, error) {
	out, ok := v.(frame)
	if !ok {
		return nil, fmt.Errorf("an answer of type %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(out)}, nil
}

func (wire) Unmarshal(data mem.BufferSlice, v any) error {
	in, ok := v.(*frame)
	if !ok {
		return fmt.Errorf("a request of type %T", v)
	}
	*in = data.Materialize()
	return nil
}

type senderKey struct{}

// tap lets in who shows a token.
func (d *door) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	sender, err := d.admitGRPC(ctx, info.Header)
	if err != nil {
		code := codes.Unauthenticated
		if !tocsin.IsKind(err, tocsin.Denied) {
			code = codes.Internal
		}
		_, message := tocsin.Explain(err)
		return nil, status.Error(code, message)
	}
	return context.WithValue(ctx, senderKey{}, sender), nil
}

func (d *door) admitGRPC(ctx context.Context, header metadata.MD) (ingest.Sender, error) {
	credential := ""
	if list := header.Get("authorization"); len(list) > 0 {
		credential = bearer(list[0])
	}
	return d.admitCredential(ctx, credential)
}

// export implements LogsService/Export.
func (d *door) export(ctx context.Context, in frame) (frame, error) {
	sender, ok := ctx.Value(senderKey{}).(ingest.Sender)
	if !ok {
		return nil, status.Error(codes.Internal, "The sender is not known.")
	}
	body, err := ingest.HoldBody(in, d.Budget)
	if err != nil {
		return nil, d.refusal(err)
	}
	defer body.Release()
	name := body.Sum(string(sender.Source))
	prefix, number := d.repeats.Begin(name)
	answered := false
	defer func() { d.repeats.End(name, number, answered) }()
	request, err := decode(in, false)
	if err != nil {
		return nil, d.refusal(err)
	}
	receipt, err := d.Intake.Feed(ctx, records(request.Logs(), sender, prefix, &d.Intake))
	if err != nil {
		return nil, d.refusal(err)
	}
	out, err := response(receipt).MarshalProto()
	if err != nil {
		return nil, d.refusal(err)
	}
	answered = ctx.Err() == nil // gRPC does not say whether an answer was written; a cancelled call had none
	return out, nil
}

// refusal is an error in gRPC's form, with when to come back.
func (d *door) refusal(err error) error {
	code, wait, reason := explain(err)
	if reason != "" {
		d.Intake.Refused(ingest.DoorOTLP, reason, 1)
	}
	_, message := tocsin.Explain(err)
	s := status.New(code, message)
	if wait > 0 {
		if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)}); err == nil {
			s = detailed
		}
	}
	return s.Err()
}
