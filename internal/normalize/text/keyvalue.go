package text

import "strings"

// pairs reads key=value split by blanks, where a value with blanks stands in
// quotes and a backslash escapes a quote within: FortiOS, nftables' audit
// records and many more. It returns the text that is no pair.
func (r *Reading) pairs(s string) (left string) {
	for s != "" {
		s = strings.TrimLeft(s, " ")
		n := 0
		for n < len(s) && isKeyByte(s[n]) {
			n++
		}
		if n == 0 || n == len(s) || s[n] != '=' || r.full() {
			return s
		}
		key, value := s[:n], ""
		value, s = quotedValue(s[n+1:])
		r.Add(key, value)
	}
	return ""
}

// quotedValue cuts a value off: up to the closing quote, or to a blank.
func quotedValue(s string) (value, rest string) {
	if s == "" || s[0] != '"' {
		end := strings.IndexByte(s, ' ')
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end+1:]
	}
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			value, rest = s[1:i], s[i+1:]
			if escaped {
				value = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(value)
			}
			return value, rest
		}
	}
	return s[1:], ""
}

// FortiGate reads a message of FortiOS (FortiOS Log Message Reference):
// key=value with date, time, devid and logid among the first.
func FortiGate(r *Reading, s string) bool {
	if !isFortiGate(s) {
		return false
	}
	from := len(r.Fields)
	if left := r.pairs(s); left != "" {
		r.Add("text", left)
	}
	if r.Get("logid") == "" || r.Get("type") == "" {
		return r.back(from)
	}
	r.Shape = "fortigate"
	if at, ok := epoch(r.Get("eventtime")); ok {
		r.Time = at
	} else if at, rest, ok := isoStamp(r.Get("date")+" "+r.Get("time")+r.Get("tz"), r.clock); ok && rest == "" {
		r.Time = at
	}
	return true
}

func isFortiGate(s string) bool {
	head := s[:min(len(s), 400)]
	return (strings.HasPrefix(s, "date=") || strings.HasPrefix(s, "devname=") || strings.HasPrefix(s, "logver=")) && strings.Contains(head, "logid=")
}

// Netfilter reads a line of the kernel's LOG target (iptables, nftables):
// "prefix IN=eth0 OUT= MAC=… SRC=… DST=… LEN=… PROTO=TCP SPT=… DPT=… SYN". Words
// without a value are flags.
func Netfilter(r *Reading, s string) bool {
	at := strings.Index(s, "IN=")
	if at < 0 || at > 256 || at > 0 && s[at-1] != ' ' && s[at-1] != ']' || !strings.Contains(s[at:], " OUT=") || !strings.Contains(s[at:], " SRC=") {
		return false
	}
	prefix := strings.TrimSpace(s[:at])
	if strings.HasPrefix(prefix, "[") { // [12345.678901] is the kernel's own time
		if end := strings.IndexByte(prefix, ']'); end > 0 {
			prefix = strings.TrimSpace(prefix[end+1:])
		}
	}
	from := len(r.Fields)
	var flags strings.Builder
	r.addText("prefix", prefix)
	for rest := s[at:]; rest != ""; {
		var w string
		w, rest = word(rest)
		if r.full() {
			w, rest = w+" "+rest, ""
		}
		if key, value, ok := strings.Cut(w, "="); ok && key != "" {
			r.addText(key, value)
		} else if w != "" {
			flags.WriteByte(' ')
			flags.WriteString(w)
		}
	}
	r.addText("flags", strings.TrimPrefix(flags.String(), " "))
	if r.Get("SRC") == "" {
		return r.back(from)
	}
	r.Shape = "netfilter"
	r.Add("action", firewallVerb(prefix))
	return true
}

// firewallVerb tells what a rule did from the prefix its author chose: "[UFW
// BLOCK]", "DROP-INPUT:", "FINAL_REJECT", "ACCEPT". The kernel does not say.
func firewallVerb(prefix string) string {
	p := strings.ToUpper(prefix[:min(len(prefix), 256)])
	for _, v := range [...][2]string{{"BLOCK", "block"}, {"DROP", "drop"}, {"REJECT", "reject"}, {"DENY", "deny"}, {"DENIED", "deny"}, {"ACCEPT", "accept"}, {"ALLOW", "accept"}} {
		if strings.Contains(p, v[0]) {
			return v[1]
		}
	}
	return ""
}

// CheckPoint reads the syslog format of Check Point's log exporter: structured
// data of pairs key:"value" split by semicolons, `[action:"Accept"; …]`.
func CheckPoint(r *Reading, s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 4 || s[0] != '[' || s[len(s)-1] != ']' || !strings.Contains(s[:min(len(s), 200)], `:"`) {
		return false
	}
	from := len(r.Fields)
	s = s[1 : len(s)-1]
	for s = strings.TrimLeft(s, "; "); s != ""; s = strings.TrimLeft(s, "; ") {
		n := 0
		for n < len(s) && isKeyByte(s[n]) {
			n++
		}
		if n == 0 || !strings.HasPrefix(s[n:], `:"`) || r.full() {
			return r.back(from)
		}
		key, value := s[:n], ""
		value, s = quotedValue(s[n+1:])
		r.Add(key, value)
	}
	if r.Get("action") == "" && r.Get("product") == "" {
		return r.back(from)
	}
	r.Shape = "checkpoint"
	if at, ok := epoch(r.Get("time")); ok {
		r.Time = at
	} else if at, rest, ok := stamp(r.Get("time"), r.clock); ok && rest == "" {
		r.Time = at
	}
	return true
}
