package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// A secret is written tocsin_session_…, tocsin_token_… or tocsin_link_…: so
// that a scanner recognises one that leaked, and with a checksum, so that a
// made-up one is refused without asking the store (an attacker must not be able
// to cause a look-up per guess).
const (
	secretBytes = 32 // of randomness
	checkBytes  = 4  // of the checksum
	idBytes     = 9  // of a record's public id
)

// mint makes a new secret of a kind and the hash it is stored by.
func mint(random io.Reader, kind SecretKind) (secret, hash string, err error) {
	raw := make([]byte, secretBytes, secretBytes+checkBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("making a secret: %w", err)
	}
	raw = append(raw, checksum(kind, raw)...)
	secret = "tocsin_" + string(kind) + "_" + base64.RawURLEncoding.EncodeToString(raw)
	return secret, hashSecret(secret), nil
}

// newID makes the public id of a record: hexadecimal, because it is typed on
// command lines, where a leading dash would make it a flag.
func newID(random io.Reader) (string, error) {
	raw := make([]byte, idBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// wellFormed reports whether text could be a secret of this kind.
func wellFormed(text string, kind SecretKind) bool {
	body, ok := strings.CutPrefix(text, "tocsin_"+string(kind)+"_")
	if !ok || len(body) != base64.RawURLEncoding.EncodedLen(secretBytes+checkBytes) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return err == nil && subtle.ConstantTimeCompare(raw[secretBytes:], checksum(kind, raw[:secretBytes])) == 1
}

// checksum is not a secret; it only tells a secret from noise.
func checksum(kind SecretKind, raw []byte) []byte {
	sum := sha256.Sum256(append([]byte("tocsin "+string(kind)+" "), raw...))
	return sum[:checkBytes]
}

// hashSecret is what is stored of a secret. 256 random bits need no slow hash.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
