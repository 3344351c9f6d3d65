package ingest

import "bytes"

// LargestWindow is for tests.
func LargestWindow(packed []byte) int64 { return largestWindow(bytes.NewReader(packed)) }
