package scratch_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"trunkline/pkg/scratch"
)

func TestAFileIsItsOwnersAloneAndHasNoName(t *testing.T) {
	folder := t.TempDir()
	f, err := scratch.Create(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Mode() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("found %v, %v", left, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatIsMissingIsReported(t *testing.T) {
	if _, err := scratch.Create(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
