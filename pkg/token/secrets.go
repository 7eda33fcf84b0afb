package token

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Secrets are the fleet's keys in a form that can be changed and stored. Only Text and JSON
// return them.
type Secrets struct {
	signing string
	secrets map[string]string // by kid
}

// ErrSigning is wrapped by the error for retiring the key that signs.
var ErrSigning = errors.New("the key still signs URLs")

// ReadText reads keys in the form that people write; see ParseKeys.
func ReadText(s string) (*Secrets, error) {
	all := &Secrets{secrets: map[string]string{}}
	for i, pair := range strings.Split(s, ",") {
		kid, secret, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok {
			return nil, fmt.Errorf("key %d is not written kid:secret", i+1)
		}
		if err := all.add(kid, secret); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		all.signing = cmp.Or(all.signing, kid)
	}
	return all, nil
}

// ReadJSON reads keys in the form that Secrets Manager stores; see ParseSecret.
func ReadJSON(doc []byte) (*Secrets, error) {
	var members map[string]string
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, errors.New(`the fleet keys are not a JSON object such as {"signing":"k1","k1":"…"}`)
	}
	all := &Secrets{signing: members["signing"], secrets: map[string]string{}}
	delete(members, "signing")
	for kid, secret := range members {
		if err := all.add(kid, secret); err != nil {
			return nil, err
		}
	}
	if _, ok := all.secrets[all.signing]; !ok {
		return nil, errors.New(`the fleet keys lack the key that the member "signing" names`)
	}
	return all, nil
}

func (s *Secrets) add(kid, secret string) error {
	switch _, exists := s.secrets[kid]; {
	case !isKID(kid):
		return errors.New("a kid is 1 to 16 lower-case letters and digits")
	case exists:
		return fmt.Errorf("the kid %s is given twice", kid)
	case len(secret) < minSecret:
		return fmt.Errorf("the secret of %s is shorter than %d characters", kid, minSecret)
	}
	s.secrets[kid] = secret
	return nil
}

// NewSecret returns a new random secret: 64 letters and digits.
func NewSecret() string { return (rand.Text() + rand.Text() + rand.Text())[:64] }

// FirstKey returns keys that hold one key. Its kid is k and a number, one above the highest kid
// that was used before.
func FirstKey(secret string, used []string) *Secrets {
	kid := after(slices.Values(used))
	return &Secrets{kid, map[string]string{kid: secret}}
}

// after returns k and a number, one above the highest of the kids.
func after(kids iter.Seq[string]) string {
	highest := 0
	for kid := range kids {
		if n, err := strconv.Atoi(strings.TrimPrefix(kid, "k")); err == nil && strings.HasPrefix(kid, "k") {
			highest = max(highest, n)
		}
	}
	return "k" + strconv.Itoa(highest+1)
}

// Rotate adds a key, which signs from now on, and returns its kid: k and a number, one above the
// highest. URLs that the other keys signed stay valid.
func (s *Secrets) Rotate(secret string) (kid string, err error) {
	kid = after(maps.Keys(s.secrets))
	if err := s.add(kid, secret); err != nil {
		return "", err
	}
	s.signing = kid
	return kid, nil
}

// Retire removes a key. The URLs that it signed become invalid. Its error is an ErrSigning for
// the key that signs.
func (s *Secrets) Retire(kid string) error {
	if kid == s.signing {
		return fmt.Errorf("retire %s: %w; rotate the keys first", kid, ErrSigning)
	}
	if _, ok := s.secrets[kid]; !ok {
		return fmt.Errorf("there is no key %.20q; the keys are %s", kid, strings.Join(s.KIDs(), ", "))
	}
	delete(s.secrets, kid)
	return nil
}

// Signing returns the kid of the key that signs.
func (s *Secrets) Signing() string { return s.signing }

// KIDs returns the ids of all keys: first the one that signs, then the others.
func (s *Secrets) KIDs() []string {
	others := slices.SortedFunc(maps.Keys(s.secrets), func(a, b string) int {
		return cmp.Or(len(a)-len(b), strings.Compare(a, b)) // k9 before k10
	})
	others = slices.DeleteFunc(others, func(kid string) bool { return kid == s.signing })
	return append([]string{s.signing}, others...)
}

// Text returns what ReadText reads. Write it only to the place where keys are stored.
func (s *Secrets) Text() string {
	var pairs []string
	for _, kid := range s.KIDs() {
		pairs = append(pairs, kid+":"+s.secrets[kid])
	}
	return strings.Join(pairs, ",")
}

// JSON returns what ReadJSON reads. Write it only to the place where keys are stored.
func (s *Secrets) JSON() ([]byte, error) {
	members := maps.Clone(s.secrets)
	members["signing"] = s.signing
	return json.Marshal(members)
}

// String hides the secrets from fmt and everything else that prints.
func (s *Secrets) String() string {
	return fmt.Sprintf("keys %s, signed by %s", strings.Join(s.KIDs(), ", "), s.signing)
}

// GoString hides the secrets from %#v.
func (s *Secrets) GoString() string { return s.String() }

// LogValue hides the secrets from slog.
func (s *Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secrets from encoders.
func (s *Secrets) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ListedKey is a key as it may be shown.
type ListedKey struct {
	KID   string `json:"kid"`
	Signs bool   `json:"signs"`
}

// List returns what may be shown of all keys: first the one that signs, then the others.
func (s *Secrets) List() (all []ListedKey) {
	for _, kid := range s.KIDs() {
		all = append(all, ListedKey{kid, kid == s.signing})
	}
	return all
}
