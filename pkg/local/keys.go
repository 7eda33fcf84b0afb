package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"trunkline/pkg/token"
)

// ReadKeys reads the fleet keys: those in fleetKeys, the value of FLEET_KEYS, or where
// that is empty, those that MakeKeys has made in the data folder at path. Errors show no
// secret.
func ReadKeys(path, fleetKeys string) (*token.Keyring, error) {
	if fleetKeys != "" {
		keys, err := token.ParseKeys(fleetKeys)
		if err != nil {
			return nil, fmt.Errorf("FLEET_KEYS: %w", err)
		}
		return keys, nil
	}
	text, err := os.ReadFile(KeysPath(path))
	if err != nil {
		return nil, fmt.Errorf("read the fleet keys: %w", err)
	}
	keys, err := token.ParseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", KeysPath(path), err)
	}
	return keys, nil
}

// MakeKeys makes a key in the data folder at path, unless there is one.
func MakeKeys(path string) error {
	if _, err := os.Stat(KeysPath(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Written aside and linked: a crash leaves no half of a key, and no key is replaced.
	f, err := os.CreateTemp(path, "fleet-keys-*") // 0600
	if err != nil {
		return fmt.Errorf("make the fleet keys: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("k1:" + rand.Text() + rand.Text() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), KeysPath(path))
	}
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the fleet keys: %w", err)
	}
	return nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// KeysPath is where the keys of the data folder at path are.
func KeysPath(path string) string { return filepath.Join(path, "fleet-keys") }
