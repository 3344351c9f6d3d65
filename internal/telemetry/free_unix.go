//go:build unix && !solaris && !aix

package telemetry

import "syscall"

// freeBytes returns how much an ordinary user can still write to the disk of a
// folder.
func freeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // types differ between systems
}
