package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func secretsOf(t *testing.T, text string) *Secrets {
	t.Helper()
	s, err := ReadText(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARotatedKeySignsAndTheOldURLsStayValid(t *testing.T) {
	for before, want := range map[string]string{
		"k1:" + first:                     "k2",
		"k1:" + first + ",k9:" + second:   "k10",
		"main:" + first:                   "k1",
		"k01:" + first:                    "k2",
		"kitchen:" + first:                "k1",
		"k3:" + second + ",main:" + first: "k4",
	} {
		old := parse(t, before).Sign(mac, 1).Reveal()
		s := secretsOf(t, before)
		kid, err := s.Rotate(NewSecret())
		if err != nil || kid != want || s.Signing() != want || s.KIDs()[0] != want {
			t.Errorf("%s: %s signs, %v", before, kid, err)
		}
		doc, err := s.JSON()
		if err != nil {
			t.Fatal(err)
		}
		for form, read := range map[string]func() (*Keyring, error){
			"text": func() (*Keyring, error) { return ParseKeys(s.Text()) },
			"JSON": func() (*Keyring, error) { return ParseSecret(doc) },
		} {
			keys, err := read()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Verify(mac, old); err != nil {
				t.Errorf("%s: what the old key has signed: %v", form, err)
			}
			if fresh := keys.Sign(mac, 1).Reveal(); !strings.HasPrefix(fresh, want+"-1-") {
				t.Errorf("%s: the new key does not sign", form)
			}
		}
	}
}

func TestAKeyIs64LettersAndDigits(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if !regexp.MustCompile(`^[A-Za-z0-9]{64}$`).MatchString(a) || a == b {
		t.Error("it is not, or the same twice")
	}
}

func TestTheSigningKeyCannotBeRetired(t *testing.T) {
	s := secretsOf(t, "k2:"+second+",k1:"+first)
	if err := s.Retire("k2"); !errors.Is(err, ErrSigning) {
		t.Errorf("the one that signs: %v", err)
	}
	if err := s.Retire("k3"); err == nil || !strings.Contains(err.Error(), "the keys are k2, k1") {
		t.Errorf("one that is not there: %v", err)
	}
	if err := s.Retire("k1"); err != nil || !slices.Equal(s.KIDs(), []string{"k2"}) {
		t.Errorf("%v, %v", s, err)
	}
	if err := s.Retire("k2"); !errors.Is(err, ErrSigning) {
		t.Errorf("the last one: %v", err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	s := secretsOf(t, "k1:"+first)
	holder := struct{ S *Secrets }{s}
	encoded, err := json.Marshal(holder)
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s %q %v %+v %#v %s %v", s, s, s, s, s, holder, holder, holder, encoded, err)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s, "in", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", s, "in", holder)
	if strings.Contains(out.String(), first) || !strings.Contains(out.String(), "keys k1, signed by k1") {
		t.Error(out.String())
	}
}
