package app

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/ingest/otlp"
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
	var err error
	if l.Door == OTLPOverGRPC {
		err = d.listenGRPC(ctx, l.Listener)
	} else {
		err = d.listenHTTP(ctx, l)
	}
	if err != nil {
		d.app.cfg.Log.Error("serving a door", "door", l.Door, "address", l.Listener.Addr().String(), "error", err)
	}
}

func (d *doors) listenHTTP(ctx context.Context, l DoorListener) error {
	handler, ok := d.http[l.Door]
	if !ok {
		panic("app: no door " + l.Door + " to listen for")
	}
	srv := newServer(ctx, api.Outermost(d.app.cfg.Log, d.app.cfg.Now, handler))
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

func (d *doors) listenGRPC(ctx context.Context, ln net.Listener) error {
	srv := otlp.NewGRPC(otlp.Options{Intake: d.intake(), Budget: d.budget})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	stopped := make(chan struct{})
	go func() { srv.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-grace.Done():
		srv.Stop()
	}
	return <-served
}
