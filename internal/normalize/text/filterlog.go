package text

import "strings"

// The columns of pfSense's and OPNsense's filter log (their documentation, "Raw
// Filter Log Format"): common ones, then those of the IP version, then those of
// the protocol.
var (
	pfCommon = strings.Fields("rule subrule anchor tracker interface reason action direction ipversion")
	pfIPv4   = strings.Fields("tos ecn ttl id offset flags protonum proto length src dst")
	pfIPv6   = strings.Fields("class flowlabel hoplimit proto protonum length src dst")
	pfTCP    = strings.Fields("srcport dstport datalength tcpflags seq ack window urg options")
	pfUDP    = strings.Fields("srcport dstport datalength")
)

// Filterlog reads a line of pf's filterlog.
func Filterlog(r *Reading, s string) bool {
	from := len(r.Fields)
	rest, ok := r.columns(s, pfCommon)
	switch {
	case !ok:
		return r.back(from)
	case r.Get("ipversion") == "4":
		rest, ok = r.columns(rest, pfIPv4)
	case r.Get("ipversion") == "6":
		rest, ok = r.columns(rest, pfIPv6)
	default:
		return r.back(from)
	}
	if !ok {
		return r.back(from)
	}
	switch strings.ToLower(r.Get("proto")) {
	case "tcp":
		rest, _ = r.columns(rest, pfTCP)
	case "udp":
		rest, _ = r.columns(rest, pfUDP)
	}
	r.addText("detail", rest)
	r.Shape = "filterlog"
	return true
}

// columns adds one field per name; ok is false when the text has too few.
func (r *Reading) columns(s string, names []string) (rest string, ok bool) {
	for i, name := range names {
		value, rest, more := strings.Cut(s, ",")
		r.addText(name, value)
		if s = rest; !more {
			return "", i == len(names)-1
		}
	}
	return s, true
}
