// Package app wires the parts of Tocsin together: configuration in, a running
// product out.
//
// It promises that stages meet in pipeline.go and nowhere else, that New leaves
// nothing open when it fails, and that Close loses nothing that was accepted.
// It refuses to think: decisions are made in the packages it joins. It is tested
// end to end, against real stores and over HTTP.
package app
