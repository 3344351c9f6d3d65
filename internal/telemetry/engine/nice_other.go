//go:build !linux

package engine

const slowNiceness, poolNiceness = 10, 3

func threadID() int { return 0 }

// lowerPriority does nothing where priorities belong to processes.
func lowerPriority(int, int) {}
