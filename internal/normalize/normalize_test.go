package normalize

import (
	"io/fs"
	"os"
	"sync"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// tables are the product's own; a schema is immutable, so all tests share it.
var tables = sync.OnceValues(func() (*schema.Schema, error) { return schema.Load(os.DirFS("../../content/tables")) })

// shipped loads the normaliser with the product's own tables and mappings.
func shipped(t testing.TB) *Normalizer {
	t.Helper()
	s, err := tables()
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
