package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// signIn makes the mechanism of a sign-in (RFC 4616, RFC 5802).
func signIn(s ingest.SASL) (sasl.Mechanism, error) {
	if s.User == "" || s.PasswordFile == "" {
		return nil, tocsin.Errorf(tocsin.Invalid, "sasl needs user and passwordFile besides mechanism.")
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The password file %s cannot be read.", s.PasswordFile)
	}
	password, _, _ := strings.Cut(string(text), "\n")
	password = strings.TrimSuffix(password, "\r")
	if password == "" {
		return nil, tocsin.Errorf(tocsin.Invalid, "The first line of the password file %s is empty. Write the password there.", s.PasswordFile)
	}
	switch s.Mechanism {
	case "plain":
		return plain.Auth{User: s.User, Pass: password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: s.User, Pass: password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: s.User, Pass: password}.AsSha512Mechanism(), nil
	default:
		return nil, tocsin.Errorf(tocsin.Invalid, "sasl.mechanism is %q. Write plain, scram-sha-256 or scram-sha-512.", s.Mechanism)
	}
}

// clientTLS loads the authorities of the brokers, and the client's certificate
// where it has one.
func clientTLS(files ingest.TLS) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if files.Authority != "" {
		text, err := os.ReadFile(files.Authority)
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The file %s of the brokers' authorities cannot be read.", files.Authority)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, tocsin.Errorf(tocsin.Invalid, "%s holds no certificate in PEM.", files.Authority)
		}
	}
	if files.Certificate == "" && files.Key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The certificate %s and key %s cannot be used. Both must be PEM and belong together.", files.Certificate, files.Key)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
