package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// ReadKeys reads the fleet keys from fleetKeys, the value of FLEET_KEYS. If that is empty, it
// reads those that MakeKeys has made in the data folder at path. Errors contain no secret.
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
	info, err := os.Stat(KeysPath(path))
	if err != nil {
		return "", fmt.Errorf("read the fleet keys: %w", err)
	}
	if !info.Mode().IsRegular() { // opening a FIFO would never end
		return "", fmt.Errorf("read the fleet keys: %s is not a regular file", KeysPath(path))
	}
	text, err := os.ReadFile(KeysPath(path))
	if err != nil {
		return "", fmt.Errorf("read the fleet keys: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ReadSecrets reads the keys in the data folder at path, with their secrets.
func ReadSecrets(path string) (*token.Secrets, error) {
	_, keys, err := readSecrets(path)
	return keys, err
}

// readSecrets reads the keys with their secrets, and the text of their file.
func readSecrets(path string) (text string, keys *token.Secrets, err error) {
	if text, err = readKeys(path); err != nil {
		return "", nil, err
	}
	if keys, err = token.ReadText(text); err != nil {
		return "", nil, fmt.Errorf("%s: %w", KeysPath(path), err)
	}
	return text, keys, nil
}

// NewKeys makes the first key in the data folder at path, and returns its id, which differs from
// all used before. If there are keys already, the error is fs.ErrExist.
func NewKeys(path string, used []string) (kid string, err error) {
	unlock, err := lockKeys(path)
	if err != nil {
		return "", fmt.Errorf("make the fleet keys: %w", err)
	}
	defer unlock()
	switch _, err := os.Lstat(KeysPath(path)); {
	case err == nil:
		return "", fmt.Errorf("%s: %w", KeysPath(path), fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("make the fleet keys: %w", err)
	}
	keys := token.FirstKey(token.NewSecret(), used)
	if err := writeKeys(path, keys.Text()); err != nil {
		return "", fmt.Errorf("make the fleet keys: %w", err)
	}
	return keys.Signing(), nil
}

// ErrKeysMissing says that a data folder has records of PBXs, and no keys.
var ErrKeysMissing = errors.New("the fleet keys are missing")

// MakeKeys makes the first key of a new folder, and reports whether it did. If PBXs have sent
// something already, their URLs were signed by a key that is lost. Then it makes none, and its
// error says what to do.
func (d *Dir) MakeKeys(ctx context.Context) (made bool, err error) {
	if _, err := os.Lstat(KeysPath(d.path)); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	used, err := d.used(ctx)
	if err != nil {
		return false, err
	}
	if used {
		return false, fmt.Errorf("%w: %s has events of PBXs, but no file fleet-keys: put it back from your backup, or set FLEET_KEYS. "+
			"`pbxctl keys new --data %s` makes a new key: then each PBX must be given a new URL", ErrKeysMissing, d.path, d.path)
	}
	if _, err := NewKeys(d.path, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	return true, nil
}

// used reports whether PBXs have sent something into the folder.
func (d *Dir) used(ctx context.Context) (bool, error) {
	for _, err := range store.New(d.Table, func() time.Time { return time.Time{} }).Fleet(ctx) {
		if _, bad := errors.AsType[*each.Bad](err); bad {
			err = nil // it exists
		}
		return err == nil, err
	}
	for _, prefix := range []string{archive.RawPrefix, archive.SpillPrefix, archive.QuarantinePrefix} {
		for range d.Bucket.List(ctx, prefix, "") {
			return true, nil // also if it can't be listed
		}
	}
	return false, ctx.Err()
}

// ChangeKeys changes the keys in the data folder at path. If change fails, they stay. It waits
// for other programs that change them.
func ChangeKeys(path string, change func(*token.Secrets) error) error {
	unlock, err := lockKeys(path)
	if err != nil {
		return fmt.Errorf("change the fleet keys: %w", err)
	}
	defer unlock()
	if info, err := os.Lstat(KeysPath(path)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a link, and the file it links to would not change: change the keys there, or put the file itself here", KeysPath(path))
	}
	text, keys, err := readSecrets(path)
	if err != nil {
		return err
	}
	if err := change(keys); err != nil {
		return err
	}
	if now, err := readKeys(path); err != nil || now != text {
		return fmt.Errorf("%s was edited: %w", KeysPath(path), errors.Join(err, ErrChanged))
	}
	if err := writeKeys(path, keys.Text()); err != nil {
		return fmt.Errorf("change the fleet keys: %w", err)
	}
	return nil
}

// KeyFile is the path of a data folder with keys.
type KeyFile string

// Read is ReadSecrets of the folder.
func (f KeyFile) Read(context.Context) (*token.Secrets, error) { return ReadSecrets(string(f)) }

// Change is ChangeKeys of the folder.
func (f KeyFile) Change(_ context.Context, change func(*token.Secrets) error) error {
	return ChangeKeys(string(f), change)
}

// ErrChanged is wrapped by the error for keys that were edited by hand at the same time.
var ErrChanged = errors.New("the fleet keys changed meanwhile, and nothing was written: run it again")

// lockKeys waits until no other program changes the keys. It removes the temporary file that a
// killed program left: keys that were retired since must not stay in it.
func lockKeys(path string) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(path, "fleet-keys.lock"))
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	left := append(leftKeys(path), newKeysPath(path))
	for _, file := range left {
		if removeErr := os.Remove(file); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock.Unlock, nil
}

// leftKeys returns the temporary files of earlier versions that were killed: fleet-keys- and a
// random number. A number of eight digits may be the date of an operator's copy.
func leftKeys(path string) (files []string) {
	all, _ := filepath.Glob(filepath.Join(path, "fleet-keys-*")) // the pattern is well-formed
	for _, file := range all {
		_, number, _ := strings.Cut(filepath.Base(file), "fleet-keys-")
		_, err := strconv.ParseUint(number, 10, 32)
		if info, statErr := os.Lstat(file); err == nil && len(number) != len("20261123") && statErr == nil && info.Mode().IsRegular() {
			files = append(files, file)
		}
	}
	return files
}

// Copies returns the names of files in the data folder at path that may be copies of the keys.
func Copies(path string) (names []string) {
	entries, _ := os.ReadDir(path) // opening the folder reports the error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "fleet-keys") && e.Name() != "fleet-keys" && e.Name() != "fleet-keys.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func newKeysPath(path string) string { return filepath.Join(path, "fleet-keys.new") }

// writeKeys writes keys to a temporary file and renames it: a crash leaves no half of a key in
// their place. The caller has locked the keys.
func writeKeys(path, text string) error {
	aside := newKeysPath(path)
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	if err := os.Rename(aside, KeysPath(path)); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	return syncFolder(path)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// KeysPath returns the path of the keys of the data folder at path.
func KeysPath(path string) string { return filepath.Join(path, "fleet-keys") }
