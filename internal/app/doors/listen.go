package doors

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-soc/tocsin/internal/api"
)

// OTLPOverGRPC names the listener of OTLP over gRPC; over HTTP it is
// ingest.DoorOTLP.
const OTLPOverGRPC = "otlp-grpc"

// A Listener is a listener for one door alone: ingest.DoorHEC,
// ingest.DoorElastic, ingest.DoorOTLP, ingest.DoorAzure or OTLPOverGRPC.
type Listener struct {
	Door     string
	Listener net.Listener
}

// Listen serves one door on its listener until ctx ends, and finishes then what
// was accepted. A failure costs the other doors nothing.
func (d *Doors) Listen(ctx context.Context, l Listener) {
	if err := d.serve(ctx, l); err != nil {
		d.opts.Log.Error("serving a door", "door", l.Door, "address", l.Listener.Addr().String(), "error", err)
	}
}

func (d *Doors) serve(ctx context.Context, l Listener) error {
	handler, ok := d.http[l.Door]
	if !ok {
		panic("doors: no door " + l.Door + " to listen for")
	}
	srv := NewServer(ctx, api.Outermost(d.opts.Log, d.opts.Now, handler))
	if l.Door == OTLPOverGRPC {
		onlyHTTP2(srv)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l.Listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
	defer cancel()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// onlyHTTP2 makes a server speak what gRPC is made of, with TLS or without.
func onlyHTTP2(srv *http.Server) {
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 32, SendPingTimeout: time.Minute, PingTimeout: 20 * time.Second}
}

// Grace is how long requests under way have when Tocsin ends.
const Grace = 10 * time.Second

// Limits of an HTTP server: a client that dawdles is let go. There is no write
// limit, because a stream of changes stays open.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// NewServer makes an HTTP server with the limits above. Its requests outlive ctx,
// so that what was accepted is finished.
func NewServer(ctx context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}
