package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

func newServe() *cobra.Command {
	var f dataFlags
	var addr, cert, key, uiDev, profile, sources, retention, minFree, memory string
	var own doorFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Takes in telemetry, detects, correlates and serves the user interface until it\n" +
			"is interrupted. With no users yet, it prints a one-time sign-in link for the\n" +
			"first administrator.",
		Example: "  tocsin serve --data /var/lib/tocsin\n  tocsin serve --data DIR --rules ./sigma/rules --addr 0.0.0.0:8700 --tls-cert cert.pem --tls-key key.pem",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.data == "" {
				return fmt.Errorf("%w: serve needs --data DIR", errUsage)
			}
			if profile != "" {
				if err := serveProfiles(profile); err != nil {
					return err
				}
			}
			config := f.config()
			config.SourcesFile, config.RetentionFile = sources, retention
			var err error
			if config.MinFree, err = schema.ParseBytes(minFree); err != nil {
				return fmt.Errorf("%w: --min-free: %w", errUsage, err)
			}
			if config.EngineMemory, err = limitMemory(memory); err != nil {
				return err
			}
			ready := func() {}
			config.Ready = func() { ready() }
			a, err := app.Open(cmd.Context(), config)
			if err != nil {
				return err
			}
			defer closeApp(a)
			printRejected(a)
			ln, scheme, err := listen(addr, cert, key)
			if err != nil {
				return err
			}
			doors, err := own.listen(cert, key)
			if err != nil {
				return errors.Join(err, ln.Close())
			}
			base := scheme + "://" + ln.Addr().String()
			link, err := a.FirstLink(cmd.Context())
			if err != nil {
				return err
			}
			ready = func() {
				var said strings.Builder // in one piece: who reads the address has the rest
				for _, d := range doors {
					fmt.Fprintf(&said, "%s is at %s\n", d.Door, d.Listener.Addr())
				}
				fmt.Fprintf(&said, "tocsin %s is at %s\n", version, base)
				if link != "" {
					fmt.Fprintf(&said, "no users yet; sign in as the first administrator: %s/signin?link=%s\n", base, link)
				}
				fmt.Fprint(os.Stderr, said.String())
			}
			return a.Serve(cmd.Context(), ln, uiDev, doors...)
		},
	}
	f.add(cmd, true)
	cmd.Flags().StringVar(&memory, "memory", "", "most memory to use, such as 2GiB; 80 % of the machine's or the container's by default")
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8700", "address to listen on")
	cmd.Flags().StringVar(&sources, "sources", "", "sources file: syslog listeners, Kafka topics, folders to follow, limits and tables of senders")
	cmd.Flags().StringVar(&retention, "retention", "", "retention file: what is kept per table and in all, by time and size")
	cmd.Flags().StringVar(&minFree, "min-free", "1GiB", "stop taking telemetry in while the disk of the data folder has less free than this")
	own.add(cmd)
	cmd.Flags().StringVar(&cert, "tls-cert", "", "certificate (PEM)")
	cmd.Flags().StringVar(&key, "tls-key", "", "private key (PEM)")
	cmd.Flags().StringVar(&uiDev, "ui-dev", "", "address of a Vite development server")
	cmd.Flags().StringVar(&profile, "profile", "", "loopback address for profiles of the running process")
	_ = cmd.Flags().MarkHidden("ui-dev") // it exists
	_ = cmd.Flags().MarkHidden("profile")
	return cmd
}

// listen opens the address, with TLS when a certificate is given.
func listen(addr, cert, key string) (ln net.Listener, scheme string, err error) {
	if ln, err = net.Listen("tcp", addr); err != nil {
		return nil, "", tocsin.Wrap(err, tocsin.Unavailable, "The address %s cannot be listened on. Choose another.", addr)
	}
	if cert == "" && key == "" {
		if host, _, err := net.SplitHostPort(addr); err == nil && !isLoopback(host) {
			fmt.Fprintln(os.Stderr, "warning: without --tls-cert and --tls-key, passwords cross the network in the clear; put a TLS proxy in front")
		}
		return ln, "http", nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, "", errors.Join(tocsin.Wrap(err, tocsin.Invalid, "The certificate %s and key %s cannot be used", cert, key), ln.Close())
	}
	return tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), "https", nil
}

// isLoopback reports whether a listen address stays on this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// closeApp closes and says what went wrong with it.
func closeApp(a *app.App) {
	if err := a.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "tocsin: closing: "+message(err))
	}
}

// printRejected lists functions, watchlists and rules that did not load; they stop nothing.
func printRejected(a *app.App) {
	for _, f := range a.RejectedFunctions() {
		fmt.Fprintf(os.Stderr, "function not loaded: %s: %s\n", f.Path, f.Reason)
	}
	for _, l := range a.RejectedWatchlists() {
		fmt.Fprintf(os.Stderr, "watchlist not loaded: %s: %s\n", l.Path, l.Reason)
	}
	rejected := a.Rejected()
	for i, r := range rejected {
		if i == 20 {
			fmt.Fprintf(os.Stderr, "… and %d more rules; tocsin rules check lists them all\n", len(rejected)-i)
			return
		}
		fmt.Fprintf(os.Stderr, "rule not loaded: %s: %s\n", r.Path, r.Reason)
	}
}
