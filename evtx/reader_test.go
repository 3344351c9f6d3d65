package evtx

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora are the folders with real logs; a test skips where they are absent.
const corpora = "../../shared"

// logs lists the EVTX files below a folder of the corpora.
func logs(t testing.TB, folder string) []string {
	t.Helper()
	var files []string
	root := filepath.Join(corpora, folder)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".evtx") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Skipf("no logs in %s: %v", root, err)
	}
	return files
}

func open(t testing.TB, path string, opts Options) *Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := NewStream(f, opts)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// TestEveryRecordIsReturned compares what the chunk headers announce with what
// comes out, over all real logs: nothing may be missing or unexplained.
func TestEveryRecordIsReturned(t *testing.T) {
	for _, folder := range []string{"data/evtx-to-mitre", "sigma/regression_data"} {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			var files, records int64
			for _, path := range logs(t, folder) {
				r := open(t, path, Options{})
				for rec, err := range r.Records() {
					if err != nil {
						t.Errorf("%s: %v", path, err)
					} else if rec.Problem() != nil {
						t.Errorf("%s: record %d: %v", path, rec.ID, rec.Problem())
					}
				}
				c := r.Counts()
				if c.Records != c.Expected || c.Damaged != 0 || c.Degraded != 0 {
					t.Errorf("%s: %+v", path, c)
				}
				for _, w := range r.Warnings() {
					t.Errorf("%s: %v", path, w)
				}
				files, records = files+1, records+c.Records
			}
			t.Logf("%d files, %d records", files, records)
		})
	}
}
