package folder_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// refusedAre waits for the refused files that a source tells of: base names with
// the beginnings of the reasons.
func refusedAre(t *testing.T, pulse *ingest.Pulse, want map[string]string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got := map[string]string{}
		for _, r := range pulse.Health().Refused {
			got[filepath.Base(r.Path)] = r.Reason
		}
		missing := len(got) != len(want)
		for name, reason := range want {
			missing = missing || !strings.Contains(got[name], reason)
		}
		if !missing {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("refused files: %v, want %v", got, want)
		}
	}
}

// TestFollow_LinksLeadNowhereElse: what a link leads to is read if it lies where
// the operator said, and told otherwise.
func TestFollow_LinksLeadNowhereElse(t *testing.T) {
	const out = "leads out of the folder"
	for _, c := range []struct {
		name, path string // below the world's folder
		links      []string
		want       string
		refused    map[string]string
	}{
		{"a folder", "logs", nil, lines("own"), map[string]string{"secret.log": out, "deeper": out}},
		{"a pattern", "logs/*.log", nil, lines("own", "own"), map[string]string{"secret.log": out}},
		{"a pattern of folders", "*/secret.log", nil, lines("secret", "secret", "secret"), nil},
		{"a folder, and where it may lead", "logs", []string{"elsewhere"}, lines("own", "secret"), nil},
		{"a pattern, and where it may lead", "logs/*.log", []string{"elsewhere"}, lines("own", "own", "secret"), nil},
		{"a name similar to where it may lead", "logs/*.log", []string{"else"}, lines("own", "own"), map[string]string{"secret.log": out}},
		{"one file", "logs/own.log", nil, lines("own"), nil},
		{"one file that is a link within", "logs/again.log", nil, lines("own"), nil},
		{"one file that is a link without", "logs/secret.log", nil, "", map[string]string{"secret.log": out}},
		{"a folder that is a link", "linked", nil, lines("own"), map[string]string{"secret.log": out, "deeper": out}},
		{"a folder linked in a pattern", "logs/*", nil, lines("own", "own"), map[string]string{"secret.log": out, "deep.log": out}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, k := t.TempDir(), newKeep()
			at := func(name string) string { return filepath.Join(dir, name) }
			for _, d := range []string{"logs", "elsewhere/deeper", "else"} {
				must(t, os.MkdirAll(at(d), 0o755))
			}
			write(t, at("logs/own.log"), "own\n")
			write(t, at("elsewhere/secret.log"), "secret\n")
			write(t, at("elsewhere/deeper/deep.log"), "deep\n")
			for link, to := range map[string]string{
				"logs/again.log": "own.log", "logs/secret.log": "../elsewhere/secret.log", "logs/dangling.log": "nothing", "linked": "logs", "logs/deeper": "../elsewhere/deeper",
			} {
				must(t, os.Symlink(to, at(link)))
			}
			must(t, syscall.Mkfifo(at("logs/pipe.log"), 0o600))
			settings := ingest.Settings{Path: at(c.path), Follow: true}
			for _, l := range c.links {
				settings.Links = append(settings.Links, at(l))
			}
			stop, pulse := run(t, k, settings, filepath.Join(t.TempDir(), "memory"))
			defer stop()
			k.wait(t, c.want)
			refusedAre(t, pulse, c.refused)
			if n := k.count("link out of the folder"); n != len(c.refused) {
				t.Errorf("%d links were counted, %d refused", n, len(c.refused))
			}
			for name := range c.refused { // what has gone is not told any more
				must(t, os.RemoveAll(at("logs/"+name)))
				must(t, os.RemoveAll(at("logs/deeper")))
			}
			refusedAre(t, pulse, nil)
		})
	}
}

func (k *keep) count(reason string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refused[reason]
}

// TestFollow_BombsAreTold: what was read before stays, and why no more of it is.
func TestFollow_BombsAreTold(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	var zeros bytes.Buffer
	z := gzip.NewWriter(&zeros)
	_, err := z.Write(append(bytes.Repeat([]byte("2026-11-22 first\n"), 400), make([]byte, 8<<20)...))
	must(t, err)
	must(t, z.Close())
	bomb := bytes.Clone(zeros.Bytes())
	for range 130 { // members one behind the other: 1.1 GB
		zeros.Reset()
		z.Reset(&zeros)
		_, err := z.Write(make([]byte, 8<<20))
		must(t, err)
		must(t, z.Close())
		bomb = append(bomb, zeros.Bytes()...)
	}
	must(t, os.WriteFile(filepath.Join(dir, "bomb.log.gz"), bomb, 0o600))
	var honest bytes.Buffer
	z = gzip.NewWriter(&honest)
	_, err = z.Write(bytes.Repeat([]byte("2026-11-22 honest\n"), 3))
	must(t, err)
	must(t, z.Close())
	must(t, os.WriteFile(filepath.Join(dir, "honest.log.gz"), honest.Bytes(), 0o600))
	stop, pulse := follow(t, k, dir, filepath.Join(t.TempDir(), "memory"))
	defer stop()
	refusedAre(t, pulse, map[string]string{"bomb.log.gz": "larger than 1024 MiB"})
	k.waitFor(t, "2026-11-22 first", "2026-11-22 honest")
	if n := k.count("file unpacks to too much"); n != 1 {
		t.Errorf("counted %d times", n)
	}
}

// waitFor waits until records are stored, among others.
func (k *keep) waitFor(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		for end := time.Now().Add(60 * time.Second); !strings.Contains(k.bodies(), body); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s is not stored", body)
			}
		}
	}
}
