// Package text reads what programs and appliances write as text – syslog, CEF,
// LEEF, key=value, firewall CSV, auditd groups, access logs, DNS logs – and
// gives it back as flat fields under the source's own names.
//
// It promises that a reader takes one text and gives one [Reading]; that the
// same text gives the same reading (the year of a syslog time, which the text
// lacks, comes from the time of receipt, a parameter); that time and memory
// are linear in the text; and that no text makes it panic. Values are parts of
// the text wherever nothing had to be decoded.
//
// It refuses to guess: a text it does not recognise is no reading, and a time
// without a zone is that of the clock it is given, else UTC. It knows no table and no column: that is the mapping's
// matter, see package normalize.
//
// What a line of a program says is data (content/normalize/messages), see
// [Messages]; a Go file here is for a format that has a grammar. It is tested by
// the golden files in testdata, by hostile cases and by a fuzz target per
// reader.
package text
