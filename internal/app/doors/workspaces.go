package doors

import (
	"encoding/base64"
	"os"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// minKey is the fewest bytes of a shared key: those of the hash it is used with.
const minKey = 32

// workspaceKey reads the shared key of a source of the azure door; nil if it has
// none.
func workspaceKey(s *ingest.Settings) ([]byte, error) {
	if s.KeyFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The keyFile %s cannot be read. Check the path and its permissions.", s.KeyFile)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < minKey {
		return nil, tocsin.Errorf(tocsin.Invalid, "The keyFile %s holds no key: at least %d bytes in base64. Make one with: openssl rand -base64 64 | tr -d '\\n'", s.KeyFile, minKey)
	}
	return key, nil
}

// workspaces finds who signs for a workspace, by its id in lower case. A key that
// cannot be read leaves its workspace out; checking the sources file says so.
func (d *Doors) workspaces() func(id string) (ingest.Sender, []byte, bool) {
	type entry struct {
		name string
		key  []byte
	}
	byID := map[string]entry{}
	if d.opts.Sources != nil {
		for i := range d.opts.Sources.List {
			s := &d.opts.Sources.List[i]
			key, err := workspaceKey(s)
			if err != nil {
				d.opts.Log.Error("reading the key of a workspace", "source", s.Door+":"+s.Name, "error", err)
			}
			if key != nil {
				byID[strings.ToLower(s.Workspace)] = entry{s.Name, key}
			}
		}
	}
	return func(id string) (ingest.Sender, []byte, bool) {
		e, ok := byID[id]
		if !ok {
			return ingest.Sender{}, nil, false
		}
		return d.sender(ingest.DoorAzure, e.name), e.key, true
	}
}
