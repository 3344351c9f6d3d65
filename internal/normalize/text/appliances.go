package text

import (
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// Juniper reads the structured syslog of Junos security devices (Junos System Log
// Explorer): everything is in the parameters of an element "junos@2636.…", the
// message's id names the event.
func Juniper(r *Reading, data, id string) bool {
	if !strings.HasPrefix(data, "[junos@") {
		return false
	}
	from := len(r.Fields)
	_, params, ok := strings.Cut(strings.TrimSuffix(data, "]"), " ")
	if !ok || id == "" {
		return false
	}
	if left := r.pairs(params); left != "" {
		return r.back(from)
	}
	r.Add("event", id)
	r.Shape = "juniper"
	return true
}

// SonicWall reads a message of SonicOS (SonicOS Log Events Reference Guide):
// key=value that begins with id and sn, where src and dst hold address, port,
// interface and name split by colons.
func SonicWall(r *Reading, s string) bool {
	if !strings.HasPrefix(s, "id=") || !strings.Contains(s[:min(len(s), 200)], " sn=") {
		return false
	}
	from := len(r.Fields)
	if left := r.pairs(s); left != "" {
		r.Add("text", left)
	}
	if r.Get("sn") == "" || r.Get("m") == "" {
		return r.back(from)
	}
	for _, side := range [...]string{"src", "dst"} {
		parts := strings.SplitN(r.Get(side), ":", 4)
		for i, name := range [...]string{"ip", "port", "interface", "name"} {
			if i < len(parts) {
				r.addText(side+"_"+name, parts[i])
			}
		}
	}
	if at, rest, ok := isoStamp(r.Get("time"), r.clock); ok && rest == "" {
		r.Time = at
	}
	r.Shape = "sonicwall"
	return true
}

// Sophos reads a message of Sophos Firewall (Sophos Firewall Syslog Guide):
// key=value with device or device_name, log_type and log_component.
func Sophos(r *Reading, s string) bool {
	head := s[:min(len(s), 600)]
	if !strings.HasPrefix(s, "device") || !strings.Contains(head, "log_type=") || !strings.Contains(head, "log_component=") {
		return false
	}
	from := len(r.Fields)
	if left := r.pairs(s); left != "" {
		r.Add("text", left)
	}
	if r.Get("log_type") == "" {
		return r.back(from)
	}
	if at, rest, ok := isoStamp(r.Get("timestamp"), r.clock); ok && rest == "" {
		r.Time = at
	} else if at, rest, ok := isoStamp(r.Get("date")+" "+r.Get("time"), value.Clock{}); ok && rest == "" {
		if zone, _, hasZone := zoneOf(" " + r.Get("timezone")); hasZone {
			r.Time = at.Add(-seconds(zone))
		} else {
			r.Time = r.clock.Local(at)
		}
	}
	r.Shape = "sophos"
	return true
}
