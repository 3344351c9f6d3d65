package telemetry

import "syscall"

// niceness of threads that run queries: the writer gets nine times their share
// when there is not enough for both, and they still get theirs beside other
// programs. Linux keeps it per thread, and a thread hands it on to those it
// starts.
const niceness = 10

// lowerPriority lowers the priority of the calling thread, which the caller has
// locked and must not give back.
func lowerPriority() {
	// Refusal only costs fairness between queries and ingest.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness)
}
