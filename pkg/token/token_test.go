package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

const (
	mac    = pbx.MAC("68692e0b0001")
	first  = "this-is-an-example-not-a-secret-1"
	second = "this-is-an-example-not-a-secret-2"

	frozenCode = "yp2n5izoprirqjzqmdrlrbveix" // of first, mac and generation 1
)

func parse(t *testing.T, s string) *Keyring {
	t.Helper()
	k, err := ParseKeys(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestATokenIsValidForItsMACOnly(t *testing.T) {
	keys := parse(t, "k1:"+first)
	text := keys.Sign(mac, 3).Reveal()
	if proof, err := keys.Verify(mac, text); err != nil || proof != (Proof{"k1", 3}) {
		t.Errorf("%+v, %v", proof, err)
	}
	if _, err := keys.Verify("68692e0b0002", text); !errors.Is(err, ErrInvalid) {
		t.Errorf("another PBX's: %v", err)
	}
}

// The wire format is typed into PBXs: it must never change.
func TestTheWireFormatIsFrozen(t *testing.T) {
	// Computed apart from this code: base32(HMAC-SHA256(SHA-256(secret), "68692e0b0001/1")).
	text := parse(t, "k1:"+first).Sign(mac, 1).Reveal()
	if text != "k1-1-"+frozenCode {
		t.Errorf("got %s", text)
	}
	fromSecret, err := ParseSecret([]byte(`{"signing":"k1","k1":"` + first + `"}`))
	if err != nil || fromSecret.Sign(mac, 1).Reveal() != text {
		t.Errorf("the same key, read as JSON, signs otherwise: %v", err)
	}
}

func TestEveryChangeOfATokenIsRefused(t *testing.T) {
	keys := parse(t, "k1:"+first+",k2:"+second)
	text := keys.Sign(mac, 1).Reveal()
	for _, bad := range []string{"", "-", "--", "k1", "k1-1", "k1-1-", text + "a", text[:len(text)-1], strings.ToUpper(text), " " + text, text + "/",
		strings.Replace(text, "-1-", "-2-", 1), strings.Replace(text, "-1-", "-01-", 1), strings.Replace(text, "-1-", "-0-", 1),
		strings.Replace(text, "-1-", "-+1-", 1), strings.Replace(text, "-1-", "--", 1), strings.Replace(text, "k1-", "k2-", 1), "signing" + text[2:]} {
		if _, err := keys.Verify(mac, bad); err != ErrInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for i := range text {
		changed := []byte(text)
		changed[i] ^= 1
		if _, err := keys.Verify(mac, string(changed)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", changed, err)
		}
	}
}

func TestKeysAreRotatedWithoutAnOutage(t *testing.T) {
	old := parse(t, "k1:"+first).Sign(mac, 1).Reveal()
	both := parse(t, "k2:"+second+",k1:"+first)
	if _, err := both.Verify(mac, old); err != nil {
		t.Errorf("the old key beside the new: %v", err)
	}
	fresh := both.Sign(mac, 1).Reveal()
	if !strings.HasPrefix(fresh, "k2-") {
		t.Errorf("the first key does not sign")
	}
	only := parse(t, "k2:"+second)
	if _, err := only.Verify(mac, old); !errors.Is(err, ErrUnknownKey) || !errors.Is(err, ErrInvalid) {
		t.Errorf("the old key, removed: %v", err)
	}
	if _, err := only.Verify(mac, fresh); err != nil {
		t.Errorf("the new key alone: %v", err)
	}
}

func TestBadKeysAreNamedButNeverShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "key 1 is not written kid:secret",
		first:                           "key 1 is not written kid:secret",
		"k1:short":                      "key 1: the secret of k1 is shorter than 32 characters",
		"K1:" + first:                   "key 1: a kid is 1 to 16 lower-case letters and digits",
		"k-1:" + first:                  "key 1: a kid is 1 to 16 lower-case letters and digits",
		"signing:" + first:              "key 1: a kid is 1 to 16 lower-case letters and digits",
		"k1:" + first + ",k1:" + second: "key 2: the kid k1 is given twice",
		"k1:" + first + ",":             "key 2 is not written kid:secret",
		"a234567890123456z:" + first:    "key 1: a kid is 1 to 16 lower-case letters and digits",
	} {
		_, err := ParseKeys(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for _, doc := range []string{"", "[]", `{"k1":1}`, `{}`, `{"signing":"k1"}`, `{"signing":"k1","k2":"` + first + `"}`, `{"signing":"k1","k1":"short"}`} {
		if _, err := ParseSecret([]byte(doc)); err == nil || strings.Contains(err.Error(), first) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestTokensAndKeysAreNeverPrinted(t *testing.T) {
	keys := parse(t, "k1:"+first)
	secret := keys.Sign(mac, 1)
	var out strings.Builder
	holder := struct {
		T Token
		K *Keyring
	}{secret, keys}
	encoded, err := json.Marshal(holder)
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x %v %s %v", secret, secret, secret, secret, secret, secret, keys, encoded, err)
	fmt.Fprintf(&out, "%v %+v %#v", holder, holder, holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "t", secret, "k", keys, "both", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "t", secret, "k", keys, "both", holder)
	key := keys.keys["k1"]
	for name, leak := range map[string]string{
		"token": secret.Reveal(), "code": frozenCode, "secret": first, "key": fmt.Sprint(key[:4]), "token in hexadecimal": fmt.Sprintf("%x", secret.Reveal()),
	} {
		if strings.Contains(out.String(), strings.Trim(leak, "[]")) {
			t.Errorf("the %s is in %s", name, &out)
		}
	}
}

func TestKeysThatCannotBeReadAreUnavailableUntilTheyCan(t *testing.T) {
	keys := parse(t, "k1:"+first)
	broken := errors.New("no network")
	s := &Source{Refresh: time.Minute, Now: time.Now, Read: func(context.Context) (*Keyring, error) {
		return keys, broken
	}}
	text := keys.Sign(mac, 1).Reveal()
	if _, err := s.Verify(t.Context(), mac, text); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
	broken = nil
	if _, err := s.Verify(t.Context(), mac, text); err != nil {
		t.Errorf("once they can: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	keys, err := ParseKeys("k1:" + first)
	if err != nil {
		f.Fatal(err)
	}
	good := keys.Sign(mac, 7).Reveal()
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		if proof, err := keys.Verify(mac, text); err == nil && keys.Sign(mac, proof.Generation).Reveal() != text {
			t.Errorf("%q opens", text)
		}
	})
}

func TestAURLOpensForItsPBXAlone(t *testing.T) {
	keys, err := ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"https://pbx.example.com", "https://pbx.example.com/"} {
		text, ok := strings.CutPrefix(keys.URL(base, "68692e0b0001", 2), "https://pbx.example.com/v1/pbx/68692e0b0001/")
		if proof, err := keys.Verify("68692e0b0001", text); !ok || err != nil || proof.Generation != 2 {
			t.Errorf("%s: %t, %+v, %v", base, ok, proof, err)
		}
	}
}

func TestABaseIsAWholeAddress(t *testing.T) {
	for base, want := range map[string]bool{
		"https://pbx.example.com": true, "http://127.0.0.1:8080/": true, "https://pbx.example.com/stage": true,
		"pbx.example.com": false, "ftp://pbx.example.com": false, "https://": false, "https://pbx.example.com/?a=b": false, "": false, ":": false,
	} {
		if err := CheckBase(base); (err == nil) != want {
			t.Errorf("%q: %v", base, err)
		}
	}
}
