//go:build unix

package dir

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
)

// spoils are ways to put something at a path that is not an object.
func spoils(t *testing.T) map[string]func(t *testing.T, path string) {
	outside := t.TempDir()
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(*testing.T, string){
		"a link to a folder outside":  func(t *testing.T, path string) { must(t, os.Symlink(outside, path)) },
		"a link to a file outside":    func(t *testing.T, path string) { must(t, os.Symlink("/etc/passwd", path)) },
		"a link to nothing":           func(t *testing.T, path string) { must(t, os.Symlink("nowhere", path)) },
		"a link to itself":            func(t *testing.T, path string) { must(t, os.Symlink(filepath.Base(path), path)) },
		"a FIFO":                      func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) },
		"a socket":                    func(t *testing.T, path string) { must(t, syscall.Mknod(path, syscall.S_IFSOCK|0o600, 0)) },
		"a folder that can't be read": func(t *testing.T, path string) { unreadable(t, path) },
	}
}

// unreadable makes a folder that its owner can't read. root still can.
func unreadable(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root reads any folder: TestWhatIsNoObjectAsNobody does this as another user")
	}
	if err := os.Mkdir(path, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o700) })
}

// TestWhatIsNoObjectAsNobody runs the other test again as nobody, if this one is run by root.
func TestWhatIsNoObjectAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user, and others need not")
	}
	folder := t.TempDir()
	program, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = errors.Join(os.Chmod(filepath.Dir(folder), 0o755), os.Chmod(folder, 0o777), os.WriteFile(folder+"/dir.test", program, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), folder+"/dir.test", "-test.run=^TestWhatIsNoObjectIsNamedAndNeverOpened$/folder", "-test.v")
	again.Dir, again.Env = folder, []string{"TMPDIR=" + folder}
	again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestWhatIsNoObjectIsNamedAndNeverOpened/a_folder_that_can't_be_read") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWhatIsNoObjectIsNamedAndNeverOpened(t *testing.T) {
	for name, spoil := range spoils(t) {
		t.Run(name, func(t *testing.T) {
			paths := map[archive.Bucket]string{}
			archivetest.RunBroken(t, func(t *testing.T) archive.Bucket {
				path := t.TempDir()
				b := openNew(t, path)
				paths[b] = path
				return b
			}, func(t *testing.T, b archive.Bucket, name string) {
				path := filepath.Join(paths[b], name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				spoil(t, path)
			})
		})
	}
}

func TestAFIFOIsReplacedAndRemovedAsAnyObject(t *testing.T) {
	path := t.TempDir()
	b := openNew(t, path)
	for name, change := range map[string]func(string) error{
		"replaced": func(name string) error { return b.Put(context.Background(), name, []byte("x")) },
		"removed":  func(name string) error { return b.Delete(context.Background(), name) },
	} {
		if err := syscall.Mkfifo(filepath.Join(path, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := change(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range b.List(t.Context(), "", "") {
		if name != "replaced" || err != nil {
			t.Errorf("%q, %v", name, err)
		}
	}
}

func TestAnArchiveWithALinkedFolderIsNotOpened(t *testing.T) {
	for _, link := range []string{"raw", "raw/kind=cdr", "raw/kind=cdr/dt=2026-11-23", "curated", "spill"} {
		for where, target := range map[string]string{"outside": t.TempDir(), "inside": "."} {
			t.Run(link+" "+where, func(t *testing.T) {
				path := t.TempDir()
				if err := os.MkdirAll(filepath.Dir(filepath.Join(path, link)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(path, link)); err != nil {
					t.Fatal(err)
				}
				_, err := Open(path)
				if err == nil || !strings.Contains(err.Error(), link+" is a link, which is not followed: put its target in its place, or mount") {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

func TestTheArchiveItselfMayBeALink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "archive")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	b := openNew(t, link)
	if err := b.Put(t.Context(), "raw/kind=cdr/x", nil); err != nil {
		t.Fatal(err)
	}
	for name, err := range b.List(t.Context(), "raw/", "") {
		if name != "raw/kind=cdr/x" || err != nil {
			t.Errorf("%q, %v", name, err)
		}
	}
}
