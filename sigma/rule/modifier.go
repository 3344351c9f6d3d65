package rule

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
)

// maxRegexBytes bounds one regular expression of a rule.
const maxRegexBytes = 16 << 10

// modifierChain is what the modifiers behind one field name ask for, read from
// left to right once and then applied to every value.
type modifierChain struct {
	field string
	steps []string // transformations of the text, in order

	all, negate, cased, expand bool
	re, cidr, exists, fieldref bool
	place                      Place
	flags                      string // of re: i, m, s
	compare                    Compare
	compares                   bool
	part                       DatePart
	parts                      bool
}

var comparisonModifiers = map[string]Compare{"lt": Less, "lte": LessEqual, "gt": Greater, "gte": GreaterEqual}

var datePartModifiers = map[string]DatePart{
	"minute": Minute, "hour": Hour, "day": Day, "week": Week, "month": Month, "year": Year}

func newModifierChain(field string, mods []string) (*modifierChain, error) {
	c := &modifierChain{field: strings.ReplaceAll(field, " ", "")}
	for _, m := range mods {
		if err := c.add(m); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

func (c *modifierChain) add(m string) error {
	if cmp, ok := comparisonModifiers[m]; ok {
		if c.compares {
			return fmt.Errorf("modifier %s: a second comparison", m)
		}
		c.compare, c.compares = cmp, true
		return nil
	}
	if part, ok := datePartModifiers[m]; ok {
		if c.parts {
			return fmt.Errorf("modifier %s: a second part of a date", m)
		}
		c.part, c.parts = part, true
		return nil
	}
	switch m {
	case "contains", "startswith", "endswith":
		c.place = map[string]Place{"contains": Within, "startswith": AtStart, "endswith": AtEnd}[m]
		c.steps = append(c.steps, m)
	case "wide", "utf16le", "utf16be", "utf16", "base64", "base64offset", "windash":
		c.steps = append(c.steps, m)
	case "all":
		c.all = true
	case "neq":
		c.negate = true
	case "cased":
		c.cased = true
	case "expand":
		c.expand = true
	case "re":
		c.re = true
	case "i", "m", "s", "ignorecase", "multiline", "dotall":
		if !c.re {
			return fmt.Errorf("modifier %s belongs behind re", m)
		}
		flag := map[string]string{"ignorecase": "i", "multiline": "m", "dotall": "s"}[m]
		if flag == "" {
			flag = m
		}
		if !strings.Contains(c.flags, flag) {
			c.flags += flag
		}
	case "cidr":
		c.cidr = true
	case "exists":
		c.exists = true
	case "fieldref":
		c.fieldref = true
	default:
		return fmt.Errorf("unknown modifier %q", m)
	}
	return nil
}

// check refuses chains without meaning, so that no modifier is ever ignored.
func (c *modifierChain) check() error {
	exclusive := 0
	for _, on := range []bool{c.re, c.cidr, c.exists, c.fieldref, c.compares || c.parts} {
		if on {
			exclusive++
		}
	}
	switch {
	case exclusive > 1:
		return fmt.Errorf("re, cidr, exists, fieldref, comparisons and parts of dates exclude one another")
	case exclusive == 1 && len(c.steps) > 0 && !(c.fieldref && onlyPlaces(c.steps)):
		return fmt.Errorf("modifier %s has no meaning together with %s", c.steps[0], c.special())
	case len(c.steps) > 1 && onlyPlaces(c.steps):
		return fmt.Errorf("contains, startswith and endswith exclude one another")
	case c.cased && exclusive == 1 && !c.fieldref:
		return fmt.Errorf("modifier cased has no meaning together with %s", c.special())
	case c.expand && (c.exists || c.fieldref || c.compares || c.parts):
		return fmt.Errorf("modifier expand has no meaning together with %s", c.special())
	case c.field == "" && exclusive == 1 && !c.re:
		return fmt.Errorf("modifier %s needs a field", c.special())
	}
	return c.checkEncodings()
}

// checkEncodings: UTF-16 only prepares text for base64, and nothing but a place
// or a comparison of case may follow base64.
func (c *modifierChain) checkEncodings() error {
	wide, encoded := "", ""
	for _, s := range c.steps {
		switch s {
		case "wide", "utf16le", "utf16be", "utf16":
			if wide != "" || encoded != "" {
				return fmt.Errorf("modifier %s must stand once and before base64", s)
			}
			wide = s
		case "base64", "base64offset":
			if encoded != "" {
				return fmt.Errorf("modifier %s: already encoded by %s", s, encoded)
			}
			encoded = s
		case "windash":
			if wide != "" || encoded != "" {
				return fmt.Errorf("modifier windash must stand before encodings")
			}
		}
	}
	if wide != "" && encoded == "" {
		return fmt.Errorf("modifier %s must be followed by base64 or base64offset", wide)
	}
	return nil
}

func onlyPlaces(steps []string) bool {
	for _, s := range steps {
		if s != "contains" && s != "startswith" && s != "endswith" {
			return false
		}
	}
	return true
}

// special names the modifier that replaces comparison by pattern, if there is one.
func (c *modifierChain) special() string {
	switch {
	case c.re:
		return "re"
	case c.cidr:
		return "cidr"
	case c.exists:
		return "exists"
	case c.fieldref:
		return "fieldref"
	case c.compares:
		return "a comparison"
	case c.parts:
		return "a part of a date"
	}
	return ""
}

// value resolves one value of the item.
func (c *modifierChain) value(v *document.Node) (*Expr, error) {
	switch {
	case v.Kind == document.Null:
		if len(c.steps) > 0 || c.special() != "" || c.cased || c.expand {
			return nil, fmt.Errorf("null cannot take modifiers")
		}
		if c.field == "" {
			return nil, fmt.Errorf("null is no keyword")
		}
		return Leaf(&Predicate{Field: c.field, Test: TestNull}), nil
	case c.exists:
		if v.Kind != document.Bool {
			return nil, fmt.Errorf("exists takes true or false, not %q", v.Text)
		}
		return Leaf(&Predicate{Field: c.field, Test: TestExists, Absent: v.Text == "false"}), nil
	case c.compares || c.parts:
		return c.number(v)
	case c.re:
		return c.regex(v.Text)
	case c.cidr:
		return c.network(v.Text)
	case c.fieldref:
		return c.reference(v)
	}
	return c.pattern(v)
}

func (c *modifierChain) number(v *document.Node) (*Expr, error) {
	n, ok := ParseNumber(v.Text)
	if !ok {
		return nil, fmt.Errorf("%s needs a number, not %q", c.special(), v.Text)
	}
	p := &Predicate{Field: c.field, Test: TestCompare, Compare: c.compare, Number: n}
	if c.parts {
		p.Test, p.Part = TestTime, c.part
	}
	return Leaf(p), nil
}

func (c *modifierChain) regex(src string) (*Expr, error) {
	if c.expand {
		if names := pattern.Parse(src, true).Placeholders(); names != nil {
			return nil, fmt.Errorf("placeholder %%%s%% inside a regular expression is not supported", names[0])
		}
	}
	if len(src) > maxRegexBytes {
		return nil, fmt.Errorf("regular expression of %d bytes exceeds %d", len(src), maxRegexBytes)
	}
	full := src
	if c.flags != "" {
		full = "(?" + c.flags + ")" + src
	}
	re, err := regexp.Compile(full)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	return Leaf(&Predicate{Field: c.field, Test: TestRegex, Regex: re, RegexSrc: src}), nil
}

func (c *modifierChain) network(text string) (*Expr, error) {
	if c.expand {
		return c.placeholderNetwork(text)
	}
	n, err := parseNetwork(text)
	if err != nil {
		return nil, err
	}
	return Leaf(&Predicate{Field: c.field, Test: TestCIDR, Network: n}), nil
}

// placeholderNetwork keeps a placeholder for a pipeline to fill; without one the
// text is a network as usual.
func (c *modifierChain) placeholderNetwork(text string) (*Expr, error) {
	p := pattern.Parse(text, true)
	if p.Placeholders() == nil {
		c.expand = false
		defer func() { c.expand = true }()
		return c.network(text)
	}
	return Leaf(&Predicate{Field: c.field, Test: TestCIDR, Pattern: p}), nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	n, err := netip.ParsePrefix(text)
	if err != nil {
		addr, addrErr := netip.ParseAddr(text)
		if addrErr != nil {
			return n, fmt.Errorf("cidr: %q is no network", text)
		}
		n = netip.PrefixFrom(addr, addr.BitLen())
	}
	if n.Masked() != n {
		return n, fmt.Errorf("cidr: %s has host bits set; did you mean %s?", n, n.Masked())
	}
	return n, nil
}

func (c *modifierChain) reference(v *document.Node) (*Expr, error) {
	if v.Kind != document.String || v.Text == "" {
		return nil, fmt.Errorf("fieldref needs the name of a field")
	}
	return Leaf(&Predicate{Field: c.field, Test: TestField, Place: c.place, Cased: c.cased,
		OtherField: strings.ReplaceAll(v.Text, " ", "")}), nil
}

// pattern applies the text modifiers in order. A value that a modifier expands
// stays one alternative of the item, also inside all.
func (c *modifierChain) pattern(v *document.Node) (*Expr, error) {
	list := []pattern.Pattern{pattern.Parse(v.Text, c.expand)}
	cased := c.cased
	for _, step := range c.steps {
		var next []pattern.Pattern
		for _, p := range list {
			out, err := applyStep(step, p)
			if err != nil {
				return nil, err
			}
			next = append(next, out...)
		}
		list = next
		// Base64 text differs by case; folding it would match other data.
		cased = cased || step == "base64" || step == "base64offset"
	}
	args := make([]*Expr, 0, len(list))
	for _, p := range list {
		if c.field == "" {
			p = p.Contains() // a keyword stands anywhere in the event
		}
		args = append(args, Leaf(&Predicate{Field: c.field, Test: TestPattern, Pattern: p, Cased: cased}))
	}
	return Or(args...), nil
}

func applyStep(step string, p pattern.Pattern) ([]pattern.Pattern, error) {
	switch step {
	case "contains":
		return []pattern.Pattern{p.Contains()}, nil
	case "startswith":
		return []pattern.Pattern{p.WithSuffixAny()}, nil
	case "endswith":
		return []pattern.Pattern{p.WithPrefixAny()}, nil
	case "windash":
		return pattern.WinDash(p)
	}
	text, plain := p.Plain()
	if !plain {
		return nil, fmt.Errorf("%s cannot encode wildcards or placeholders: %q", step, p.String())
	}
	switch step {
	case "wide", "utf16le":
		return bytesPattern(pattern.UTF16(text, binary.LittleEndian, false)), nil
	case "utf16be":
		return bytesPattern(pattern.UTF16(text, binary.BigEndian, false)), nil
	case "utf16":
		return bytesPattern(pattern.UTF16(text, binary.LittleEndian, true)), nil
	case "base64":
		return bytesPattern([]byte(pattern.Base64([]byte(text)))), nil
	case "base64offset":
		var out []pattern.Pattern
		for _, s := range pattern.Base64Offset([]byte(text)) {
			if s == "" {
				return nil, fmt.Errorf("base64offset: %q is too short to leave a fixed text at every offset", text)
			}
			out = append(out, pattern.Text(s))
		}
		return out, nil
	}
	panic("rule: unknown text modifier " + step)
}

func bytesPattern(b []byte) []pattern.Pattern { return []pattern.Pattern{pattern.Text(string(b))} }
