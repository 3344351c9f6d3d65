package expression

import (
	"crypto/sha1"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

func accountDomain(s string) (string, bool) {
	domain, _, ok := strings.Cut(s, `\`)
	return domain, ok
}

// accountType follows Sentinel: the account of a computer ends with a dollar.
func accountType(s string) (string, bool) {
	switch {
	case s == "" || s == "-":
		return "", false
	case strings.HasSuffix(s, "$"):
		return "Machine", true
	}
	return "User", true
}

// decimal turns the 0x form of ids in the Security log into decimal digits.
func decimal(s string) (string, bool) {
	n, ok := value.Integer(s)
	return strconv.FormatInt(n, 10), ok
}

// deviceID derives a stable id in the form of Defender's, 40 hexadecimal
// digits, from the name of the machine.
func deviceID(s string) (string, bool) {
	sum := sha1.Sum([]byte(strings.ToLower(s)))
	return hex.EncodeToString(sum[:]), s != ""
}

// plainIP unmaps IPv4 in IPv6, as Defender shows it; other text is absent.
func plainIP(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return a.Unmap().String(), true
}

// ipType is what Defender calls the kind of an address.
func ipType(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	switch a = a.Unmap(); {
	case a.IsLoopback():
		return "Loopback", true
	case a.IsMulticast():
		return "Multicast", true
	case a.IsLinkLocalUnicast():
		return "LinkLocal", true
	case a.IsPrivate():
		return "Private", true
	case a.IsUnspecified():
		return "Reserved", true
	}
	return "Public", true
}
