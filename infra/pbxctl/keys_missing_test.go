package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/pkg/local"
)

func TestAServerWhoseKeysAreMissingDoesNotStart(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	makeKeys(t, data)
	if err := os.Remove(local.KeysPath(data)); err != nil {
		t.Fatal(err)
	}
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--data", data}
	got := run(t, "", serve...)
	if got.code != exitFailed || !strings.Contains(got.errs, "pbxctl: the fleet keys are missing: "+data) || !strings.Contains(got.errs, "`pbxctl keys new --data "+data+"`") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(local.KeysPath(data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("keys are made: %v", err)
	}
	if got := run(t, "", "keys", "new", "--data", data); got.code != 0 || got.out != "KEY  ITS URLS\nk1   valid; new ones are signed by it\n" {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", "keys", "new", "--data", data); got.code != exitFailed || !strings.Contains(got.errs, "`pbxctl keys rotate --data "+data+"` makes another one") {
		t.Errorf("over keys: %+v", got)
	}
}

func TestServeSaysWhatWasOpenToOthers(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	want := "NEW: " + data + " is its owner's alone now: it was open to other users\n"
	if said := serve(t, data).stop(t); !strings.Contains(said, want) {
		t.Errorf("at first: %s", said)
	}
	if said := serve(t, data).stop(t); strings.Contains(said, "NEW: ") {
		t.Errorf("at the next start: %s", said)
	}
}

func TestAServerWhoseKeysOfTheEnvironmentAreInvalidMakesNoFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new")
	got := run(t, "bad", "serve", "--addr", "127.0.0.1:0", "--data", data)
	if got.code != exitFailed || !strings.Contains(got.errs, "FLEET_KEYS") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder is made: %v", err)
	}
}

// makeKeys has a data folder have keys.
func makeKeys(t *testing.T, data string) {
	t.Helper()
	if _, err := local.NewKeys(data, nil); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
}
