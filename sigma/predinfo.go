package sigma

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// predInfo is a predicate prepared for matching, once per program.
type predInfo struct {
	*Predicate
	field  FieldID
	other  FieldID
	index  indexKind
	needle pattern.Needle // what to look for, folded, when index is not indexNone
	folded pattern.Pattern
	needs  *pattern.Requirement // of rule.TestRegex
	weight float64              // guessed share of events on which it holds; for choosing triggers
}

// indexKind says what finding the needle in a value means for the predicate.
type indexKind uint8

const (
	indexNone   indexKind = iota // not found by any needle: evaluated when asked for
	indexHolds                   // it holds
	indexVerify                  // it holds if the pattern matches that value
	indexMaybe                   // it may hold for that value: evaluated when asked for
	indexAlways                  // it holds for every value
)

// predTable interns the predicates of a program: equal ones are one.
type predTable struct {
	fields *Fields
	seen   map[*Predicate]int32
	byKey  map[string]int32
	infos  []*predInfo
}

func newPredTable(f *Fields) *predTable {
	return &predTable{fields: f, seen: map[*Predicate]int32{}, byKey: map[string]int32{}}
}

func (t *predTable) intern(p *Predicate) int32 {
	if i, ok := t.seen[p]; ok {
		return i
	}
	key := predicateKey(p)
	i, ok := t.byKey[key]
	if !ok {
		i = int32(len(t.infos))
		t.byKey[key] = i
		in := t.prepare(p)
		t.infos = append(t.infos, &in)
	}
	t.seen[p] = i
	return i
}

// predicateKey is equal for predicates of equal meaning.
func predicateKey(p *Predicate) string {
	var b strings.Builder
	b.WriteString(p.Field)
	b.WriteByte(0)
	b.WriteByte('A' + byte(p.Test))
	if p.Test == rule.TestPattern {
		if p.Cased {
			b.WriteByte('!')
			b.WriteString(p.Pattern.Key())
		} else {
			b.WriteString(p.Pattern.Fold().Key())
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s %v %v %v %v %v %v %q %v", p.Regex, p.Network, p.Compare, p.Number, p.Part, p.Absent, p.Cased, p.OtherField, p.Place)
	return b.String()
}

func (t *predTable) prepare(p *Predicate) predInfo {
	in := predInfo{Predicate: p, field: t.fields.ID(p.Field), other: t.fields.ID(p.OtherField), weight: 1}
	switch p.Test {
	case rule.TestPattern:
		in.preparePattern()
	case rule.TestRegex:
		needs := pattern.Require(p.Regex.String())
		in.needs = &needs
		if in.needs.Literals != nil {
			in.index = indexMaybe
			in.weight = 0
			for _, l := range in.needs.Literals {
				in.weight += literalWeight(l, false)
			}
		}
	}
	return in
}

func (in *predInfo) preparePattern() {
	in.folded = in.Pattern.Fold()
	shape, lit := in.folded.Shape()
	in.needle = pattern.Needle{Text: lit}
	in.index = indexHolds
	switch shape {
	case pattern.All:
		in.index = indexAlways
	case pattern.Exact:
		in.needle.AtStart, in.needle.AtEnd = true, true
	case pattern.Prefix:
		in.needle.AtStart = true
	case pattern.Suffix:
		in.needle.AtEnd = true
	case pattern.Glob:
		lit, atStart, atEnd := in.folded.Longest()
		in.needle = pattern.Needle{Text: lit, AtStart: atStart, AtEnd: atEnd}
		if in.index = indexVerify; lit == "" {
			in.index = indexNone
		}
	}
	if in.Cased && in.index == indexHolds {
		in.index = indexVerify
	}
	in.weight = literalWeight(in.needle.Text, in.needle.AtStart && in.needle.AtEnd)
	if in.index == indexAlways || in.index == indexNone {
		in.weight = 1
	}
}

// matches tests the pattern against one value; folded is the value folded.
func (in *predInfo) matches(v, folded []byte) bool {
	if in.Cased {
		return in.Pattern.Match(v)
	}
	return in.folded.Match(folded)
}

// commonplace are pieces of values that fill ordinary Windows telemetry. A
// literal found in one of them makes a poor trigger. Only the choice of
// triggers, never a result, depends on this list.
var commonplace = []string{
	`c:\windows\system32\svchost.exe -k netsvcs -p -s schedule`, `c:\windows\syswow64\`, `c:\windows\explorer.exe`,
	`c:\program files (x86)\`, `c:\program files\`, `c:\programdata\microsoft\`, `c:\users\public\appdata\local\temp\`,
	`\appdata\roaming\microsoft\windows\`, `\cmd.exe`, `cmd.exe /c `, `\powershell.exe`, `\windowspowershell\v1.0\powershell.exe`,
	`\conhost.exe 0xffffffff -forcev1`, `\services.exe`, `\taskhostw.exe`, `\wmiprvse.exe`, `\chrome.exe`, `\msedge.exe`,
	`microsoft corporation`, `microsoft windows operating system`, `hklm\software\microsoft\windows\currentversion\`,
	`hklm\system\currentcontrolset\services\`, `nt authority\system`, `true`, `false`, `system`, `high`, `medium`,
	`.exe`, `.dll`, `.tmp`, `.ps1`, `.json`, `.log`, `.txt`, `.dat`, `https://`, `--type=`, ` -command `, ` -noprofile -executionpolicy bypass -file `, `\rundll32.exe`,
	`\reg.exe`, `\net.exe`, `\schtasks.exe`, `\sc.exe`, `\msiexec.exe`, `\dllhost.exe`, `\runtimebroker.exe`,
}

// literalWeight guesses on which share of events a literal is found.
func literalWeight(lit string, exact bool) float64 {
	for _, c := range commonplace {
		if strings.Contains(c, lit) {
			return 0.5 + 0.5/float64(1+len(lit))
		}
	}
	switch n := len(lit); {
	case exact:
		return 0.02
	case n <= 1:
		return 0.9
	case n == 2:
		return 0.5
	case n == 3:
		return 0.2
	case n <= 5:
		return 0.05
	case n <= 8:
		return 0.01
	}
	return 0.002
}
