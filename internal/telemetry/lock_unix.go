//go:build unix

package telemetry

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/tocsin-soc/tocsin"
)

// folderLock keeps a second process out of a data folder. The system drops it
// with the process, so a crash leaves nothing to clean up.
type folderLock struct{ file *os.File }

// lockFolder takes the lock of dir and writes this process' id into it.
func lockFolder(dir string) (*folderLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The data folder %s cannot be written to. Check its permissions.", dir)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		return nil, tocsin.Wrap(err, tocsin.Unavailable, "The data folder %s is in use by another tocsin process%s. Stop it or choose another --data.", dir, pidNote(string(holder)))
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("writing the lock of %s: %w", dir, err)
		}
	}
	return &folderLock{file: f}, nil
}

func pidNote(text string) string {
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}

func (l *folderLock) release() {
	if l != nil {
		l.file.Close()
	}
}
