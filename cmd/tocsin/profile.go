package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"

	"github.com/tocsin-soc/tocsin"
)

// serveProfiles answers /debug/pprof on an address of its own, which must be
// loopback: profiles show what the process holds.
func serveProfiles(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !isLoopback(host) {
		return fmt.Errorf("%w: --profile takes a loopback address, such as 127.0.0.1:6060", errUsage)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return tocsin.Wrap(err, tocsin.Unavailable, "The address %s cannot be listened on. Choose another with --profile.", addr)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	go func() {
		if err := http.Serve(ln, mux); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "tocsin: profiles end: "+err.Error())
		}
	}()
	return nil
}
