package tocsin

import (
	"sort"
	"strings"
)

// An EntityType is a kind of thing an alert is about. Names and identifiers
// follow Microsoft Sentinel's entity reference
// (https://learn.microsoft.com/azure/sentinel/entities-reference).
type EntityType string

// The entity types.
const (
	Account          EntityType = "Account"
	Host             EntityType = "Host"
	IP               EntityType = "IP"
	URL              EntityType = "URL"
	AzureResource    EntityType = "AzureResource"
	CloudApplication EntityType = "CloudApplication"
	DNS              EntityType = "DNS"
	File             EntityType = "File"
	FileHash         EntityType = "FileHash"
	Malware          EntityType = "Malware"
	Process          EntityType = "Process"
	RegistryKey      EntityType = "RegistryKey"
	RegistryValue    EntityType = "RegistryValue"
	SecurityGroup    EntityType = "SecurityGroup"
	Mailbox          EntityType = "Mailbox"
	MailCluster      EntityType = "MailCluster"
	MailMessage      EntityType = "MailMessage"
	SubmissionMail   EntityType = "SubmissionMail"
	IoTDevice        EntityType = "IoTDevice"
)

// An Entity is one thing an alert is about, described by identifiers such as
// Name, UPNSuffix, HostName, Address.
type Entity struct {
	Type        EntityType        `json:"type"`
	Identifiers map[string]string `json:"identifiers"`
}

// NewEntity makes an entity from identifier, value pairs; empty values are left
// out. FullName of an Account or Host is split into its strong identifiers.
func NewEntity(t EntityType, pairs ...string) Entity {
	e := Entity{Type: t, Identifiers: make(map[string]string, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.set(pairs[i], strings.TrimSpace(pairs[i+1]))
	}
	return e
}

// set adds one identifier; FullName, which is only a way to write several, is split.
func (e *Entity) set(name, value string) {
	switch {
	case value == "":
	case name == "FullName" && e.Type == Account:
		user, domain, domainName := splitAccount(value)
		e.Identifiers["Name"] = user
		if domain != "" {
			e.Identifiers[domainName] = domain
		}
	case (name == "FullName" || name == "HostName") && e.Type == Host:
		host, domain, dotted := strings.Cut(value, ".")
		e.Identifiers["HostName"] = host
		if dotted {
			e.Identifiers["DnsDomain"] = domain
		}
	default:
		e.Identifiers[name] = value
	}
}

// splitAccount splits user@suffix and DOMAIN\user.
func splitAccount(full string) (user, domain, domainName string) {
	if user, suffix, ok := strings.Cut(full, "@"); ok {
		return user, suffix, "UPNSuffix"
	}
	if domain, user, ok := strings.Cut(full, `\`); ok {
		return user, domain, "NTDomain"
	}
	return full, "", ""
}

// weakAccounts are names that never identify one account
// (Sentinel's entity reference lists them).
var weakAccounts = map[string]bool{
	"admin": true, "administrator": true, "system": true, "root": true, "anonymous": true,
	"authenticated user": true, "network": true, "null": true, "local system": true,
	"localsystem": true, "network service": true, "local service": true, "anonymous logon": true, "-": true,
}

// identifying lists, for each type, the combinations of identifiers that name
// one thing, strongest first (the "strong combinations" of Sentinel's reference,
// then the weaker ones that telemetry often has alone).
var identifying = map[EntityType][][]string{
	Account:          {{"AadUserId"}, {"Sid"}, {"PUID"}, {"ObjectGuid"}, {"Name", "UPNSuffix"}, {"Name", "NTDomain"}, {"Name", "DnsDomain"}, {"Name"}},
	Host:             {{"AzureID"}, {"HostName"}, {"NetBiosName"}},
	IP:               {{"Address"}},
	URL:              {{"Url"}},
	AzureResource:    {{"ResourceId"}},
	CloudApplication: {{"AppId"}, {"Name"}},
	DNS:              {{"DomainName"}},
	File:             {{"Directory", "Name"}, {"Name"}},
	FileHash:         {{"Value"}},
	Malware:          {{"Name"}},
	Process:          {{"Host", "ProcessId", "CreationTimeUtc"}, {"CommandLine"}, {"ProcessId"}},
	RegistryKey:      {{"Hive", "Key"}, {"Key"}},
	RegistryValue:    {{"Key", "Name"}, {"Name"}},
	SecurityGroup:    {{"SID"}, {"ObjectGuid"}, {"DistinguishedName"}},
	Mailbox:          {{"MailboxPrimaryAddress"}, {"Upn"}},
	MailCluster:      {{"Query", "Source"}, {"Query"}},
	MailMessage:      {{"NetworkMessageId", "Recipient"}, {"NetworkMessageId"}, {"InternetMessageId"}},
	SubmissionMail:   {{"SubmissionId"}},
	IoTDevice:        {{"IoTHub", "DeviceId"}, {"DeviceId"}},
}

// Keys returns every text by which two mentions of the same thing can be
// recognised, strongest first, lower case: "account|name+upnsuffix|amelie|contoso.example".
// Two entities are the same thing when they share a key. An account that is
// known with its domain does not offer its bare name, so amelie@a and amelie@b
// stay two people; SYSTEM, root and the like offer no key at all.
func (e Entity) Keys() []string {
	var keys []string
	for _, names := range identifying[e.Type] {
		values := make([]string, 0, len(names))
		for _, n := range names {
			if v := e.Identifiers[n]; v != "" {
				values = append(values, strings.ToLower(v))
			}
		}
		bare := len(names) == 1 && len(keys) > 0 && e.Type == Account && names[0] == "Name"
		weak := e.Type == Account && names[0] == "Name" && len(values) > 0 && weakAccounts[values[0]]
		if len(values) == len(names) && !bare && !weak {
			keys = append(keys, strings.ToLower(string(e.Type)+"|"+strings.Join(names, "+")+"|"+strings.Join(values, "|")))
		}
	}
	return keys
}

// Key returns the strongest of Keys; ok is false when nothing identifies the entity.
func (e Entity) Key() (key string, ok bool) {
	if keys := e.Keys(); len(keys) > 0 {
		return keys[0], true
	}
	return "", false
}

// Label returns the entity as an analyst writes it: amelie@contoso.example,
// CORP\amelie, ws-014, 203.0.113.7.
func (e Entity) Label() string {
	id := e.Identifiers
	switch e.Type {
	case Account:
		switch {
		case id["UPNSuffix"] != "":
			return id["Name"] + "@" + id["UPNSuffix"]
		case id["NTDomain"] != "":
			return id["NTDomain"] + `\` + id["Name"]
		}
	case Host:
		if id["DnsDomain"] != "" {
			return id["HostName"] + "." + id["DnsDomain"]
		}
	case File:
		if id["Directory"] != "" {
			return strings.TrimRight(id["Directory"], `\/`) + `\` + id["Name"]
		}
	case CloudApplication:
		if id["Name"] != "" {
			return id["Name"]
		}
	case Process:
		if id["CommandLine"] != "" {
			return id["CommandLine"]
		}
	}
	for _, names := range identifying[e.Type] {
		if v := id[names[len(names)-1]]; v != "" {
			return v
		}
	}
	for _, name := range e.sortedNames() {
		return id[name]
	}
	return string(e.Type)
}

// sortedNames returns the identifier names in order, so that output is stable.
func (e Entity) sortedNames() []string {
	names := make([]string, 0, len(e.Identifiers))
	for n := range e.Identifiers {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// String returns type and label: "Account amelie@contoso.example".
func (e Entity) String() string { return string(e.Type) + " " + e.Label() }
