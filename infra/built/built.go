// Package built builds pbxctl for the tests that run it: once for all of them.
package built

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Program builds pbxctl into the repository's .build, and returns the file's path. root is the
// repository's folder. Where the tests have the race detector, the program has it too.
// What is up to date is not linked again, and a file that runs is replaced, not written over:
// packages may build at the same time.
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
