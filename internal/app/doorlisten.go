package app

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

// A DoorListener is a listener for one door alone: ingest.DoorHEC,
// ingest.DoorElastic, ingest.DoorOTLP, ingest.DoorAzure or OTLPOverGRPC.
type DoorListener struct {
	Door     string
	Listener net.Listener
}

// listen serves one door on its listener until ctx ends, and finishes then what
// was accepted. A failure costs the other doors nothing.
func (d *doors) listen(ctx context.Context, l DoorListener) {
	if err := d.serve(ctx, l); err != nil {
		d.app.cfg.Log.Error("serving a door", "door", l.Door, "address", l.Listener.Addr().String(), "error", err)
	}
}

func (d *doors) serve(ctx context.Context, l DoorListener) error {
	handler, ok := d.http[l.Door]
	if !ok {
		panic("app: no door " + l.Door + " to listen for")
	}
	srv := newServer(ctx, api.Outermost(d.app.cfg.Log, d.app.cfg.Now, handler))
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
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
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
