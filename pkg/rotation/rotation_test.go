package rotation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rotation"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
)

// kept are keys in their written form. If down, they can't be changed.
type kept struct {
	text string
	down error
}

func (k *kept) Read(context.Context) (*token.Secrets, error) { return token.ReadText(k.text) }

func (k *kept) Change(ctx context.Context, change func(*token.Secrets) error) error {
	s, err := k.Read(ctx)
	if err != nil {
		return err
	}
	if err := change(s); err != nil {
		return err
	}
	if k.down != nil {
		return k.down
	}
	k.text = s.Text()
	return nil
}

func TestKeysAreRotatedThenRetired(t *testing.T) {
	t.Parallel()
	keys := &kept{text: token.FirstKey(token.NewSecret(), nil).Text()}
	was := keys.text
	if err := rotation.CheckRetire(t.Context(), keys, "k1"); !errors.Is(err, token.ErrSigning) {
		t.Errorf("the key that signs: %v", err)
	}
	if _, err := rotation.Retire(t.Context(), keys, "k1"); !errors.Is(err, token.ErrSigning) || keys.text != was {
		t.Errorf("the key that signs: %v", err)
	}
	rotated, err := rotation.Rotate(t.Context(), keys)
	if err != nil || strings.Join(rotated.KIDs(), " ") != "k2 k1" || keys.text != rotated.Text() {
		t.Fatalf("%v, %v", rotated, err)
	}
	was = keys.text
	if err := rotation.CheckRetire(t.Context(), keys, "k1"); err != nil || keys.text != was {
		t.Errorf("a check changes the keys, or fails: %v", err)
	}
	left, err := rotation.Retire(t.Context(), keys, "k1")
	if err != nil || strings.Join(left.KIDs(), " ") != "k2" || keys.text != left.Text() {
		t.Errorf("%v, %v", left, err)
	}
	if err := rotation.CheckRetire(t.Context(), keys, "k1"); err == nil || !strings.Contains(err.Error(), `there is no key "k1"`) {
		t.Error(err)
	}
}

func TestKeysThatCannotBeChangedStayAsTheyAre(t *testing.T) {
	t.Parallel()
	down := errors.New("somebody else changed them")
	keys := &kept{text: token.FirstKey(token.NewSecret(), nil).Text(), down: down}
	was := keys.text
	if got, err := rotation.Rotate(t.Context(), keys); !errors.Is(err, down) || got != nil || keys.text != was {
		t.Errorf("%v, %v", got, err)
	}
	broken := &kept{text: "?"}
	if err := rotation.CheckRetire(t.Context(), broken, "k1"); err == nil {
		t.Error("keys that can't be read were retired")
	}
}

func TestThePBXsThatUseAKeyAreFound(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	s := store.New(storetest.NewMemory(), now)
	for mac, kid := range map[pbx.MAC]string{"68692e0b0001": "k1", "68692e0b0002": "k2", "68692e0b0003": "k1"} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, KID: kid, At: now()}, &pbx.ExtensionStatus{Exten: "808"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Register(t.Context(), "68692e0b0004", now()); err != nil {
		t.Fatal(err)
	}
	var users []string
	for m, err := range rotation.UsersOf(t.Context(), s, "k1") {
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, string(m.MAC))
	}
	if slices.Sort(users); strings.Join(users, " ") != "68692e0b0001 68692e0b0003" {
		t.Error(users)
	}
	var kids []string
	for kid, err := range rotation.UsedKIDs(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		kids = append(kids, kid)
	}
	if slices.Sort(kids); strings.Join(kids, ",") != ",k1,k1,k2" {
		t.Error(kids)
	}
}
