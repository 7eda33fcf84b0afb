package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// filesOfKeys returns the names of all files in a folder that contain a key.
func filesOfKeys(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(path, e.Name()))
		if err == nil && strings.HasPrefix(string(text), "k1:") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestNoFileOfKeysSurvivesAKillAndTheNextChange(t *testing.T) {
	path := t.TempDir()
	if _, err := NewKeys(path, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(KeysPath(path))
	for _, left := range []string{"fleet-keys.new", "fleet-keys-1", "fleet-keys-987654321", "fleet-keys-4294967295", "fleet-keys-20261123", "fleet-keys-mine"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(path, left), text, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	change := func(do func(*token.Secrets) error) {
		t.Helper()
		if err := ChangeKeys(path, do); err != nil {
			t.Fatal(err)
		}
	}
	change(func(s *token.Secrets) error { _, err := s.Rotate(token.NewSecret()); return err })
	change(func(s *token.Secrets) error { return s.Retire("k1") })
	copies := []string{"fleet-keys-20261123", "fleet-keys-mine"} // made by the operator
	if found := filesOfKeys(t, path); !slices.Equal(found, copies) || !slices.Equal(Copies(path), copies) {
		t.Errorf("the retired key is in %q, and reported are %q", found, Copies(path))
	}
	if err := ChangeKeys(path, func(*token.Secrets) error { return errors.New("no") }); err == nil {
		t.Error("a failed change changed the keys")
	}
	if _, err := os.Lstat(newKeysPath(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a change that failed leaves keys aside: %v", err)
	}
}

func TestKeysAreNotMadeAgainIfThereAreRecords(t *testing.T) {
	for name, leave := range map[string]func(d *Dir) error{
		"a PBX on the fleet list": func(d *Dir) error {
			return store.New(d.Table, time.Now).Register(t.Context(), mac, time.Now())
		},
		"an archived event":      func(d *Dir) error { return d.Bucket.Put(t.Context(), "raw/kind=cdr/dt=2026-11-23/x", nil) },
		"an event that waits":    func(d *Dir) error { return d.Bucket.Put(t.Context(), "spill/x", nil) },
		"an event in quarantine": func(d *Dir) error { return d.Bucket.Put(t.Context(), "quarantine/x", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Open(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			if made, err := data.MakeKeys(t.Context()); !made || err != nil {
				t.Fatalf("in a new folder: %t, %v", made, err)
			}
			if err := errors.Join(leave(data), os.Remove(KeysPath(data.path))); err != nil {
				t.Fatal(err)
			}
			made, err := data.MakeKeys(t.Context())
			if made || !errors.Is(err, ErrKeysMissing) || !strings.Contains(err.Error(), "put it back from your backup") ||
				!strings.Contains(err.Error(), "`pbxctl keys new --data "+data.path+"`") {
				t.Errorf("%t, %v", made, err)
			}
			if found := filesOfKeys(t, data.path); len(found) > 0 {
				t.Errorf("made are %q", found)
			}
		})
	}
}

func TestANewKeyHasAnIDThatNoKeyHadBefore(t *testing.T) {
	path := t.TempDir()
	if kid, err := NewKeys(path, []string{"", "k3", "own", "k2"}); kid != "k4" || err != nil {
		t.Errorf("%s, %v", kid, err)
	}
	if _, err := NewKeys(path, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("over keys: %v", err)
	}
}

func TestKeysBehindALinkAreNotChanged(t *testing.T) {
	path, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	_, err := NewKeys(path, nil)
	if err := errors.Join(err, os.Rename(KeysPath(path), elsewhere), os.Symlink(elsewhere, KeysPath(path))); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeys(path, ""); err != nil {
		t.Error(err)
	}
	err = ChangeKeys(path, func(s *token.Secrets) error { _, err := s.Rotate(token.NewSecret()); return err })
	if err == nil || !strings.Contains(err.Error(), "is a link") {
		t.Error(err)
	}
}
