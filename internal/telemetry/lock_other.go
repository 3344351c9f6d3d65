//go:build !unix

package telemetry

// folderLock is empty where flock does not exist; DuckDB's own lock on the
// database file keeps a second process out.
type folderLock struct{}

func lockFolder(string) (*folderLock, error) { return &folderLock{}, nil }

func (l *folderLock) release() {}
