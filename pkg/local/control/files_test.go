package control

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	files := Replacing{OwnFiles{}}
	for _, content := range []string{"first", "2"} {
		if err := files.Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := files.Read(path); err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := files.Replace(filepath.Join(folder, "none", "file"), nil); err == nil {
		t.Error("a file in a missing folder was written")
	}
}
