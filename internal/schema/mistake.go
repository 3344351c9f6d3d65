package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Mistake is something wrong in a file that somebody wrote for their own
// installation. Text says what and what to do.
type Mistake struct {
	Path string
	Line int // 1-based
	Text string
}

// Error writes it as compilers do.
func (m *Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.Path, m.Line, m.Text) }

// YAMLMistake takes the line out of an error of the YAML reader. keys are what
// the file may have, for a key that is none of them.
func YAMLMistake(path string, err error, keys string) *Mistake {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return &Mistake{path, 1, first}
	}
	text := e.GetMessage()
	if key, ok := strings.CutPrefix(text, "unknown field "); ok {
		text = fmt.Sprintf("there is no key %s here; %s", key, keys)
	}
	return &Mistake{path, e.GetToken().Position.Line, text}
}
