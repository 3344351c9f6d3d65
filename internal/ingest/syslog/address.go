package syslog

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// An address is one place to listen at.
type address struct {
	scheme, host string // udp, tcp or tls; host:port
}

// ports are the standard ones (RFC 5426 §3.3, RFC 5425 §4.1); syslog over plain
// TCP has none of its own and takes that of UDP.
var ports = map[string]string{"udp": "514", "tcp": "514", "tls": "6514"}

// parseAddress reads udp://HOST:PORT, tcp://… or tls://…; no host is every
// address of the machine, no port the standard one.
func parseAddress(text string) (address, error) {
	scheme, host, ok := strings.Cut(text, "://")
	port := ports[scheme]
	if !ok || port == "" {
		return address{}, tocsin.Errorf(tocsin.Invalid, "%q is no address to listen at. Write udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT.", text)
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	if _, err := net.ResolveTCPAddr("tcp", host); err != nil {
		return address{}, tocsin.Wrap(err, tocsin.Invalid, "%q is no address to listen at. Write udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT.", text)
	}
	return address{scheme, host}, nil
}

// serverTLS loads the certificates of a listener. With authorities for clients,
// only clients with a certificate of theirs are let in (RFC 5425 §4.2).
func serverTLS(files ingest.TLS) (*tls.Config, error) {
	if files.Certificate == "" || files.Key == "" {
		return nil, tocsin.Errorf(tocsin.Invalid, "A tls:// address needs tls.certificate and tls.key: the PEM files of this server's certificate.")
	}
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The certificate %s and key %s cannot be used. Both must be PEM and belong together.", files.Certificate, files.Key)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if files.Clients == "" {
		return config, nil
	}
	text, err := os.ReadFile(files.Clients)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The file %s of the clients' authorities cannot be read.", files.Clients)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return nil, tocsin.Errorf(tocsin.Invalid, "%s holds no certificate in PEM.", files.Clients)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}
