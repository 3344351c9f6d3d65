package native

import (
	"encoding/csv"
	"encoding/xml"
	"math/big"
	"net/url"
	"regexp"
	"strings"
)

func parseFunctions() []Function {
	text := func(name string, fn func(s string) any) Function {
		return Function{Name: name, Args: []Kind{Text}, Result: Text, Fn: func(a []any) any { return fn(str(a[0])) }}
	}
	cache := &regexCache{m: map[string]*regexp.Regexp{}}
	return []Function{
		text("kql_parse_path", parsePath), text("kql_parse_url", parseURL), text("kql_parse_urlquery", parseURLQuery),
		text("kql_parse_csv", parseCSV), text("kql_parse_xml", parseXML), text("kql_parse_version", parseVersion),
		{Name: "kql_parse_command_line", Args: []Kind{Text, Text}, Result: Text, Fn: parseCommandLine},
		{Name: "kql_parse_user_agent", Args: []Kind{Text, Text}, Result: Text, Fn: parseUserAgent},
		{Name: "kql_parse_kv", Args: []Kind{Text, Text, Text, Text, Text, Text, Bool}, Result: Text, Fn: parseKV},
		{Name: "kql_parse_kv_regex", Args: []Kind{Text, Text, Text}, Result: Text, Fn: func(a []any) any { return parseKVRegex(cache, a) }},
		{Name: "kql_parse", Args: []Kind{Text, Text, Text}, Result: Text, Fn: func(a []any) any { return parsePattern(cache, a) }},
	}
}

