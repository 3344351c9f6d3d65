//go:build !unix

package load

import (
	"runtime"
	"time"
)

// Where there is no /proc, what it would say is zero and shown as unknown.

func ownCPU() time.Duration        { return 0 }
func processCPU(int) time.Duration { return 0 }
func peakMemory(int) int64         { return 0 }
func describeMachine() Machine     { return Machine{Cores: runtime.NumCPU()} }
