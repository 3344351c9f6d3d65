// Package hec speaks Splunk's HTTP Event Collector, so that what sends to Splunk
// sends to Tocsin with another address and token.
//
// It promises the paths, codes and bodies of Splunk's reference
// (https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTinput and
// …/Data/TroubleshootHTTPEventCollector): /services/collector, …/event, …/raw,
// …/health, …/ack, each also with /1.0; success is said after the commit, so an
// ack id is true at once and is kept until it is asked for, bounded per channel.
//
// The credential is an API token of scope ingest: "Authorization: Splunk TOKEN",
// or Basic with the token as password. A token in the query string is refused
// with Splunk's code 16, as Splunk does by default: addresses end up in logs.
//
// An event keeps what stands beside it (time, host, source, sourcetype, index,
// fields) in an ingest.Envelope. Its table is the one the source's settings give
// for the sourcetype, the index or the source, in this order; else a table that
// is named like the sourcetype; else its content is recognised; text that is
// nothing known is a row of Syslog. An invalid event
// is answered with code 6 or 12 and its number, and kept as a dead letter with
// everything behind it that cannot be read; its neighbours are stored. (Splunk
// drops what follows; senders do not repeat a 400, so dropping would be losing.)
//
// HEC knows no position of an event. A request is named by its content and its
// number among equal ones (ingest.Repeats), an event by its place in it: what is
// sent again after a lost answer is stored once, what happens twice is stored twice.
//
// It is tested by requests and answers of Splunk's documentation and of senders
// in testdata, by hostile input and by a fuzz target.
package hec
