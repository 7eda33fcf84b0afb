package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

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
	text, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	keys, err := token.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", KeysPath(path), err)
	}
	return keys, nil
}

func readKeys(path string) (string, error) {
	text, err := os.ReadFile(KeysPath(path))
	if err != nil {
		return "", fmt.Errorf("read the fleet keys: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ReadSecrets reads the keys in the data folder at path as they are written there.
func ReadSecrets(path string) (*token.Secrets, error) {
	_, keys, err := readSecrets(path)
	return keys, err
}

// readSecrets reads the keys as they are written there, and the text that they are read from.
func readSecrets(path string) (text string, keys *token.Secrets, err error) {
	if text, err = readKeys(path); err != nil {
		return "", nil, err
	}
	if keys, err = token.ReadText(text); err != nil {
		return "", nil, fmt.Errorf("%s: %w", KeysPath(path), err)
	}
	return text, keys, nil
}

// MakeKeys makes a key in the data folder at path, unless there is one.
func MakeKeys(path string) error {
	if _, err := os.Stat(KeysPath(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := writeKeys(path, "k1:"+token.NewSecret(), os.Link)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the fleet keys: %w", err)
	}
	return nil
}

// ChangeKeys changes the keys in the data folder at path; where change fails, they stay. It
// waits for another program that changes them, too.
func ChangeKeys(path string, change func(*token.Secrets) error) error {
	lock := flock.New(filepath.Join(path, "fleet-keys.lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("change the fleet keys: %w", err)
	}
	defer lock.Unlock()
	text, keys, err := readSecrets(path)
	if err != nil {
		return err
	}
	if err := change(keys); err != nil {
		return err
	}
	if now, err := readKeys(path); err != nil || now != text {
		return fmt.Errorf("%s was changed by hand meanwhile: %w", KeysPath(path), errors.Join(err, ErrChanged))
	}
	if err := writeKeys(path, keys.Text(), os.Rename); err != nil {
		return fmt.Errorf("change the fleet keys: %w", err)
	}
	return nil
}

// ErrChanged is wrapped by the error for keys that somebody else has changed at the same time.
var ErrChanged = errors.New("nothing was written: do it again")

// writeKeys writes keys aside and has them put in their place by link or rename: a crash
// leaves no half of a key.
func writeKeys(path, text string, place func(from, to string) error) error {
	f, err := os.CreateTemp(path, "fleet-keys-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = place(f.Name(), KeysPath(path))
	}
	if err == nil {
		err = syncFolder(path)
	}
	return err
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
