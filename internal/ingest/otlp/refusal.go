package otlp

import (
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// stoppingWait is when to come back to a server that shuts down.
const stoppingWait = 5 * time.Second

// explain turns an error of taking a request in into the protocol's code, when
// to come back (0: never), and under which reason it is counted, if it is.
func explain(err error) (code codes.Code, wait time.Duration, reason string) {
	var full *ingest.Full
	var large *ingest.TooLarge
	switch {
	case errors.As(err, &full):
		return codes.ResourceExhausted, full.RetryAfter, "busy"
	case errors.As(err, &large):
		return codes.InvalidArgument, 0, "body too large"
	case tocsin.IsKind(err, tocsin.Unavailable):
		return codes.Unavailable, stoppingWait, ""
	case tocsin.IsKind(err, tocsin.Denied):
		return codes.Unauthenticated, 0, ""
	case tocsin.IsKind(err, tocsin.Invalid):
		return codes.InvalidArgument, 0, "damaged body"
	}
	return codes.Internal, 0, ""
}
