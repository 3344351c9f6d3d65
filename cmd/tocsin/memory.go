package main

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// Shares of the memory that Tocsin may use. What is left is for threads, the
// state store and what allocators keep.
const (
	machineShare = 80 // per cent of the machine, where no --memory says otherwise
	engineShare  = 30 // per cent of the memory that may be used: the telemetry engine
	ownShare     = 42 // per cent: everything else
)

// collectAt is how much the heap grows before it is collected, in per cent of
// what is in use: less often than Go's 100, because most of what ingest makes
// is used again anyway. The memory limit has the last word.
const collectAt = 200

// minMemory is less than Tocsin can do anything with.
const minMemory = 256 << 20

// limitMemory keeps the process within a size such as 2GiB, or within its share
// of the machine when size is empty, and returns the telemetry engine's part; 0
// when nothing is known. GOGC and GOMEMLIMIT win where they are set.
func limitMemory(size string) (engine int64, err error) {
	total := machineMemory() / 100 * machineShare
	if size != "" {
		if total, err = schema.ParseBytes(size); err != nil || total < minMemory {
			return 0, fmt.Errorf("%w: --memory is a size of at least 256MiB, such as 2GiB", errUsage)
		}
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if total > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(total / 100 * ownShare)
	}
	return total / 100 * engineShare, nil
}

// machineMemory returns the memory of the machine, or of the container if that
// has less; 0 where neither is known.
func machineMemory() int64 {
	memory := int64(math.MaxInt64)
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := os.ReadFile(name); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 { // or "max"
				memory = min(memory, n)
			}
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err == nil {
			memory = min(memory, kib<<10)
		}
	}
	if memory == math.MaxInt64 {
		return 0
	}
	return memory
}
