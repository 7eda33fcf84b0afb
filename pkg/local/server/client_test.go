package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
)

// client is a client without a terminal, with variables.
func client(env map[string]string) Client {
	return Client{
		Version: "v1", Args: []string{"erase", "--number", "1"}, Home: "/home/operator",
		Getenv: func(name string) string { return env[name] }, Machine: time.Now, Files: control.OwnFiles{},
	}
}

func TestAFolderThatNobodyHasOpenIsOpenedHere(t *testing.T) {
	t.Parallel()
	data, err := client(nil).Open(t.Context(), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	if !data.New {
		t.Error("the folder was there already")
	}
	if err := data.Close(); err != nil {
		t.Error(err)
	}
}

// Another command has the folder open, and no server listens: after a while, a client gives up.
func TestAFolderThatAnotherCommandHasOpenIsInUse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	began := time.Now()
	if _, err := client(nil).Open(t.Context(), folder); !errors.Is(err, local.ErrInUse) || time.Since(began) < beginsWithin {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	alone := client(nil)
	alone.Args = nil // which may not ask a server
	if _, err := alone.Open(t.Context(), folder); !errors.Is(err, local.ErrInUse) {
		t.Error(err)
	}
}

func TestARequestHasTheCommandItsSettingsAndItsFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := file + "-missing"
	r, err := client(map[string]string{"RECORD_DAYS": "40", "AWS_PROFILE": "mine"}).request([]string{"", file, missing})
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != "v1" || strings.Join(r.Args, " ") != "erase --number 1" || r.Home != "/home/operator" || !filepath.IsAbs(r.Dir) {
		t.Errorf("%+v", r)
	}
	if len(r.Env) != 1 || r.Env["RECORD_DAYS"] != "40" {
		t.Errorf("settings: %q", r.Env)
	}
	if content, there := r.Files[missing]; len(r.Files) != 2 || string(r.Files[file]) != "{}" || !there || content != nil {
		t.Errorf("files: %q", r.Files)
	}
	if _, err := client(nil).request([]string{filepath.Dir(file)}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder as a file: %v", err)
	}
}
