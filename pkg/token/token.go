package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"trunkline/pkg/pbx"
)

var (
	// ErrInvalid is returned for a token that opens nothing: it is not one, or is
	// signed for another MAC, or by another key.
	ErrInvalid = errors.New("the token is not valid for this MAC")
	// ErrUnknownKey is returned for a token whose key the keyring does not have. It
	// is an ErrInvalid.
	ErrUnknownKey = unknownKey{}
)

type unknownKey struct{}

func (unknownKey) Error() string        { return "the token is signed by a key that is not known" }
func (unknownKey) Is(target error) bool { return target == ErrInvalid }

// Generation counts the URLs that one PBX was given, from 1.
type Generation uint32

// Proof is what a token proves beside the MAC that it was signed for.
type Proof struct {
	KID        string // the id of the key that signed
	Generation Generation
}

// Token is the credential in a PBX's URL. It shows itself only to Reveal.
type Token struct{ text string }

// Reveal is the token as it stands in the URL. Nothing that is logged, stored or
// answered may have it.
func (t Token) Reveal() string { return t.text }

// String hides the token from fmt and from whatever else prints.
func (Token) String() string { return redacted }

// GoString hides the token from %#v.
func (Token) GoString() string { return redacted }

// LogValue hides the token from slog.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the token from encoders.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[redacted]"

// macLength is how much of the code a token has: 26 characters are 130 bits.
const macLength = 26

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Sign makes the token of a PBX with the key that signs.
func (k *Keyring) Sign(mac pbx.MAC, g Generation) Token {
	return Token{k.signing + "-" + g.String() + "-" + code(k.keys[k.signing], mac, g)}
}

// Verify returns what a token proves that stood in the URL of mac, or an ErrInvalid. The comparison takes the same time wherever two codes differ.
func (k *Keyring) Verify(mac pbx.MAC, text string) (Proof, error) {
	kid, rest, _ := strings.Cut(text, "-")
	generation, given, _ := strings.Cut(rest, "-")
	g, err := ParseGeneration(generation)
	if err != nil || len(given) != macLength || !isKID(kid) {
		return Proof{}, ErrInvalid
	}
	key, ok := k.keys[kid]
	if !ok {
		return Proof{}, ErrUnknownKey
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(code(key, mac, g))) != 1 {
		return Proof{}, ErrInvalid
	}
	return Proof{kid, g}, nil
}

func code(key [sha256.Size]byte, mac pbx.MAC, g Generation) string {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(string(mac) + "/" + g.String()))
	return lowerBase32.EncodeToString(h.Sum(nil))[:macLength]
}

// ParseGeneration reads a generation: a number from 1, without leading zeros.
func ParseGeneration(s string) (Generation, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 || s[0] == '0' || s[0] == '+' {
		return 0, errors.New("a generation is a number from 1 to 4294967295")
	}
	return Generation(n), nil
}

// String is the generation in decimal.
func (g Generation) String() string { return strconv.FormatUint(uint64(g), 10) }
