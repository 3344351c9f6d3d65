package auth

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCheckPassword(t *testing.T) {
	for password, ok := range map[string]bool{
		"four random words make one": true, "correct horse battery staple": true, "kX9#vQ2$pL7!": true, "Tr4vel-Kettle-Moss": true,
		"": false, "short": false, "Password1234!": false, "P@ssw0rd2026!!": false, "Summer2026!!": false, "welcome12345": false,
		"qwertyuiop12": false, "123456789012": false, "aaaaaaaaaaaaaa": false, "abcdefghijkl": false, "Administrator1!": false,
		"letmeinletmein": false, "changeme!2026": false, "amelie-amelie-1": false, "contoso-admin-1": false, "4829 1573 0264": true,
		"passwordpassword": false, "Welcome to 2026!": false, "größer als der Mond": true, "\xff\xfe four random words": false,
		strings.Repeat("ab", 600): false, "zero\x00 in the middle of it": false,
	} {
		if err := checkPassword(password, "amelie@contoso.example"); (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestHash_RoundTripAndBounds(t *testing.T) {
	hash, err := hashPassword(rand.Reader, Cost{MemoryKiB: 64, Passes: 1, Lanes: 2}, "pw")
	if err != nil {
		t.Fatal(err)
	}
	if ok, cost, err := verify(hash, "pw"); !ok || err != nil || cost.Lanes != 2 {
		t.Errorf("%v, %+v, %v", ok, cost, err)
	}
	if ok, _, err := verify(hash, "pw2"); ok || err != nil {
		t.Errorf("another password: %v, %v", ok, err)
	}
	for _, bad := range []string{"", "$", "plain", strings.Replace(hash, "m=64", "m=4000000", 1), strings.Replace(hash, "t=1", "t=99", 1), strings.Replace(hash, "p=2", "p=0", 1), strings.Replace(hash, "argon2id", "argon2i", 1), hash[:len(hash)-4]} {
		if _, _, _, err := parseHash(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := hashPassword(bytes.NewReader(nil), defaultCost, "pw"); err == nil {
		t.Error("no randomness, no hash")
	}
}

func TestMint_ChecksumAndKinds(t *testing.T) {
	s, hash, err := mint(rand.Reader, TokenSecret)
	if err != nil || !wellFormed(s, TokenSecret) || wellFormed(s, SessionSecret) || len(hash) != 64 {
		t.Fatalf("%s, %s, %v", s, hash, err)
	}
	for i := range s {
		changed := []byte(s)
		changed[i] ^= 1
		if wellFormed(string(changed), TokenSecret) {
			t.Errorf("a secret changed at %d is still well formed", i)
		}
	}
	if _, _, err := mint(bytes.NewReader(make([]byte, 31)), LinkSecret); err == nil {
		t.Error("a secret needs all its randomness")
	}
}

func TestNew_RefusesBadOptions(t *testing.T) {
	now := func() time.Time { return time.Time{} }
	for what, o := range map[string]Options{
		"no clock": {Random: rand.Reader}, "no randomness": {Now: now}, "cost": {Now: now, Random: rand.Reader, Cost: Cost{MemoryKiB: 1 << 30, Passes: 1, Lanes: 1}},
		"slots": {Now: now, Random: rand.Reader, Slots: -1}, "broken randomness": {Now: now, Random: bytes.NewReader(nil)},
	} {
		if _, err := New(nil, o); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

func TestThrottle_IsBounded(t *testing.T) {
	th := newThrottle()
	at := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for i := range 3 * maxThrottled {
		th.begin(strings.Repeat("u", 1+i%60)+string(rune('a'+i%26)), "192.0.2."+string(rune('0'+i%10)), at.Add(time.Duration(i)*time.Second))
	}
	if len(th.entries) > maxThrottled || th.recent.Len() != len(th.entries) {
		t.Errorf("%d entries, %d in the list", len(th.entries), th.recent.Len())
	}
	for _, c := range [][2]string{{"192.0.2.1", "192.0.2.1"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"2001:db8::1", "2001:db8::/64"}, {"2001:db8::ffff", "2001:db8::/64"}, {"fe80::1%eth0", "fe80::/64"}, {"", "?"}, {"proxy", "?"}} {
		if got := network(c[0]); got != c[1] {
			t.Errorf("network of %q is %q, want %q", c[0], got, c[1])
		}
	}
}

func FuzzSecretsAndHashes(f *testing.F) {
	s, _, err := mint(rand.Reader, TokenSecret)
	hash, err2 := hashPassword(rand.Reader, Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, "pw")
	if errors.Join(err, err2) != nil {
		f.Fatal(err, err2)
	}
	for _, seed := range []string{s, hash, "", "tocsin_token_", "$argon2id$v=19$m=1,t=1,p=1$$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wellFormed(text, TokenSecret)
		if c, _, sum, err := parseHash(text); err == nil && (!c.valid() || len(sum) != hashBytes) {
			t.Errorf("accepted %q", text)
		}
		if err := checkPassword(text, "amelie"); err == nil && len(text) < MinPassword {
			t.Errorf("accepted the password %q", text)
		}
	})
}
