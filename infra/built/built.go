// Package built builds pbxctl for the tests that run it: once for all of them.
package built

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Program builds pbxctl into the repository's .build, and returns the file's path. root is the
// repository's folder. If the tests run with the race detector, so does the program. If the file
// is up to date, it is not linked again. A running file is replaced, not overwritten: packages
// may build at the same time.
func Program(root string) (string, error) {
	folder, flags := "test", []string{"build"}
	if Race {
		folder, flags = "race", []string{"build", "-race"}
	}
	path, err := filepath.Abs(filepath.Join(root, ".build", folder, "pbxctl"))
	if err != nil {
		return "", err
	}
	build := exec.Command("go", append(flags, "-o", path, "./infra/pbxctl")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w: %s", build, err, out)
	}
	return path, nil
}
