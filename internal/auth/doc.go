// Package auth knows who may come in: user accounts with passwords, sessions,
// API tokens and one-time sign-in links.
//
// It promises: no secret is ever stored, only its hash; a wrong name and a
// wrong password cost the same time and get the same answer; guessing is slowed
// per user and per address; a made-up token costs no look-up in a store; every
// change and every sign-in is on record; a token that was taken back stops at
// once, at the doors of telemetry within TokenMemory. There is no default password and no
// account that cannot be taken away, except the last administrator's.
//
// It refuses passwords that are short or common, tokens that never expire, and
// more work at once than its hashing slots allow. It knows nothing of HTTP:
// cookies, headers and the client's address are the caller's.
//
// It is tested against the real store on both dialects, with a clock and a
// source of randomness made for the test, and by fuzzing what parses secrets
// and hashes.
package auth
