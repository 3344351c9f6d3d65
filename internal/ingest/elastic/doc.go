// Package elastic speaks the part of Elasticsearch's interface that shippers
// use: Filebeat, Winlogbeat, Logstash, Vector, Fluent Bit, rsyslog's
// omelasticsearch, the OpenTelemetry Collector's exporter.
//
// It promises _bulk (also below an index, and single documents) with Elastic's
// results per item, said after the commit, and an answer to whatever those
// clients ask before they send: the version, the license, health, templates,
// life-cycle policies, pipelines, data streams. What they set up is accepted
// with a Warning header that nothing of it is kept or needed; what they look for
// is not there. Searching, updating and deleting are refused in Elastic's form
// of an error (https://www.elastic.co/docs/api/doc/elasticsearch/).
//
// The credential is an API token of scope ingest: as password of Basic, as key
// of ApiKey, or as Bearer.
//
// A document's table is the one the source's settings give for its index; else a
// table named like the index; else its content is recognised. An index only
// says where a document should go and is not kept. A document that is no JSON
// object is answered with its own 400 and kept as a dead letter; so is an action
// line that cannot be read. Its neighbours are stored (Elasticsearch would
// refuse the whole request, and senders would drop it).
//
// A document with an _id is at the position index/_id. A create says that there
// is one document of that _id: sent again, with whatever content, it is stored
// once. (Filebeat, when it was killed, sends a line again with a new @timestamp.)
// An index may replace, so that there the same content is stored once and other
// content is another event. Without an _id a document is named by the request and
// its place in it, see ingest.Repeats. A create of an _id that is there is
// answered 201, not 409: that the store knows it already is no failure of the
// sender.
//
// It is tested by requests that clients and Elastic's documentation show, in
// testdata, by hostile input and by a fuzz target.
package elastic
