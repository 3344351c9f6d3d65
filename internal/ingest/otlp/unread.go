package otlp

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// unread counts the calls that the transport refused before a message was read:
// one that is too large, cut off, or compressed in a way it does not know. All
// others are counted where they are answered.
type unread struct{ door *door }

type callKey struct{}

// call is what is known of a call under way.
type call struct{ wasRead bool }

// TagRPC implements stats.Handler.
func (u *unread) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, callKey{}, &call{})
}

// HandleRPC implements stats.Handler. The events of one call come one by one.
func (u *unread) HandleRPC(ctx context.Context, event stats.RPCStats) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	switch event := event.(type) {
	case *stats.InPayload:
		c.wasRead = true
	case *stats.End:
		if event.Error == nil || c.wasRead {
			return
		}
		reason := "damaged body"
		switch status.Code(event.Error) {
		case codes.Canceled: // by the sender
			return
		case codes.ResourceExhausted:
			reason = "body too large"
		case codes.Unimplemented:
			reason = "unknown method or encoding"
		}
		u.door.Intake.Refused(ingest.DoorOTLP, reason, 1)
	}
}

// TagConn implements stats.Handler.
func (u *unread) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (u *unread) HandleConn(context.Context, stats.ConnStats) {}
