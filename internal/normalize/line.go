package normalize

import (
	"fmt"

	"github.com/tocsin-soc/tocsin"
)

// lineRecord makes the record of a text that is no JSON object, or of a syslog
// message with its header.
func (n *Normalizer) lineRecord(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	rec, ok, err := n.inner(raw, body, wrapping{})
	if !ok && err == nil {
		err = fmt.Errorf("no parser knows this line: %s. Name the table it belongs to, or send it as syslog", excerpt(body))
	}
	return rec, err
}

// line recognises a line of text; ok is false if no parser knows it. A parser
// gives [Normalizer.flatRecord] the name of a shape and the fields it found; w
// is what the envelopes around the line said, as a fallback for host and time.
func (n *Normalizer) line(raw *tocsin.Raw, text string, w wrapping) (rec tocsin.Record, ok bool, err error) {
	return tocsin.Record{}, false, nil
}
