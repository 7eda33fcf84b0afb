package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"trunkline/pkg/pbx"
)

var (
	// ErrInvalid is returned for a token that is malformed, or was signed for another MAC or with
	// another key.
	ErrInvalid = errors.New("the token is not valid for this MAC")
	// ErrUnknownKey is returned for a token whose key the keyring does not have.
	// errors.Is(ErrUnknownKey, ErrInvalid) holds.
	ErrUnknownKey = unknownKey{}
)

type unknownKey struct{}

func (unknownKey) Error() string        { return "the token is signed by a key that is not known" }
func (unknownKey) Is(target error) bool { return target == ErrInvalid }

// Generation counts the URLs of one PBX, from 1.
type Generation uint32

// Proof is what a verified token contains.
type Proof struct {
	KID        string // the id of the key that signed
	Generation Generation
}

// Token is the credential in a PBX's URL. Only Reveal returns its text.
type Token struct{ text string }

// Reveal returns the token as it is written in the URL. No log, store or answer may contain it.
func (t Token) Reveal() string { return t.text }

// String hides the token from fmt and everything else that prints.
func (Token) String() string { return redacted }

// GoString hides the token from %#v.
func (Token) GoString() string { return redacted }

// LogValue hides the token from slog.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the token from encoders.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[redacted]"

// codeLength is the length of the code in a token: 26 characters are 130 bits.
const codeLength = 26

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Sign returns the token of a PBX, signed with the signing key.
func (k *Keyring) Sign(mac pbx.MAC, g Generation) Token {
	return Token{k.signing + "-" + g.String() + "-" + code(k.keys[k.signing], mac, g)}
}

// URL returns the URL of a PBX under base, such as https://pbx.example.com. It contains a token: no log,
// store or error may contain it.
func (k *Keyring) URL(base string, mac pbx.MAC, g Generation) string {
	return strings.TrimRight(base, "/") + "/v1/pbx/" + string(mac) + "/" + k.Sign(mac, g).Reveal()
}

// CheckBase reports what is wrong with the base of URLs.
func CheckBase(text string) error {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" {
		return fmt.Errorf("%q is not a URL such as https://pbx.example.com", text)
	}
	return nil
}

// Verify verifies a token from the URL of mac. Its error is an ErrInvalid. The comparison takes
// constant time.
func (k *Keyring) Verify(mac pbx.MAC, text string) (Proof, error) {
	kid, rest, _ := strings.Cut(text, "-")
	generation, given, _ := strings.Cut(rest, "-")
	g, err := ParseGeneration(generation)
	if err != nil || len(given) != codeLength || !isKID(kid) {
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
	return lowerBase32.EncodeToString(h.Sum(nil))[:codeLength]
}

// ParseGeneration reads a generation: a number from 1 on, without leading zeros.
func ParseGeneration(s string) (Generation, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 || s[0] == '0' || s[0] == '+' {
		return 0, errors.New("a generation is a number from 1 to 4294967295")
	}
	return Generation(n), nil
}

// String returns the generation in decimal.
func (g Generation) String() string { return strconv.FormatUint(uint64(g), 10) }
