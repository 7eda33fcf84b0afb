//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trunkline/pkg/local"
)

func TestAFIFOInTheArchiveHangsNoHourlyRun(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const name = "raw/kind=cc_cdr/dt=2026-11-20/68692e0b0001-x.json"
	fifo := filepath.Join(local.ArchivePath(data), name)
	if err := os.MkdirAll(filepath.Dir(fifo), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r := thirtyFive(t, data, "2026-11-26T09:00:00Z")
	r.round(t)
	if log := r.log.String(); !strings.Contains(log, name+": it is not a file, but a FIFO") {
		t.Errorf("it is not named in the log: %s", log)
	}
	out, code := examine(t, map[string]string{"FLEET_KEYS": fleetKeys}, func() time.Time { return at(t, "2026-11-26T09:30:00Z") }, "doctor", "--data", data)
	if code != exitFailed || !strings.Contains(out, "FAILED  hourly run") || !strings.Contains(out, name) {
		t.Errorf("exit %d: %s", code, out)
	}
}
