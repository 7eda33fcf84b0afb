package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/local/server"
)

// serveOnlyCommands has a server in this process that does what commands ask, and nothing by
// itself, at noon of 2026-11-24.
func serveOnlyCommands(t *testing.T, data string) *server.Server {
	t.Helper()
	makeKeys(t, data) // records without keys are not served
	now := func() time.Time { return at(t, "2026-11-24T12:00:00Z") }
	p := newProgram(t.Context(), io.Discard, t.Output(), func(string) string { return "" }, now)
	s := openHere(t, p, data, func(c *server.Config) { c.Schedule = never })
	s.Serve()
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// never has a server do nothing every hour.
func never(context.Context, func(context.Context)) {}

// openHere makes a server in this process that serves nobody yet.
func openHere(t *testing.T, p *program, data string, change func(*server.Config)) *server.Server {
	t.Helper()
	c := (&serveCommand{Addr: "127.0.0.1:0", dataFolder: dataFolder{data}, BodyTimeout: time.Minute}).config(p)
	change(&c)
	s, err := server.Open(p.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serveHere has a server in this process, which the caller stops.
func serveHere(t *testing.T, p *program, data string) *server.Server {
	t.Helper()
	s := openHere(t, p, data, func(*server.Config) {})
	s.Serve()
	return s
}

// needy is a data folder with something for each command of maintenance.
func needy(t *testing.T) (data string, refused []string) {
	t.Helper()
	data = t.TempDir()
	send(t, data,
		sent{at: "2026-11-23T10:00:00.5Z", mac: oldPBX, body: record("1.0")},
		sent{at: "2026-11-23T10:00:01.5Z", mac: oldPBX, body: "{event:'cc_cdr', uuid:'1.9', caller:'4915112345678', startTime:'2026-11-23 11:30:00'}"},
		sent{at: "2026-11-24T10:00:00.5Z", mac: oldPBX, body: record("1.1"), archiveDown: true},
		sent{at: "2026-11-24T10:00:01.5Z", mac: newPBX, body: record("1.2"), tableDown: true},
		sent{at: "2026-11-24T10:00:02.5Z", mac: oldPBX, body: "{event:", want: ingest.Undecodable},
		sent{at: "2026-11-24T10:00:03.5Z", mac: oldPBX, body: "{event:'cc_cdr'}", want: ingest.Undecodable},
	)
	if got := do(t, "device", "set", string(oldPBX), "--name", "Berlin", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	return data, names(t, data, "quarantine/")
}

func TestARunningServerDoesTheMaintenanceAsACommandWould(t *testing.T) {
	alone, refused := needy(t)
	served := t.TempDir()
	if err := os.CopyFS(served, os.DirFS(alone)); err != nil {
		t.Fatal(err)
	}
	serveOnlyCommands(t, served)
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"spill", "redrive"},
		{"rollup", "--all", "--day", "2026-11-20.."},
		{"rollup", string(oldPBX), "--day", "2026-11-23", "--json"},
		{"rollup", string(oldPBX), "--day", "2026-11-30"},
		{"quarantine", "release", "--all"},
		{"quarantine", "release", "--all", "--json"},
		{"quarantine", "release", "quarantine/dt=2026-11-24/none.json"},
		{"quarantine", "discard", refused[0]},
		{"quarantine", "discard", "--yes", refused[0]},
		{"erase", "--number", "+4915112345678", "--yes", "--json"},
		{"erase", "--number", "4915112345678", "--yes"},
		{"replay", "--day", "2026-11-20..2026-11-24", "--checkpoint", "november", "--into"},
		{"replay", "--day", "2026-11-20..2026-11-24", "--checkpoint", "none/november", "--into"},
		{"simulate", "--pbx", "1", "--days", "1", "--seed", "1", "--calls", "5", "--first", "2026-11-01", "--truth", "true"},
		{"rollup", "--all", "--day", "2026-11-01"},
	} {
		var got [2]result
		for i, data := range []string{alone, served} {
			all := args
			if args[len(args)-1] == "--into" {
				all = append(args[:len(args):len(args)], data)
			}
			got[i] = do(t, append(all[:len(all):len(all)], "--data", data)...)
			got[i].out = strings.ReplaceAll(got[i].out, data, "DATA")
			if args[0] == "simulate" {
				got[i].out, _, _ = strings.Cut(got[i].out, " and ") // then come times
			}
		}
		if got[0] != got[1] {
			t.Errorf("pbxctl %q:\nalone  %+v\nserved %+v", args, got[0], got[1])
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 1 || left[0].Name() != "true" {
		t.Errorf("left here: %v, %v", left, err)
	}
	if found := filesWith(t, filepath.Join(served, "archive"), "4915112345678"); len(found) > 0 {
		t.Errorf("the number is in %q", found)
	}
	if a, b := shown(t, alone), shown(t, served); a != b {
		t.Errorf("records differ:\n%s\n%s", a, b)
	}
}

func TestTheServersSettingsCount(t *testing.T) {
	t.Parallel()
	data, _ := needy(t)
	serveOnlyCommands(t, data)
	out, code := examine(t, map[string]string{"RECORD_DAYS": "40"}, time.Now, "spill", "redrive", "--data", data)
	if code != 0 || !strings.Contains(out, `RECORD_DAYS is "40" here, and "" for the server: the server's counts`) {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestACommandThatIsStoppedOnAServerGoesOnLater(t *testing.T) {
	data, _ := needy(t)
	serveOnlyCommands(t, data)
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, stop)
	args := []string{"replay", "--day", "2026-11-20..2026-11-24", "--data", data, "--into", data, "--checkpoint", "november"}
	got := doWithin(t, ctx, append(args, "--rate", "1")...)
	if got.code != exitFailed || !strings.Contains(got.errs, "the same command continues there") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat("november"); err != nil {
		t.Error(err)
	}
	if got := do(t, args...); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat("november"); err == nil {
		t.Error("the checkpoint is there still")
	}
}

// A log that nobody reads: the pipe is full after some hundred lines.
func TestPBXsAreAnsweredThoughNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]func(*os.File){
		"its reader stalls": func(*os.File) {},
		"its reader ends":   func(r *os.File) { r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			s := serveWith(t, t.TempDir(), func(c *exec.Cmd) { c.Stderr = write })
			write.Close()
			stall(read)
			client := http.Client{Timeout: 10 * time.Second}
			for range 1000 {
				response, err := client.Post(s.base+"/elsewhere", "", strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
			}
			began := time.Now()
			s.stop(t)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s to stop", took)
			}
		})
	}
}

func TestAStopWaitsForNothingThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := newProgram(t.Context(), io.Discard, io.Discard, func(string) string { return "" }, time.Now)
	s := openHere(t, p, data, func(c *server.Config) { c.StopWithin = 200 * time.Millisecond })
	hangs := filepath.Join(local.ArchivePath(data), "raw", "kind=cdr", "dt=2018-11-05")
	if err := os.MkdirAll(hangs, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(hangs, "68692e0b0001-x.json"), 0o600); err != nil {
		t.Skip(err)
	}
	s.Serve()
	got := make(chan result)
	go func() {
		got <- do(t, "replay", "--day", "2018-11-05", "--data", data, "--into", data)
	}()
	time.Sleep(300 * time.Millisecond) // it hangs, as does the hourly run
	ctx, stop := context.WithCancel(t.Context())
	stop()
	began := time.Now()
	if err := s.Wait(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	w, err := os.OpenFile(filepath.Join(hangs, "68692e0b0001-x.json"), os.O_WRONLY|syscall.O_NONBLOCK, 0) // lets go
	if err == nil {
		w.Close()
	}
	<-got
}

func TestASecondSignalEndsTheServerAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: pbx\r\nContent-Length: 100\r\n\r\n{event:", ownPath(t))
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	s.cmd.Process.Signal(syscall.SIGTERM)
	time.Sleep(100 * time.Millisecond)
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("it ended with %v after %s", err, time.Since(began))
	}
}

func TestKeysAreReadAgainOnSIGHUP(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serveWith(t, data, func(c *exec.Cmd) { c.Env = append(c.Env, "FLEET_KEYS=") })
	path := local.KeysPath(data)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hangUp := func(keys, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(keys), 0o600); err != nil {
			t.Fatal(err)
		}
		s.cmd.Process.Signal(syscall.SIGHUP)
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.errs.String(), want); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the log does not say %q: %s", want, s.errs)
			}
		}
	}
	hangUp("nonsense", "level=ERROR msg=\"the fleet keys can't be read again: those of before stay in use\"")
	hangUp(strings.TrimSpace(string(was))+",k2:another-example-that-signs-no-real-urls-at-all", "keyring of 2")
	s.stop(t)
}

func TestAStartThatFailsMakesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "nowhere", "192.0.2.1:8080"} {
		data := filepath.Join(t.TempDir(), "data")
		if got := do(t, "serve", "--addr", addr, "--data", data); got.code != exitFailed {
			t.Errorf("%+v", got)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("--addr %s: %v", addr, err)
		}
	}
}

func TestServeSaysWhatItMade(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	own := func(c *exec.Cmd) { c.Env = append(c.Env, "FLEET_KEYS=") }
	if said := serveWith(t, data, own).stop(t); strings.Count(said, "NEW: ") != 2 || !strings.Contains(said, data) {
		t.Errorf("a new folder: %q", said)
	}
	if said := serveWith(t, data, own).stop(t); strings.Contains(said, "NEW: ") {
		t.Errorf("a folder with keys: %q", said)
	}
}

func TestTheUnitFilesServeWhereTheySay(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("../systemd/trunkline.service")
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(unit), "\nExecStart=/usr/local/bin/pbxctl ")
	command, _, _ = strings.Cut(command, "\n")
	if got := do(t, append(strings.Fields(command), "--help")...); got.code != 0 || !strings.Contains(got.out, "Usage: pbxctl serve") {
		t.Errorf("%q: %+v", command, got)
	}
	if !strings.HasSuffix(command, "--data /var/lib/trunkline") || !strings.Contains(string(unit), "\nStateDirectory=trunkline\n") {
		t.Errorf("%q is not its folder", command)
	}
	before, _, _ := strings.Cut(string(unit), "\n[Service]\n")
	if !strings.Contains(before, "\nStartLimitIntervalSec=0\n") {
		t.Error("it stays down where a command keeps the folder for some seconds")
	}
}

func TestASimulationThatIsStoppedSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for ctx.Err() == nil {
			if kept, _ := filepath.Glob(filepath.Join(data, "archive", "raw", "*")); len(kept) > 0 {
				stop()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	got := doWithin(t, ctx, "simulate", "--pbx", "2", "--days", "2", "--seed", "1", "--rate", "20", "--data", data)
	if got.code != exitFailed || !strings.Contains(got.errs, "stopped after ") || !strings.Contains(got.errs, "which are kept") {
		t.Errorf("%+v", got)
	}
}

// An erasure of a year takes hours, and PBXs do not send again.
func TestALongCommandKeepsNoServerFromStarting(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	makeKeys(t, data)
	begins, ended := make(chan struct{}), make(chan error, 1)
	p := newProgram(t.Context(), io.Discard, t.Output(), func(string) string { return "" }, time.Now)
	go func() {
		ended <- p.openFolder(data, func(*local.Dir) error {
			close(begins)
			<-p.ctx.Done()
			return fmt.Errorf("erase: %w", p.ctx.Err())
		})
	}()
	<-begins
	serveOnlyCommands(t, data)
	if err := <-ended; !errors.Is(err, local.ErrServerStarts) {
		t.Errorf("the command: %v", err)
	}
	if p.ctx.Err() != nil {
		t.Error("the program is at its end, too")
	}
	if got := do(t, "rollup", "--all", "--day", "2026-11-20..", "--data", data); got.code != 0 {
		t.Errorf("the next command: %+v", got)
	}
}