// parsePath splits a Windows or Unix path as parse_path does.
func parsePath(s string) any {
	scheme, rest := "", s
	if i := strings.Index(s, "://"); i > 0 {
		scheme, rest = s[:i], s[i+3:]
	}
	root, stream := "", ""
	if len(rest) > 1 && rest[1] == ':' && isAlnum(rest[0]) {
		root = rest[:2]
		if i := strings.LastIndexByte(rest[2:], ':'); i >= 0 {
			stream, rest = rest[2+i+1:], rest[:2+i]
		}
	} else if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexAny(rest, `/\`) && i > 0 {
		stream, rest = rest[i+1:], rest[:i]
	}
	dir, file := "", rest
	if i := strings.LastIndexAny(rest, `/\`); i >= 0 {
		dir, file = rest[:i], rest[i+1:]
	}
	dirName := dir
	if i := strings.LastIndexAny(dir, `/\`); i >= 0 {
		dirName = dir[i+1:]
	}
	ext := ""
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		ext = file[i+1:]
	}
	b := newBag()
	for _, kv := range [][2]string{{"Scheme", scheme}, {"RootPath", root}, {"DirectoryPath", dir}, {"DirectoryName", dirName},
		{"Filename", file}, {"Extension", ext}, {"AlternateDataStreamName", stream}} {
		b.set(kv[0], kv[1])
	}
	return printJSON(b)
}

func queryBag(q string) *bag {
	b := newBag()
	for _, pair := range strings.Split(q, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		if u, err := url.QueryUnescape(v); err == nil {
			v = u
		}
		b.set(k, v)
	}
	return b
}

func parseURL(s string) any {
	b := newBag()
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || s == "" {
		return nil
	}
	user, password := "", ""
	if u.User != nil {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	b.set("Scheme", u.Scheme)
	b.set("Host", u.Hostname())
	b.set("Port", u.Port())
	b.set("Path", u.EscapedPath())
	b.set("Username", user)
	b.set("Password", password)
	b.set("Query Parameters", queryBag(u.RawQuery))
	b.set("Fragment", u.Fragment)
	return printJSON(b)
}

func parseURLQuery(s string) any {
	b := newBag()
	b.set("Query Parameters", queryBag(strings.TrimPrefix(s, "?")))
	return printJSON(b)
}

func parseCSV(s string) any {
	r := csv.NewReader(strings.NewReader(s))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	rec, err := r.Read()
	if err != nil {
		if s == "" {
			return `[""]`
		}
		return nil
	}
	return strings2array(rec)
}

// parseXML turns an element into a bag: attributes under "@name", text under
// "#text", repeated children as an array; an element of text alone is its text.
func parseXML(s string) any {
	d := xml.NewDecoder(strings.NewReader(s))
	d.Strict = true
	for {
		t, err := d.Token()
		if err != nil {
			return nil
		}
		if start, ok := t.(xml.StartElement); ok {
			v, ok := xmlElement(d, start, 0)
			if !ok {
				return nil
			}
			b := newBag()
			b.set(xmlName(start.Name), v)
			return printJSON(b)
		}
	}
}

func xmlName(n xml.Name) string { return n.Local }

func xmlElement(d *xml.Decoder, start xml.StartElement, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	b := newBag()
	for _, a := range start.Attr {
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
			if a.Name.Space == "xmlns" {
				name = "xmlns:" + a.Name.Local
			}
		}
		b.set("@"+name, a.Value)
	}
	var text strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return nil, false
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			v, ok := xmlElement(d, t, depth+1)
			if !ok {
				return nil, false
			}
			k := xmlName(t.Name)
			switch old := b.vals[k].(type) {
			case nil:
				if _, had := b.vals[k]; had {
					b.set(k, []any{nil, v})
				} else {
					b.set(k, v)
				}
			case []any:
				b.set(k, append(old, v))
			default:
				b.set(k, []any{old, v})
			}
		case xml.EndElement:
			s := strings.TrimSpace(text.String())
			if len(b.keys) == 0 {
				if s == "" {
					return nil, true
				}
				return s, true
			}
			if s != "" {
				b.set("#text", s)
			}
			return b, true
		}
	}
}

// parseVersion makes a.b.c.d a decimal that orders like the version: each part
// takes eight digits.
func parseVersion(s string) any {
	parts := strings.Split(strings.TrimSpace(s), ".")
	if s == "" || len(parts) > 4 {
		return nil
	}
	n := new(big.Int)
	for i := range 4 {
		part := new(big.Int)
		if i < len(parts) {
			if _, ok := part.SetString(parts[i], 10); !ok || part.Sign() < 0 || len(parts[i]) > 8 {
				return nil
			}
		}
		n.Mul(n, big.NewInt(100_000_000))
		n.Add(n, part)
	}
	return n.String()
}

// parseCommandLine splits by the rules of CommandLineToArgvW: blanks separate,
// quotes group, backslashes escape only before a quote.
func parseCommandLine(a []any) any {
	s, ok := a[0].(string)
	if !ok || s == "" {
		return nil
	}
	out := []string{}
	var b strings.Builder
	quoted, started := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := 0
			for i < len(s) && s[i] == '\\' {
				n++
				i++
			}
			started = true
			if i < len(s) && s[i] == '"' {
				b.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					b.WriteByte('"')
				} else {
					quoted = !quoted
				}
			} else {
				b.WriteString(strings.Repeat(`\`, n))
				i--
			}
		case c == '"':
			if quoted && i+1 < len(s) && s[i+1] == '"' {
				b.WriteByte('"')
				i++
			} else {
				quoted = !quoted
			}
			started = true
		case (c == ' ' || c == '\t') && !quoted:
			if started {
				out = append(out, b.String())
				b.Reset()
				started = false
			}
		default:
			b.WriteByte(c)
			started = true
		}
	}
	if started {
		out = append(out, b.String())
	}
	return strings2array(out)
}

var agents = []struct {
	family  string
	pattern *regexp.Regexp
}{
	{"AdobeAIR", regexp.MustCompile(`AdobeAIR/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Edge", regexp.MustCompile(`Edge?/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Opera", regexp.MustCompile(`(?:OPR|Opera)/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Firefox", regexp.MustCompile(`Firefox/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Chrome", regexp.MustCompile(`Chrome/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Safari", regexp.MustCompile(`Version/(\d+)(?:\.(\d+))?(?:\.(\d+))?.*Safari/`)},
	{"IE", regexp.MustCompile(`(?:MSIE |rv:)(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"curl", regexp.MustCompile(`curl/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Python Requests", regexp.MustCompile(`python-requests/(\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
}

var systems = []struct {
	family  string
	pattern *regexp.Regexp
}{
	{"Windows", regexp.MustCompile(`Windows NT (\d+)(?:\.(\d+))?`)},
	{"iOS", regexp.MustCompile(`(?:iPhone|CPU) OS (\d+)(?:[_.](\d+))?(?:[_.](\d+))?`)},
	{"Android", regexp.MustCompile(`Android (\d+)(?:\.(\d+))?(?:\.(\d+))?`)},
	{"Mac OS X", regexp.MustCompile(`Mac OS X (\d+)(?:[_.](\d+))?(?:[_.](\d+))?`)},
	{"Linux", regexp.MustCompile(`Linux()()()`)},
}

// parseUserAgent knows the families that make up nearly all traffic; others are
// "Other". Microsoft's list of expressions is not ours to ship.
func parseUserAgent(a []any) any {
	ua := str(a[0])
	want := valueSet{}
	switch v := dynamicOf(a[1]).(type) {
	case string:
		want.add(strings.ToLower(v))
	case []any:
		for _, e := range v {
			want.add(strings.ToLower(scalarText(e)))
		}
	}
	asked := func(name string) bool { return len(want) == 0 || want[want.key(name)] }
	part := func(m []string, i int) string {
		if i < len(m) {
			return m[i]
		}
		return ""
	}
	out := newBag()
	if asked("browser") {
		b := newBag()
		b.set("Family", "Other")
		for _, g := range agents {
			if m := g.pattern.FindStringSubmatch(ua); m != nil {
				b.set("Family", g.family)
				b.set("MajorVersion", part(m, 1))
				b.set("MinorVersion", part(m, 2))
				b.set("Patch", part(m, 3))
				break
			}
		}
		out.set("Browser", b)
	}
	if asked("os") {
		b := newBag()
		b.set("Family", "Other")
		for _, g := range systems {
			if m := g.pattern.FindStringSubmatch(ua); m != nil {
				b.set("Family", g.family)
				b.set("MajorVersion", part(m, 1))
				b.set("MinorVersion", part(m, 2))
				b.set("Patch", part(m, 3))
				b.set("PatchMinor", "")
				break
			}
		}
		out.set("OperatingSystem", b)
	}
	if asked("device") {
		b := newBag()
		b.set("Family", "Other")
		b.set("Brand", "")
		b.set("Model", "")
		out.set("Device", b)
	}
	return printJSON(out)
}

// parsePattern matches a compiled parse pattern: a regular expression with one
// group per capture. The result is an array of the captures' texts, null when
// the text does not match. The second argument lists the kinds to demand
// ("long", "" for any), so that a capture which does not convert spoils the
// whole match in simple mode.
func parsePattern(cache *regexCache, a []any) any {
	re := cache.get(str(a[1]))
	if re == nil {
		return nil
	}
	m := re.FindStringSubmatch(str(a[0]))
	if m == nil {
		return nil
	}
	return strings2array(m[1:])
}

// parseKV finds key/value pairs in a text; the result is a bag of the first
// value of each key. Arguments: text, pair delimiter, kv delimiter, quotes (a
// dynamic array of one- or two-character texts), escape, unused, greedy.
func parseKV(a []any) any {
	s, pairs, kv, escape := str(a[0]), str(a[1]), str(a[2]), str(a[4])
	quotes := map[string]string{}
	if l, ok := dynamicOf(a[3]).([]any); ok {
		for _, q := range l {
			r := []rune(scalarText(q))
			switch len(r) {
			case 1:
				quotes[string(r)] = string(r)
			case 2:
				quotes[string(r[0])] = string(r[1])
			}
		}
	}
	greedy := a[6] == true
	out := newBag()
	if kv == "" {
		return printJSON(parseLoose(s, quotes, escape))
	}
	for s != "" {
		if key, rest, ok := quotedKey(s, pairs, kv, quotes); ok {
			var value string
			value, s = kvValue(strings.TrimLeft(rest, " "), pairs, kv, quotes, escape, greedy)
			if _, had := out.vals[key]; !had {
				out.set(key, value)
			}
			continue
		}
		i := strings.Index(s, kv)
		if i < 0 {
			break
		}
		if !greedy {
			if j := strings.Index(s, pairs); pairs != "" && j >= 0 && j < i {
				s = s[j+len(pairs):]
				continue
			}
		}
		key := s[:i]
		if greedy {
			if j := strings.LastIndex(key, pairs); j >= 0 && pairs != "" {
				key = key[j+len(pairs):]
			}
		}
		key = unquote(strings.TrimSpace(key), quotes)
		value, rest := kvValue(strings.TrimLeft(s[i+len(kv):], " "), pairs, kv, quotes, escape, greedy)
		s = rest
		if _, had := out.vals[key]; !had {
			out.set(key, value)
		}
	}
	return printJSON(out)
}

// quotedKey reads a key in quotes at the start of s.
func quotedKey(s, pairs, kv string, quotes map[string]string) (key, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if pairs != "" {
		s = strings.TrimPrefix(s, pairs)
	}
	for open, end := range quotes {
		if !strings.HasPrefix(s, open) {
			continue
		}
		if i := strings.Index(s[len(open):], end); i >= 0 {
			after := s[len(open)+i+len(end):]
			if strings.HasPrefix(after, kv) {
				return s[len(open) : len(open)+i], after[len(kv):], true
			}
		}
	}
	return "", "", false
}

// parseLoose is parse-kv without delimiters: every run of letters, digits and
// underscores, or quoted text, is a key of the one that follows it.
func parseLoose(s string, quotes map[string]string, escape string) *bag {
	out := newBag()
	last, have := "", false
	put := func(token string) {
		if have {
			if _, had := out.vals[last]; !had {
				out.set(last, token)
			}
		}
		last, have = token, true
	}
	for s != "" {
		quoted := false
		for open, end := range quotes {
			if strings.HasPrefix(s, open) {
				var v string
				v, s = quotedText(s[len(open):], end, escape)
				put(v)
				quoted = true
			}
		}
		if quoted {
			continue
		}
		n := 0
		for n < len(s) && (isAlnum(s[n]) || s[n] == '_' || s[n] >= 0x80) {
			n++
		}
		if n == 0 {
			s = s[1:]
			continue
		}
		put(s[:n])
		s = s[n:]
	}
	return out
}

// quotedText reads up to the closing quote; without one, everything.
func quotedText(s, end, escape string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if escape != "" && strings.HasPrefix(s[i:], escape) && i+len(escape) < len(s) {
			i += len(escape)
			b.WriteByte(s[i])
			continue
		}
		if strings.HasPrefix(s[i:], end) {
			return b.String(), s[i+len(end):]
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

func unquote(s string, quotes map[string]string) string {
	for open, end := range quotes {
		if len(s) >= len(open)+len(end) && strings.HasPrefix(s, open) && strings.HasSuffix(s, end) {
			return s[len(open) : len(s)-len(end)]
		}
	}
	return s
}

// kvValue cuts the value off the front of s: to the closing quote when it opens
// with one, else to the pair delimiter; greedy, to the last one before the next
// key.
func kvValue(s, pairs, kv string, quotes map[string]string, escape string, greedy bool) (value, rest string) {
	for open, end := range quotes {
		if !strings.HasPrefix(s, open) {
			continue
		}
		var b strings.Builder
		for i := len(open); i < len(s); i++ {
			if escape != "" && strings.HasPrefix(s[i:], escape) && i+len(escape) < len(s) {
				i += len(escape)
				b.WriteByte(s[i])
				continue
			}
			if strings.HasPrefix(s[i:], end) {
				rest = s[i+len(end):]
				if j := strings.Index(rest, pairs); pairs != "" && j >= 0 {
					rest = rest[j+len(pairs):]
				} else if pairs != "" {
					rest = ""
				}
				return b.String(), rest
			}
			b.WriteByte(s[i])
		}
	}
	if pairs == "" {
		return strings.TrimSpace(s), ""
	}
	end := strings.Index(s, pairs)
	if greedy {
		if next := strings.Index(s, kv); next >= 0 {
			end = strings.LastIndex(s[:next], pairs)
			if end < 0 {
				end = strings.Index(s, pairs)
			}
		} else {
			end = -1
		}
	}
	if end < 0 {
		return strings.TrimSpace(s), ""
	}
	return strings.TrimSpace(s[:end]), s[end+len(pairs):]
}

// parseKVRegex finds pairs by an expression with groups 1 (key) and 2 (value).
func parseKVRegex(cache *regexCache, a []any) any {
	re := cache.get(str(a[1]))
	out := newBag()
	if re == nil || re.NumSubexp() < 2 {
		return printJSON(out)
	}
	for _, m := range re.FindAllStringSubmatch(str(a[0]), -1) {
		if _, had := out.vals[m[1]]; !had {
			out.set(m[1], m[2])
		}
	}
	return printJSON(out)
}
