package auth

import (
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/tocsin-soc/tocsin"
)

// Bounds on passwords: length is what makes a password strong
// (NIST SP 800-63B §5.1.1.2), and a bound keeps hashing from being an attack.
const (
	MinPassword = 12   // characters
	MaxPassword = 1024 // bytes
)

// A Cost says how much work hashing one password is.
type Cost struct {
	MemoryKiB uint32 // 8 … 262,144
	Passes    uint32 // 1 … 10
	Lanes     uint8  // 1 … 4
}

// defaultCost is OWASP's first choice for argon2id (Password Storage Cheat
// Sheet: 46 MiB, one pass), with a second pass.
var defaultCost = Cost{MemoryKiB: 47104, Passes: 2, Lanes: 1}

// valid reports whether a cost is within bounds, those of a hash read from a
// store included: nothing stored can make us spend more.
func (c Cost) valid() bool {
	return c.MemoryKiB >= 8 && c.MemoryKiB <= 262144 && c.Passes >= 1 && c.Passes <= 10 && c.Lanes >= 1 && c.Lanes <= 4 &&
		c.MemoryKiB >= 8*uint32(c.Lanes)
}

const (
	saltBytes = 16
	hashBytes = 32
)

// hashPassword hashes a password in PHC form:
// $argon2id$v=19$m=47104,t=2,p=1$salt$hash.
func hashPassword(random io.Reader, c Cost, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	sum := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, hashBytes)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Lanes,
		enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

// parseHash reads what hashPassword wrote.
func parseHash(text string) (c Cost, salt, sum []byte, err error) {
	parts := strings.Split(text, "$")
	bad := fmt.Errorf("stored password hash is not argon2id in PHC form")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Lanes); err != nil || !c.valid() {
		return c, nil, nil, bad
	}
	enc := base64.RawStdEncoding.Strict()
	salt, err1 := enc.DecodeString(parts[4])
	sum, err2 := enc.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(sum) != hashBytes {
		return c, nil, nil, bad
	}
	return c, salt, sum, nil
}

// verify reports whether password has this hash.
func verify(hash, password string) (ok bool, c Cost, err error) {
	c, salt, sum, err := parseHash(hash)
	if err != nil {
		return false, c, err
	}
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, hashBytes)
	return subtle.ConstantTimeCompare(got, sum) == 1, c, nil
}

// commonWords are the words that common passwords are made of.
//
//go:embed common.txt
var commonText string

// checkPassword refuses a password that is short, common or the user's name.
// The error says what would do.
func checkPassword(password, user string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return tocsin.Errorf(tocsin.Invalid, "The password has %d characters; it needs at least %d. Four random words make a good one.", n, MinPassword)
	case len(password) > MaxPassword:
		return tocsin.Errorf(tocsin.Invalid, "The password is longer than %d bytes. Choose a shorter one.", MaxPassword)
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return tocsin.Errorf(tocsin.Invalid, "The password is not readable text.")
	}
	if isCommon(password, user) {
		return tocsin.Errorf(tocsin.Invalid, "The password is easy to guess: it is made of common words, runs or your name. Four random words make a good one.")
	}
	return nil
}

// leet undoes the usual disguises of letters.
var leet = strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t", "+", "t", "8", "b", "9", "g")

// isCommon reports whether nothing much is left of a password once common
// words, runs (1234, qwerty, aaaa), years and the user's name are taken out.
func isCommon(password, user string) bool {
	low := strings.ToLower(password)
	for _, form := range []string{low, leet.Replace(low)} {
		if left(form, user) < 4 {
			return true
		}
	}
	return false
}

// left counts the characters of a password that are not predictable.
func left(text, user string) int {
	words := strings.Fields(commonText)
	for _, part := range strings.FieldsFunc(strings.ToLower(user), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(part) >= 3 {
			words = append([]string{part}, words...)
		}
	}
	for _, w := range words {
		text = strings.ReplaceAll(text, w, "\x00")
	}
	n, run := 0, 0
	var last rune
	for _, r := range text {
		switch {
		case r == 0, unicode.IsDigit(r), unicode.IsSpace(r), unicode.IsPunct(r), unicode.IsSymbol(r) && r < unicode.MaxASCII:
			// Digits and signs around a word are what everybody adds.
			run = 0
		case r == last || r == last+1 || r == last-1:
			run++ // aaaa, abcd, dcba
		default:
			run = 0
			n++
		}
		last = r
	}
	if n < 4 && !strings.ContainsRune(text, 0) && run == 0 && distinct(text) >= 8 {
		return 4 // random digits and signs
	}
	return n
}

// distinct counts different characters.
func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}
