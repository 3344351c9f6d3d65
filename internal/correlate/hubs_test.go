package correlate

import (
	"os"
	"testing"

	"github.com/tocsin-soc/tocsin"
)

// TestHubs_Listed wants the shipped list to know the usual suspects, and only them.
func TestHubs_Listed(t *testing.T) {
	rules, err := Load(os.DirFS("../../content/correlation"))
	if err != nil {
		t.Fatal(err)
	}
	h := findHubs(rules, nil)
	for _, c := range []struct {
		entity tocsin.Entity
		want   bool
	}{
		{tocsin.NewEntity(tocsin.Host, "FullName", "DC01.corp.example"), true},
		{tocsin.NewEntity(tocsin.Host, "HostName", "hq-dc2"), true},
		{tocsin.NewEntity(tocsin.Host, "HostName", "dcops-laptop"), false},
		{tocsin.NewEntity(tocsin.Host, "HostName", "ws-014"), false},
		{tocsin.NewEntity(tocsin.IP, "Address", "127.0.0.1"), true},
		{tocsin.NewEntity(tocsin.IP, "Address", "fe80::1"), true},
		{tocsin.NewEntity(tocsin.IP, "Address", "203.0.113.7"), false},
		{tocsin.NewEntity(tocsin.File, "Directory", `C:\Windows\System32`, "Name", "cmd.exe"), true},
		{tocsin.NewEntity(tocsin.File, "Directory", `C:\Temp`, "Name", "evilcmd.exe"), false},
		{tocsin.NewEntity(tocsin.Account, "FullName", `NT AUTHORITY\SomeService`), true},
		{tocsin.NewEntity(tocsin.Account, "FullName", "Sync_DC01_abc@contoso.onmicrosoft.com"), true},
		{tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example"), false},
		{tocsin.NewEntity(tocsin.Mailbox, "MailboxPrimaryAddress", "Info@contoso.example"), true},
		{tocsin.NewEntity(tocsin.Mailbox, "MailboxPrimaryAddress", "amelie@contoso.example"), false},
		{tocsin.NewEntity(tocsin.URL, "Url", "https://login.microsoftonline.com/common/oauth2/token"), true},
		{tocsin.NewEntity(tocsin.URL, "Url", "https://login.microsoftonline.com.evil.example/"), false},
		{tocsin.NewEntity(tocsin.DNS, "DomainName", "cdn.microsoft.com"), true},
	} {
		key, _ := c.entity.Key()
		if got := h.has(key, &c.entity); got != c.want {
			t.Errorf("%v: hub %v, want %v", c.entity, got, c.want)
		}
	}
}
