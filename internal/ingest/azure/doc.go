// Package azure speaks the two ways logs are sent to Azure Monitor, so that what
// sends there sends to Tocsin with another address and credential.
//
//   - The Logs Ingestion API: POST /dataCollectionRules/{id}/streams/{stream}
//     (https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview).
//     The credential is an API token of scope ingest as Bearer. Success is 204,
//     an error {"error":{"code","message"}}, a body has at most 1 MB.
//   - The older HTTP Data Collector API: POST /api/logs
//     (https://learn.microsoft.com/previous-versions/azure/azure-monitor/logs/data-collector-api).
//     A request is signed with the shared key of a workspace by HMAC-SHA256. Of a
//     token Tocsin keeps only a hash, which can verify no signature; so the key is
//     one of its own, in a file that the sources file names beside the
//     workspace's id. It is compared in constant time, never logged, and a
//     request is good for 15 minutes.
//
// It promises to answer after the commit. A stream Custom-Foo or Microsoft-Foo
// goes to the table the source's settings give for it, else to Foo or Foo_CL, if
// there is such a table; else each record is recognised by its content, and what
// is not becomes a dead letter that names the missing table. A Log-Type Foo
// goes to Foo_CL with the columns Azure would make: name and _s, _d, _b, _t or _g.
//
// Neither protocol knows a position of a record. A request is named by its
// content and its number among equal ones (ingest.Repeats), a record by its place
// in it. The client's id of the request is not used: scripts make one per try.
//
// It is tested by requests of Microsoft's documentation in testdata, by hostile
// input and by a fuzz target.
package azure
