// Package evtx reads Windows event log files (EVTX) and the binary XML inside
// them, by the standard library alone.
//
// It promises that every record of a file is either returned or reported as
// damaged with its byte offset and a reason ([RecordError], [ChunkError]), so
// that an importer can balance its books with [Counts]. A damaged record never
// loses the next one. What lies outside the log proper (behind the free-space
// mark of a chunk) is returned only on request and always marked, see
// [Record.Origin].
//
// Decoding has one hot path: templates are compiled once per chunk into a list
// of actions, and [Record.Fields] yields (name, value) pairs from it without
// building XML, JSON or a map. [Record.AppendJSON] and [Record.AppendXML]
// render a record in full and are the slower way.
//
// It refuses to trust a file: depth, work and output are bounded per record
// and per chunk, offsets are checked against the chunk, and nothing panics.
// It does not resolve message strings (`%%1936` stays as it is) and does not
// read provider DLLs.
//
// Tests: the SigmaHQ regression logs against their published JSON, the
// EVTX-to-MITRE corpus with a count cross-check, synthetic chunks for every
// token and value type, corrupted variants of real files, and fuzz targets.
//
// References: [MS-EVEN6] sections 2.2.12 and 3.1.4.7 (BinXml); the structure
// notes of libyal's "Windows XML Event Log (EVTX)".
package evtx
