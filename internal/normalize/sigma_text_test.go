package normalize

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
)

// TestSigmaHQText sends the lines of testdata/sigmahq_lines.txt through
// normalising into the matcher: the rule named beside each must fire.
func TestSigmaHQText(t *testing.T) {
	root := filepath.Join(corpora, "sigma", "sigmahq")
	if _, err := os.Stat(root); err != nil {
		t.Skip(err)
	}
	program := sigmaHQ(t, root)
	list, err := os.Open("testdata/sigmahq_lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	matcher, ev := program.NewMatcher(), sigma.NewEvent(program.Fields())
	n := shipped(t)
	lines, rules := bufio.NewScanner(list), map[string]bool{}
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		if line := lines.Text(); line == "" || line[0] == '#' {
			continue
		}
		rule, rest, _ := strings.Cut(lines.Text(), " ")
		format, body, _ := strings.Cut(rest, " ")
		raw := tocsin.Raw{Source: "test", Format: tocsin.Format(format), Position: fmt.Sprint(number), ReceivedAt: received, Body: unfold([]byte(body))}
		records, rejects := n.Batch([]tocsin.Raw{raw})
		if len(rejects) > 0 {
			t.Errorf("line %d: %s", number, rejects[0].Reason)
			continue
		}
		fill(ev, &records[0])
		var fired []string
		for _, m := range matcher.Match(ev) {
			fired = append(fired, program.Rules()[m].ID)
		}
		if rules[rule] = true; !strings.Contains(strings.Join(fired, " "), rule) {
			t.Errorf("line %d: rule %s does not fire on %s; %v do. Its view: %+v %v", number, rule, body, fired, records[0].LogSource, records[0].Fields)
		}
	}
	t.Logf("%d rules fire on their lines", len(rules))
}
