package engine

import "syscall"

// Linux keeps priority per thread, and a thread hands it on to those it starts.
const (
	// slowNiceness is that of the thread of a query that runs for long: the writer
	// gets nine times its share when there is not enough for both, and it still
	// gets its own beside other programs.
	slowNiceness = 10
	// poolNiceness is that of the engine's own threads, which work for queries and
	// at times for the writer: much lower, and the writer would wait for them.
	poolNiceness = 3
)

// threadID returns the id of the calling thread.
func threadID() int { return syscall.Gettid() }

// lowerPriority lowers the priority of a thread, which must not run anything
// else afterwards. Refusal only costs fairness between queries and ingest.
func lowerPriority(thread, niceness int) {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, thread, niceness)
}
