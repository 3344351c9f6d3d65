// Package content holds what the product ships as data: table definitions, functions,
// detection rules, correlation rules, simulations. Adding one needs no Go.
//
// It promises the files, embedded, under their path below this folder. It
// refuses to read or judge them: each kind is loaded, checked and tested by the
// package it is for (tables by internal/schema, and so on).
package content

import "embed"

// Files is everything shipped, by path: "tables/SecurityEvent.yaml".
//
//go:embed tables all:functions rules simulations entities sigma correlation normalize watchlists
var Files embed.FS
