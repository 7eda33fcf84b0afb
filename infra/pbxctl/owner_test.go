//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trunkline/pkg/local"
)

// nobody and another are users of this machine that own nothing else.
const nobody, another = 65534, 65533

// ownedByNobody makes a data folder of another user, with records and keys.
func ownedByNobody(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user: run this test as root")
	}
	data := vendorData(t)
	makeKeys(t, data)
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	give(t, data)
	return data
}

// reachable is the program where every user may run it: the repository's folder may be closed to others.
func reachable(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "pbxctl")
	err := errors.Join(os.Chmod(folder, 0o755), os.Chmod(filepath.Dir(folder), 0o755))
	if os.Link(binary, path) != nil { // on another disk
		content, readErr := os.ReadFile(binary)
		err = errors.Join(err, readErr, os.WriteFile(path, content, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// runAs runs the program as a user.
func runAs(t *testing.T, uid uint32, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, reachable(t), args...)
	c.Env, c.Dir = append(os.Environ(), "FLEET_KEYS="), "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// give has nobody own a folder with all in it, and reach it.
func give(t *testing.T, data string) {
	t.Helper()
	err := errors.Join(os.Chmod(filepath.Dir(data), 0o755), os.Chmod(filepath.Dir(filepath.Dir(data)), 0o755))
	err = errors.Join(err, filepath.WalkDir(data, func(file string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(file, nobody, nobody))
	}))
	if err != nil {
		t.Fatal(err)
	}
}

func checkOwned(t *testing.T, data, by string) {
	t.Helper()
	if found, err := local.Strays(data, 5); len(found) > 0 || err != nil {
		t.Errorf("after %s: %v, %v", by, found, err)
	}
}

// everyKind is a command of each kind that opens a data folder.
var everyKind = []string{
	"keys rotate", "keys list", "device add 68692e0b0009 --name x", "device list", "device url --all --base http://x",
	"rollup --all --day 2018-11-01..", "calls 68692e0b0001", "kpi 68692e0b0001 --day 2018-11-05",
	"spill redrive", "quarantine release --all", "quarantine list", "erase --number 85322361 --yes", "doctor",
	"simulate --seed 1 --pbx 1 --days 1 --first 2018-11-01",
}

func TestWhatRootDoesInAFolderIsItsOwners(t *testing.T) {
	t.Parallel()
	data := ownedByNobody(t)
	for _, command := range everyKind {
		got := run(t, "", append(strings.Fields(command), "--data", data)...)
		if !strings.HasPrefix(got.errs, "pbxctl: acts as nobody, the owner of "+data+"\n") || got.code != 0 && command != "doctor" {
			t.Errorf("%s: %+v", command, got)
		}
		checkOwned(t, data, command)
	}
	s := serve(t, data)
	checkOwned(t, data, "serve")
	if got := runAs(t, nobody, "keys", "list", "--data", data); got.code != 0 || !strings.HasPrefix(got.out, "KEY  ITS URLS\nk2 ") {
		t.Errorf("its owner: %+v", got)
	}
	s.stop(t)
	into := filepath.Join(t.TempDir(), "into")
	if err := os.Mkdir(into, 0o700); err != nil {
		t.Fatal(err)
	}
	give(t, into)
	if got := run(t, "", "replay", "--data", data, "--into", into, "--day", "2018-11-05"); got.code != 0 {
		t.Errorf("replay: %+v", got)
	}
	checkOwned(t, into, "replay")
}

func TestAnotherUserIsToldWhoseAFolderIs(t *testing.T) {
	t.Parallel()
	data := ownedByNobody(t)
	if err := os.Chmod(data, 0o755); err != nil { // the owner alone may use it, whoever can read it
		t.Fatal(err)
	}
	for _, command := range append(everyKind, "serve --addr 127.0.0.1:0") {
		got := runAs(t, another, append(strings.Fields(command), "--data", data)...)
		want := "pbxctl: the data folder " + data + " belongs to nobody, and you are #65533: only its owner may use the data folder: run `sudo -u nobody pbxctl …`\n"
		if got != (result{"", want, exitFailed}) {
			t.Errorf("%s: %+v, want %s", command, got, want)
		}
	}
}
