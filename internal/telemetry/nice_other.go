//go:build !linux

package telemetry

// lowerPriority does nothing where priorities belong to processes.
func lowerPriority() {}
