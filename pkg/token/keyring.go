package token

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
)

// Keyring holds the fleet's keys by their ids (kid), and knows which one signs. It never prints
// a key.
type Keyring struct {
	signing string
	keys    map[string][sha256.Size]byte
}

// minSecret is the minimum length of a secret, in bytes.
const minSecret = 32

// ParseKeys reads keys in the form that people write, kid:secret,kid:secret. The first key signs.
// A kid is 1 to 16 lower-case letters and digits. A secret is 32 or more characters without a
// comma. The key is the secret's SHA-256. Errors contain no secret.
func ParseKeys(s string) (*Keyring, error) { return keyring(ReadText(s)) }

// ParseSecret reads keys in the form that Secrets Manager stores: a JSON object from kid to
// secret. Its member "signing" names the kid that signs. Errors contain no secret.
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

// String hides the keys from fmt and everything else that prints.
func (k *Keyring) String() string {
	return fmt.Sprintf("keyring of %d, signed by %s", len(k.keys), k.signing)
}

// GoString hides the keys from %#v.
func (k *Keyring) GoString() string { return k.String() }

// LogValue hides the keys from slog.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the keys from encoders.
func (k *Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
