package text

import (
	"strconv"
	"strings"
	"time"
)

// panFields names the columns of PAN-OS' comma-separated syslog, by the type in
// the fourth column (PAN-OS Administrator's Guide, Syslog Field Descriptions; the
// names are those of its custom log formats). An empty name is FUTURE_USE.
// Versions append columns; those without a name here are kept by their number.
var panFields = map[string][]string{
	"TRAFFIC": panColumns("receive_time serial type subtype - time_generated src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset - " +
		"sessionid repeatcnt sport dport natsport natdport flags proto action bytes bytes_sent bytes_received packets start elapsed category - seqno actionflags srcloc dstloc - " +
		"pkts_sent pkts_received session_end_reason dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name action_source src_uuid dst_uuid tunnelid monitortag " +
		"parent_session_id parent_start_time tunnel assoc_id chunks chunks_sent chunks_received rule_uuid"),
	"THREAT": panColumns("receive_time serial type subtype - time_generated src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset - " +
		"sessionid repeatcnt sport dport natsport natdport flags proto action misc threatid category severity direction seqno actionflags srcloc dstloc - contenttype pcap_id filedigest cloud " +
		"url_idx user_agent filetype xff referer sender subject recipient reportid dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name - src_uuid dst_uuid " +
		"http_method tunnel_id monitortag parent_session_id parent_start_time tunnel thr_category contentver - assoc_id ppid http_headers url_category_list rule_uuid"),
	"SYSTEM": panColumns("receive_time serial type subtype - time_generated vsys eventid object - - module severity opaque seqno actionflags dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 " +
		"dg_hier_level_4 vsys_name device_name"),
	"CONFIG": panColumns("receive_time serial type subtype - time_generated host vsys cmd admin client result path before_change_detail after_change_detail seqno actionflags " +
		"dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name"),
	"GLOBALPROTECT": panColumns("receive_time serial type subtype - time_generated vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6 private_ip " +
		"private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error opaque status location login_duration connect_method error_code portal seqno actionflags"),
	"USERID": panColumns("receive_time serial type subtype - time_generated vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno actionflags"),
}

func panColumns(names string) []string { return strings.Fields(names) }

// PaloAlto reads PAN-OS' default syslog format, comma-separated values: a number,
// the time of receipt, the serial number, the type.
func PaloAlto(r *Reading, s string) bool {
	if len(s) < 30 || digits(s) == 0 || digits(s) > 3 {
		return false
	}
	_, s, _ = strings.Cut(s, ",")
	if _, rest, ok := isoStamp(s, r.clock); !ok || !strings.HasPrefix(rest, ",") || s[4] != '/' {
		return false
	}
	head := strings.SplitN(s, ",", 4)
	if len(head) < 4 {
		return false
	}
	names, ok := panFields[head[2]]
	if !ok {
		return false
	}
	for i := 0; ; i++ {
		value, rest, more := csvCell(s, ',')
		if i >= maxFields {
			value, more = s, false
		}
		switch {
		case i >= len(names):
			r.addText("column"+strconv.Itoa(i+2), value)
		case names[i] == "start": // 2026/01/02 03:04:05
			if at, rest, ok := isoStamp(value, r.clock); ok && rest == "" {
				value = at.Format(time.RFC3339)
			}
			r.addText(names[i], value)
		case names[i] != "-":
			r.addText(names[i], value)
		}
		if s = rest; !more {
			break
		}
	}
	r.Shape = "paloalto"
	if at, _, ok := isoStamp(r.Get("time_generated"), r.clock); ok {
		r.Time = at
	} else if at, _, ok := isoStamp(r.Get("receive_time"), r.clock); ok {
		r.Time = at
	}
	return true
}

// csvCell cuts the first cell off a line of comma-separated values (RFC 4180:
// a cell in quotes has two quotes for one).
func csvCell(s string, comma byte) (cell, rest string, more bool) {
	if s == "" || s[0] != '"' {
		end := strings.IndexByte(s, comma)
		if end < 0 {
			return s, "", false
		}
		return s[:end], s[end+1:], true
	}
	twins := false
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			twins = true
			i++
			continue
		}
		if cell = s[1:i]; twins {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		rest = s[i+1:]
		if end := strings.IndexByte(rest, comma); end >= 0 {
			return cell + rest[:end], rest[end+1:], true
		}
		return cell + rest, "", false
	}
	return s[1:], "", false
}
