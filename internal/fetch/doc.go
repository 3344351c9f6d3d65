// Package fetch reads the addresses of externaldata.
//
// It promises that nothing is asked that the operator did not allow: https only, a list
// of allowed hosts and prefixes that begins empty, no private, loopback or link-local
// address whatever a name resolves to, each redirect held to the same, bounds of time,
// size, redirects and rows. What was read once is kept, asked again only when it is old,
// and used with a warning when the address does not answer. Of an address only scheme,
// host and path appear in errors and logs: the rest may be a secret. It refuses formats
// that are not text. It is tested against real servers on loopback, which only an option
// for tests makes reachable, and its decoders by cases and a fuzz target.
package fetch
