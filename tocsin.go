// Package tocsin is the vocabulary of the product: the nouns of a security
// operations centre (event, entity, detection rule, alert, incident, actor)
// and the one error type an analyst may be shown.
//
// It promises plain data and pure functions. It refuses behaviour that needs a
// store, a clock, the network or any import beyond the standard library, so
// that every other package can speak these words without dragging anything in.
// Its tests are tables over the value sets and the identity functions.
package tocsin
