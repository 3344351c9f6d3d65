package normalize

import (
	"io/fs"
	"os"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// shipped loads the normaliser with the product's own tables and mappings.
func shipped(t testing.TB) *Normalizer {
	t.Helper()
	s, err := schema.Load(os.DirFS("../../content/tables"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(s, mappings())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mappings() fs.FS { return os.DirFS("../../content/normalize") }

func TestShippedMappingsLoad(t *testing.T) { shipped(t) }
