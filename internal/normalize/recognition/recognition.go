// Package recognition tells which of many shapes a record has, by the fields and
// values that each shape names. One pass over the record finds out for all of them.
//
// It promises that of the shapes that fit the one that asks most wins, then one of
// somebody's own, then the earlier. It refuses two shapes that are told apart by
// nothing, and more fields than its sets hold. It is tested where shapes are: by
// package normalize's golden files and testdata/mistakes.
package recognition

import (
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
)

// Signals are the fields, and their values, that tell shapes apart. Each is a
// bit; one pass over a record sets the bits of those it has, and every shape
// hangs on its rarest bit, so that a record is compared with the few shapes
// that it can be.
type Signals struct {
	root  *signal
	count int
	byBit [maxSignals][]*candidate
	all   []*candidate
}

const maxSignals = 1024

var errManySignals = errors.New("all shapes together ask for too many fields to be recognised by")

// A Rule lists what a record of a shape has.
type Rule struct {
	Has []string            `yaml:"has"` // fields that are there, whatever their value
	Is  map[string][]string `yaml:"is"`  // fields with one of these values
	Not []string            `yaml:"not"` // fields that are not there
	Or  []Rule              `yaml:"or"`  // other ways to tell the shape
}

// bitset is a set of signals.
type bitset [maxSignals / 64]uint64

