// Package api is Tocsin's HTTP interface: one file per resource, JSON in and
// out, server-sent events for what changes. It is the only package that knows
// status codes, and the user interface can do nothing that it cannot.
//
// It promises that authorisation is decided on the loaded object, that bodies
// are bounded, that responses are made from the DTOs of dto.go alone (an
// allow-list: nothing reaches a client because a struct gained a field) and
// that no cause of an error reaches a response. It is tested over HTTP against
// real stores, including one test that walks every route without a session.
package api
