package detect

import (
	"os"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
)

func TestEntityMap_RecordsOfEachKind(t *testing.T) {
	text, err := os.ReadFile("../../content/entities/fields.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseEntityMap(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, fields, want string }{
		{"Sysmon process", `Computer=WS-1.corp.example User=CORP\amelie Image=C:\Windows\cmd.exe CommandLine=whoami ProcessId=4242`,
			`Host WS-1.corp.example; Account CORP\amelie; Process whoami; File C:\Windows\cmd.exe`},
		{"Security logon", `Computer=DC1 TargetUserName=amelie TargetDomainName=CORP SubjectUserName=- IpAddress=10.0.0.9`,
			`Host DC1; Account CORP\amelie; IP 10.0.0.9`},
		{"Entra sign-in", `UserPrincipalName=amelie@contoso.example UserId=0f IPAddress=203.0.113.7 AppId=a1 AppDisplayName=Mail`,
			`Account amelie@contoso.example; IP 203.0.113.7; CloudApplication Mail`},
		{"unified audit", `UserId=amelie@contoso.example ClientIP=203.0.113.7`, `Account amelie@contoso.example; IP 203.0.113.7`},
		{"the same host twice", `Computer=WS-1 DeviceName=WS-1`, `Host WS-1`},
		{"nothing known", `colour=blue`, ``},
	} {
		var fields []tocsin.Field
		for _, f := range strings.Fields(c.fields) {
			name, value, _ := strings.Cut(f, "=")
			fields = append(fields, tocsin.Field{Name: name, Value: value})
		}
		var got []string
		for _, e := range m.Entities(fields) {
			got = append(got, e.String())
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, "; "), c.want)
		}
	}
}