func (b *bitset) set(i int)      { b[i>>6] |= 1 << (i & 63) }
func (b *bitset) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b *bitset) size() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// covers says whether every bit of other is in b.
func (b *bitset) covers(other *bitset) bool {
	for i := range b {
		if other[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b *bitset) meets(other *bitset) bool {
	for i := range b {
		if other[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// A signal is a field that shapes are recognised by.
type signal struct {
	children map[string]*signal
	bit      int            // the field is there; -1 if nobody asks
	object   int            // the field is an object; -1 if nobody asks
	values   map[string]int // bits of its values
}

// A candidate is a shape with what it has and has not.
type candidate struct {
	shape     string // its name; empty for the forms of Windows events and of rows
	form      windows.Form
	isRow     bool // a row that names its table
	isOwn     bool // of a folder of somebody's own
	has, not  bitset
	is        [][]int // of each list one bit
	precision int     // the more it asks, the better it is known; a value counts more than many fields
}

func (s *Signals) bit() (int, error) {
	if s.count >= maxSignals {
		return 0, errManySignals
	}
	s.count++
	return s.count - 1, nil
}

func (s *Signals) at(path string) *signal {
	if s.root == nil {
		s.root = &signal{bit: -1, object: -1}
	}
	sig := s.root
	for key := range strings.SplitSeq(path, ".") {
		if sig.children == nil {
			sig.children = map[string]*signal{}
		}
		if sig.children[key] == nil {
			sig.children[key] = &signal{bit: -1, object: -1}
		}
		sig = sig.children[key]
	}
	return sig
}

// present returns the bit of a field; "winlog.*" asks that winlog is an object.
func (s *Signals) present(path string) (int, error) {
	path, isObject := strings.CutSuffix(path, ".*")
	sig := s.at(path)
	if isObject {
		if sig.object >= 0 {
			return sig.object, nil
		}
		var err error
		sig.object, err = s.bit()
		return sig.object, err
	}
	if sig.bit >= 0 {
		return sig.bit, nil
	}
	var err error
	sig.bit, err = s.bit()
	return sig.bit, err
}

func (s *Signals) value(path, value string) (int, error) {
	sig := s.at(path)
	if bit, ok := sig.values[value]; ok {
		return bit, nil
	}
	if sig.values == nil {
		sig.values = map[string]int{}
	}
	bit, err := s.bit()
	sig.values[value] = bit
	return bit, err
}

// forms are what tells Windows events and rows of tables from other records.
var forms = []struct {
	form windows.Form // 0 is a row of a table
	rule Rule
}{
	{windows.Evtx, Rule{Has: []string{"Event.*"}}},
	{windows.Winlogbeat, Rule{Has: []string{"winlog.*"}}},
	{windows.NXLog, Rule{Has: []string{"EventID", "SourceName"}}},
	{windows.NXLog, Rule{Has: []string{"EventID", "Channel", "Hostname"}}},
	{windows.OTel, Rule{Has: []string{"event_id.*", "provider.*", "channel", "computer"}}},
	{0, Rule{Has: []string{"Type", "TimeGenerated"}}},
}

// Add takes a way to tell the shape of a name; isOwn says that it is of a folder of
// somebody's own. A shape without a rule is for parsers that name it.
func (s *Signals) Add(shape string, isOwn bool, rule *Rule) error {
	return s.add(&candidate{shape: shape, isOwn: isOwn}, rule)
}

// AddForms takes what tells Windows events and rows of tables from other records.
func (s *Signals) AddForms() error {
	for i := range forms {
		if err := s.add(&candidate{form: forms[i].form, isRow: forms[i].form == 0}, &forms[i].rule); err != nil {
			return err
		}
	}
	return nil
}

func (s *Signals) add(c *candidate, rule *Rule) error {
	for _, path := range rule.Has {
		bit, err := s.present(path)
		if err != nil {
			return err
		}
		c.has.set(bit)
	}
	for _, path := range rule.Not {
		bit, err := s.present(path)
		if err != nil {
			return err
		}
		c.not.set(bit)
	}
	for _, path := range slices.Sorted(maps.Keys(rule.Is)) {
		var any []int
		for _, value := range rule.Is[path] {
			bit, err := s.value(path, value)
			if err != nil {
				return err
			}
			any = append(any, bit)
		}
		c.is = append(c.is, any)
	}
	if c.precision = c.has.size() + 16*len(c.is); c.precision == 0 {
		return nil
	}
	for _, other := range s.all {
		if other.has == c.has && other.not == c.not && other.isOwn == c.isOwn && other.shape != "" && c.shape != "" && slices.EqualFunc(other.is, c.is, slices.Equal) {
			return fmt.Errorf("it is recognised by the same as shape %s", other.shape)
		}
	}
	s.all = append(s.all, c)
	return nil
}

// Compile ends adding. It hangs every shape on its rarest bit; a shape known by the values of
// one field alone hangs on each of them.
func (s *Signals) Compile() {
	uses := map[int]int{}
	for _, c := range s.all {
		for i := range s.count {
			if c.has.has(i) {
				uses[i]++
			}
		}
	}
	for _, c := range s.all {
		rarest := -1
		for i := range s.count {
			if c.has.has(i) && (rarest < 0 || uses[i] < uses[rarest]) {
				rarest = i
			}
		}
		keys := []int{rarest}
		if len(c.is) > 0 {
			keys = c.is[0]
		}
		for _, bit := range keys {
			s.byBit[bit] = append(s.byBit[bit], c)
		}
	}
}

// A Finding says what a record can be.
type Finding struct {
	Form  windows.Form // of a Windows event; 0 for none
	IsRow bool         // it names a table and a time
	Shape string       // name; empty for none
}

// Find recognises a record, which is one JSON object. The shape that asks most
// wins; if two ask the same, one of somebody's own wins over a shipped one, else
// the earlier one.
func (s *Signals) Find(body string) (Finding, error) {
	if strings.HasPrefix(body, `{"Event":{`) { // by far the most frequent; its reader checks the rest
		return Finding{Form: windows.Evtx}, nil
	}
	var seen bitset
	z := jsontext.New(body)
	if err := s.look(z, s.root, &seen); err != nil {
		return Finding{}, err
	}
	if err := z.End(); err != nil {
		return Finding{}, err
	}
	return s.match(&seen), nil
}

func (s *Signals) match(seen *bitset) (f Finding) {
	best, bestIsOwn := 0, false
	for w, word := range seen {
		for ; word != 0; word &= word - 1 {
			for _, c := range s.byBit[w<<6+bits.TrailingZeros64(word)] {
				switch {
				case !c.matches(seen):
				case c.isRow:
					f.IsRow = true
				case c.form != 0:
					f.Form = c.form
				case c.precision > best || c.precision == best && c.isOwn && !bestIsOwn:
					best, bestIsOwn, f.Shape = c.precision, c.isOwn, c.shape
				}
			}
		}
	}
	return f
}

func (c *candidate) matches(seen *bitset) bool {
	if !seen.covers(&c.has) || seen.meets(&c.not) {
		return false
	}
	for _, any := range c.is {
		if !slices.ContainsFunc(any, seen.has) {
			return false
		}
	}
	return true
}

// look reads an object and notes the signals in it.
func (s *Signals) look(z *jsontext.Scanner, in *signal, seen *bitset) error {
	return z.Object(func(key string) error {
		sig := in.child(key)
		if sig == nil {
			return z.Skip()
		}
		kind := z.Kind()
		if kind == jsontext.Null {
			return z.Skip()
		}
		if sig.bit >= 0 {
			seen.set(sig.bit)
		}
		if sig.object >= 0 && kind == jsontext.Object {
			seen.set(sig.object)
		}
		switch {
		case kind == jsontext.Object && sig.children != nil:
			return s.look(z, sig, seen)
		case sig.values != nil && kind != jsontext.Object && kind != jsontext.Array:
			text, _, err := z.Scalar()
			if bit, ok := sig.values[text]; ok {
				seen.set(bit)
			}
			return err
		}
		return z.Skip()
	})
}

// child returns what is known of a member; a name with dots is a path.
func (sig *signal) child(key string) *signal {
	if sig == nil {
		return nil
	}
	if c := sig.children[key]; c != nil || strings.IndexByte(key, '.') < 0 {
		return c
	}
	for part := range strings.SplitSeq(key, ".") {
		if sig = sig.children[part]; sig == nil {
			return nil
		}
	}
	return sig
}
