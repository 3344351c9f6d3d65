package expression

import (
	"strconv"
	"strings"
)

// hashOf takes one hash out of Sysmon's "SHA1=…,MD5=…", in lower case as
// Defender writes it.
func hashOf(s, algorithm string) (string, bool) {
	for s != "" {
		part, rest, _ := strings.Cut(s, ",")
		s = rest
		name, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), algorithm) {
			return strings.ToLower(strings.TrimSpace(value)), value != ""
		}
	}
	return "", false
}

// hives are the roots of registry paths as Sysmon and the Security log write
// them, and as Defender does. The first that fits is taken.
var hives = [...][2]string{
	{`HKLM\`, `HKEY_LOCAL_MACHINE\`}, {`HKU\`, `HKEY_USERS\`}, {`HKCR\`, `HKEY_LOCAL_MACHINE\SOFTWARE\Classes\`},
	{`HKCU\`, `HKEY_CURRENT_USER\`},
	{`\REGISTRY\MACHINE\SYSTEM\ControlSet001\`, `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\`},
	{`\REGISTRY\MACHINE\`, `HKEY_LOCAL_MACHINE\`}, {`\REGISTRY\USER\`, `HKEY_USERS\`},
}

// registryPath writes a registry path with the full name of its hive.
func registryPath(s string) string {
	for _, h := range hives {
		if len(s) >= len(h[0]) && strings.EqualFold(s[:len(h[0])], h[0]) {
			return h[1] + s[len(h[0]):]
		}
	}
	return s
}

// registryData turns Sysmon's Details into a value: "DWORD (0x00000001)" is 1.
// A QWORD is written in two halves, "QWORD (0x00000000-0x00000001)".
func registryData(s string) (string, bool) {
	for _, prefix := range [2]string{"DWORD (", "QWORD ("} {
		digits, ok := strings.CutPrefix(s, prefix)
		if !ok {
			continue
		}
		digits = strings.ReplaceAll(strings.TrimSuffix(digits, ")"), "-0x", "")
		n, err := strconv.ParseUint(strings.TrimPrefix(digits, "0x"), 16, 64)
		return strconv.FormatUint(n, 10), err == nil
	}
	return s, s != "(Empty)"
}

func registryType(s string) (string, bool) {
	switch {
	case strings.HasPrefix(s, "DWORD ("):
		return "Dword", true
	case strings.HasPrefix(s, "QWORD ("):
		return "Qword", true
	case s == "Binary Data":
		return "Binary", true
	}
	return "String", s != ""
}
