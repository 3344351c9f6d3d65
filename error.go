package tocsin

import (
	"errors"
	"fmt"
)

// A Kind says what sort of failure an Error is. Code branches on the kind,
// never on the text. The list is closed: these six.
type Kind string

// The six kinds of failure.
const (
	Invalid     Kind = "invalid"     // the request cannot be right; changing it may help
	NotFound    Kind = "not_found"   // the thing named does not exist, or the caller may not know of it
	Conflict    Kind = "conflict"    // the thing changed meanwhile, or its state forbids this
	Denied      Kind = "denied"      // the caller is not allowed to do this
	Unavailable Kind = "unavailable" // a limit, a lock or a dependency; trying again later may help
	Internal    Kind = "internal"    // a defect of ours
)

// An Error is a failure an analyst may be shown. Msg goes to the screen: it
// says what happened, then what to do. Cause goes to the log and nowhere else.
type Error struct {
	Kind  Kind
	Msg   string
	Cause error
}

// Errorf makes an Error without a cause.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error whose cause is kept for the log. A nil cause gives nil.
func Wrap(cause error, kind Kind, format string, args ...any) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Cause: cause}
}

// Error returns kind, message and cause: the form for the log.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// internalMessage is all that a client learns of a defect of ours.
const internalMessage = "Something went wrong on our side. Try again; if it stays, give your administrator the request id."

// Explain returns what may be said of err to a client: the kind and message of
// the outermost Error in its chain. Anything else, and the kind Internal, is
// explained by one fixed sentence, so no cause ever leaks.
func Explain(err error) (Kind, string) {
	var e *Error
	if !errors.As(err, &e) || e.Kind == Internal {
		return Internal, internalMessage
	}
	return e.Kind, e.Msg
}

// IsKind reports whether the outermost Error in err's chain is of this kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
