package token

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
)

// Keyring holds the fleet's keys by their ids (kid), and the one that signs. It
// shows none of them.
type Keyring struct {
	signing string
	keys    map[string][sha256.Size]byte
}

// minSecret is the least length of a secret, in bytes.
const minSecret = 32

// ParseKeys reads keys as a person writes them, kid:secret,kid:secret: the first
// one signs. A kid is 1 to 16 lower-case letters and digits, a secret any 32 or more
// characters but a comma. The key is the secret's SHA-256. Errors show no secret.
func ParseKeys(s string) (*Keyring, error) { return keyring(ReadText(s)) }

// ParseSecret reads keys as Secrets Manager keeps them, a JSON object from kid to
// secret, where the member signing names the kid that signs. Errors show no secret.
func ParseSecret(doc []byte) (*Keyring, error) { return keyring(ReadJSON(doc)) }

func keyring(s *Secrets, err error) (*Keyring, error) {
	if err != nil {
		return nil, err
	}
	k := &Keyring{signing: s.signing, keys: map[string][sha256.Size]byte{}}
	for kid, secret := range s.secrets {
		k.keys[kid] = sha256.Sum256([]byte(secret))
	}
	return k, nil
}

func isKID(s string) bool {
	return s != "" && len(s) <= 16 && s != "signing" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// Signing is the kid of the key that signs.
func (k *Keyring) Signing() string { return k.signing }

// String names the kids, and hides the keys from fmt and whatever else prints.
func (k *Keyring) String() string {
	return fmt.Sprintf("keyring of %d, signed by %s", len(k.keys), k.signing)
}

// GoString hides the keys from %#v.
func (k *Keyring) GoString() string { return k.String() }

// LogValue hides the keys from slog.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the keys from encoders.
func (k *Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
