package telemetry

import "syscall"

// niceness of threads that run queries, so that they never starve the writer.
// Linux keeps it per thread, and a thread hands it on to those it starts.
const niceness = 19

// lowerPriority lowers the priority of the calling thread, which the caller has
// locked and must not give back.
func lowerPriority() {
	// Refusal only costs fairness between queries and ingest.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness)
}
