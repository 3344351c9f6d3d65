package ingest

import (
	"context"
	"iter"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Door speaks one protocol of the outside: below this package there is one
// folder per door. What they share is how a sender is let in and how records
// are handed on.
//
// The names of the doors. Together with a token's or a listener's name they
// make the source: "hec:web-proxies", "syslog:branch-firewalls".
const (
	DoorHTTP    = "http"
	DoorHEC     = "hec"
	DoorElastic = "elastic"
	DoorOTLP    = "otlp"
	DoorAzure   = "azure"
	DoorSyslog  = "syslog"
	DoorKafka   = "kafka"
	DoorFolder  = "folder"
)

// A Sender is somebody a door let in, with what the operator set for it.
type Sender struct {
	Source tocsin.SourceID
	Settings
}

// An Intake is what a door hands records to. Package app makes it; every field
// is set. It is safe for concurrent use.
type Intake struct {
	// Admit says who shows this credential: an API token of scope ingest. It is
	// tocsin.Denied for any other, always with the same words.
	Admit func(ctx context.Context, door, credential string) (Sender, error)
	// Feed commits records, see Queue.Feed: it returns when all are stored or
	// refused, and refuses with the cause *Full when there is no room.
	Feed func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (Receipt, error)
	// IsTable says whether rows can be sent to a table of that name.
	IsTable func(name string) bool
	// Refused counts what a door turned away before it became a record: a wrong
	// token, a frame too long, a datagram the socket dropped.
	Refused func(door, reason string, n int)
	Now     func() time.Time
}
