package token

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
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
func ParseKeys(s string) (*Keyring, error) {
	k := &Keyring{keys: map[string][sha256.Size]byte{}}
	for i, pair := range strings.Split(s, ",") {
		kid, secret, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok {
			return nil, fmt.Errorf("key %d is not written kid:secret", i+1)
		}
		if err := k.add(kid, secret); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if i == 0 {
			k.signing = kid
		}
	}
	return k, nil
}

// ParseSecret reads keys as Secrets Manager keeps them, a JSON object from kid to
// secret, where the member signing names the kid that signs. Errors show no secret.
func ParseSecret(doc []byte) (*Keyring, error) {
	var members map[string]string
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, errors.New(`the fleet keys are not a JSON object such as {"signing":"k1","k1":"…"}`)
	}
	k := &Keyring{signing: members["signing"], keys: map[string][sha256.Size]byte{}}
	delete(members, "signing")
	for kid, secret := range members {
		if err := k.add(kid, secret); err != nil {
			return nil, err
		}
	}
	if _, ok := k.keys[k.signing]; !ok {
		return nil, errors.New(`the fleet keys have no key of the kid that the member "signing" names`)
	}
	return k, nil
}

func (k *Keyring) add(kid, secret string) error {
	switch _, exists := k.keys[kid]; {
	case !isKID(kid):
		return errors.New("a kid is 1 to 16 lower-case letters and digits")
	case exists:
		return fmt.Errorf("the kid %s is given twice", kid)
	case len(secret) < minSecret:
		return fmt.Errorf("the secret of %s is shorter than %d characters", kid, minSecret)
	}
	k.keys[kid] = sha256.Sum256([]byte(secret))
	return nil
}

func isKID(s string) bool {
	return s != "" && len(s) <= 16 && s != "signing" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

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
