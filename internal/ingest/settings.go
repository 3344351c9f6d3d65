package ingest

import (
	"errors"
	"time"
	_ "time/tzdata"
)

// Settings are what an operator may set for one source in the sources file.
// Everything has a default that works: a source that no file names is taken as
// it comes.
type Settings struct {
	Name      string            `yaml:"name"`      // of the token or the listener: a–z, 0–9, . _ -
	Door      string            `yaml:"door"`      // one of the door names
	Listen    []string          `yaml:"listen"`    // syslog: udp://ADDR, tcp://ADDR, tls://ADDR
	TLS       TLS               `yaml:"tls"`       // syslog over tls, kafka
	Brokers   []string          `yaml:"brokers"`   // kafka: HOST:PORT, or tls://HOST:PORT
	SASL      SASL              `yaml:"sasl"`      // kafka
	Topics    []string          `yaml:"topics"`    // kafka
	Group     string            `yaml:"group"`     // kafka; empty means tocsin
	Workspace string            `yaml:"workspace"` // azure: id of the workspace that senders of the HTTP Data Collector API sign for
	KeyFile   string            `yaml:"keyFile"`   // azure: file with the shared key they sign with, in base64
	Path      string            `yaml:"path"`      // folder: a file, a folder or a pattern
	Follow    bool              `yaml:"follow"`    // folder: read on as files grow
	Links     []string          `yaml:"links"`     // folder: folders that links may lead into, besides the one that is read
	Table     string            `yaml:"table"`     // table of records that do not say theirs; empty lets each record decide
	Tables    map[string]string `yaml:"tables"`    // table by what the protocol calls a kind: sourcetype, index, stream, log type, topic
	Zone      string            `yaml:"zone"`      // IANA name, Europe/Berlin: whose clocks the sender writes where it names no zone; empty is UTC
	Transform string            `yaml:"transform"` // KQL over `source`, row by row
	Limits    Limits            `yaml:"limits"`
	Silence   time.Duration     `yaml:"silence"` // alert when nothing came for so long; 0 learns it, negative is never
}

// TLS names the files of a listener's or client's certificates (PEM).
type TLS struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
	Clients     string `yaml:"clients"` // authorities whose clients are let in; empty asks for no client certificate
	Authority   string `yaml:"authority"`
}

// SASL is how a client signs in to a broker. The password is read from a file,
// so that the sources file holds no secret.
type SASL struct {
	Mechanism    string `yaml:"mechanism"` // plain, scram-sha-256 or scram-sha-512; empty signs in to nothing
	User         string `yaml:"user"`
	PasswordFile string `yaml:"passwordFile"`
}

// Limits bound one source. Zero is the door's default.
type Limits struct {
	RecordBytes      int `yaml:"recordBytes"`
	RecordsPerSecond int `yaml:"recordsPerSecond"` // more is refused or held back, as the protocol can
	Connections      int `yaml:"connections"`
}

// Location returns the zone of times that name none; nil is UTC. The error means
// that there is no zone of that name.
func (s *Settings) Location() (*time.Location, error) {
	switch s.Zone {
	case "", "UTC":
		return nil, nil
	case "Local": // what the machine is set to is no property of the source
		return nil, errors.New("no zone of the IANA database")
	}
	return time.LoadLocation(s.Zone)
}

// TableFor returns the table for a kind of record, or the source's own.
func (s *Settings) TableFor(kind string) string {
	if t, ok := s.Tables[kind]; ok {
		return t
	}
	return s.Table
}
