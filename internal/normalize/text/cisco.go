package text

import "strings"

// Cisco reads "%ASA-6-302013: text" of Cisco's firewalls and "%SEC-6-MNEMONIC:
// text" of IOS: facility, severity, id and text; what a known text says, by the
// messages of shape cisco. The shape is cisco_asa for firewalls, else cisco_ios.
func (rd *Reader) Cisco(r *Reading, s string) bool {
	if s == "" || s[0] != '%' {
		return false
	}
	head, text, ok := strings.Cut(s[1:], ":")
	if !ok || len(head) > maxTag || strings.Contains(head, " ") {
		return false
	}
	facility, rest, ok1 := strings.Cut(head, "-")
	severity, id, ok2 := strings.Cut(rest, "-")
	for ok2 && (len(severity) != 1 || severity[0]-'0' > 7) { // %ASA-session-6-302013, %LINEPROTO-SP-5-UPDOWN
		severity, id, ok2 = strings.Cut(id, "-")
	}
	if !ok1 || !ok2 || facility == "" || id == "" {
		return false
	}
	text = strings.TrimSpace(text)
	r.Add("facility", facility)
	r.Add("severity", severity)
	r.Add("id", id)
	r.Add("message", text)
	set, key, shape := rd.messages.shapes["cisco"], id, "cisco_asa"
	switch facility {
	case "ASA", "FTD", "PIX", "FWSM":
	default:
		key, shape = facility+"-"+id, "cisco_ios"
	}
	if set != nil {
		set.read(r, key, text)
	}
	r.Shape = shape
	return true
}
