package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"trunkline/pkg/pbx"
)

// exits are a command's arguments in a folder that gives it nothing to do, or nothing but what they ask
// for; and arguments by which it fails. DATA is the folder, NONE a missing one, FILE a file that is empty.
var exits = map[string]struct{ done, failed string }{
	"serve":              {"--addr 127.0.0.1:0 --data DATA", "--addr 127.0.0.1:0 --data FILE"},
	"demo":               {"--once --addr 127.0.0.1:0 --data NONE", "--once --addr 127.0.0.1:0 --data FILE"},
	"device add":         {"68692e0b0099 --data DATA", "68692e0b0099 --data NONE"},
	"device import":      {"EMPTY.csv --data DATA", "EMPTY.csv --data NONE"},
	"device export":      {"--data DATA", "--data NONE"},
	"device url":         {"68692e0b0001 --base http://x --data DATA", "68692e0b0001 --base http://x --data NONE"},
	"device set":         {"68692e0b0001 --name x --data DATA", "68692e0b0001 --name x --data NONE"},
	"device list":        {"--data DATA", "--data NONE"},
	"device alias":       {"68692e0b0001 --alias 68692e0b0009 --data DATA", "68692e0b0099 --alias 68692e0b0001 --data DATA"},
	"device disable":     {"68692e0b0001 --data DATA", "68692e0b0099 --data DATA"},
	"device enable":      {"68692e0b0001 --data DATA", "68692e0b0099 --data DATA"},
	"device revoke":      {"68692e0b0001 --data DATA", "68692e0b0099 --data DATA"},
	"device replace":     {"68692e0b0001 68692e0b0009 --base http://x --data DATA", "68692e0b0099 68692e0b0001 --base http://x --data DATA"},
	"device remove":      {"68692e0b0001 --yes --data DATA", "68692e0b0099 --yes --data DATA"},
	"names set":          {"68692e0b0001 --queue 630 --name x --data DATA", "68692e0b0099 --queue 630 --name x --data DATA"},
	"names list":         {"--data DATA", "--data NONE"},
	"names import":       {"NAMES.csv --data DATA", "NAMES.csv --data NONE"},
	"names export":       {"--data DATA", "--data NONE"},
	"keys list":          {"--data DATA", "--data NONE"},
	"keys rotate":        {"--data DATA", "--data NONE"},
	"keys new":           {"--data KEYLESS", "--data DATA"},
	"keys retire":        {"k1 --yes --data ROTATED", "k1 --yes --data DATA"},
	"calls":              {"68692e0b0001 --data DATA", "68692e0b0001 --data NONE"},
	"ivr":                {"68692e0b0001 --data DATA", "68692e0b0001 --data NONE"},
	"extensions":         {"68692e0b0001 --data DATA", "68692e0b0001 --data NONE"},
	"live":               {"68692e0b0001 --data DATA", "68692e0b0001 --data NONE"},
	"rollup":             {"--all --day yesterday --data DATA", "--all --day 2099-01-01 --data DATA"},
	"kpi show":           {"68692e0b0001 --day yesterday --data DATA", "68692e0b0001 --day yesterday --data NONE"},
	"kpi explain":        {"68692e0b0001 --day yesterday --queue 630 --data DATA", "68692e0b0001 --day yesterday --queue 630 --data NONE"},
	"kpi restatements":   {"68692e0b0001 --day yesterday --data DATA", "68692e0b0001 --day yesterday --data NONE"},
	"completeness":       {"68692e0b0001 --day yesterday --data DATA", "68692e0b0001 --day yesterday --data NONE"},
	"doctor check":       {"", "--data NONE"},
	"doctor feed":        {"--data DATA", "--data NONE"},
	"doctor clock":       {"--data DATA", "--data NONE"},
	"doctor silence":     {"--data KEYLESS", "--data DATA"}, // PBXs that never sent anything
	"spill list":         {"--data DATA", "--data NONE"},
	"spill redrive":      {"--data DATA", "--data NONE"},
	"quarantine list":    {"--data DATA", "--data NONE"},
	"quarantine show":    {"", "quarantine/x --data DATA"},
	"quarantine release": {"--all --data DATA", "--all --data NONE"},
	"quarantine discard": {"", "quarantine/x --yes --data DATA"},
	"replay":             {"--day yesterday --data DATA --into DATA", "--day yesterday --data NONE --into DATA"},
	"find":               {"--number +4915112345678 --data DATA", "--number +4915112345678 --data NONE"},
	"erase":              {"--number +4915112345678 --yes --data DATA", "--number +4915112345678 --yes --data NONE"},
	"simulate run":       {"--pbx 1 --days 1 --seed 1 --calls 1 --data NONE", "--pbx 1 --days 1 --seed 1 --data FILE"},
	"simulate check":     {"", "--truth FILE --data DATA"},
	"version":            {"", ""},
	"completion":         {"bash", ""},
}

// exitFolders are data folders that were filled once. Each row gets a copy of those that it names.
type exitFolders map[string]string

func newExitFolders(t *testing.T) exitFolders {
	t.Helper()
	rotated := fleetData(t)
	good(t, "keys", "rotate", "--data", rotated)
	return exitFolders{"DATA": fleetData(t), "KEYLESS": emptyData(t), "ROTATED": rotated}
}

// place returns arguments with folders and files in place of their names.
func (f exitFolders) place(t *testing.T, args string) []string {
	t.Helper()
	folder := t.TempDir()
	for name, filled := range f {
		if strings.Contains(args, name) {
			args = strings.ReplaceAll(args, name, filepath.Join(folder, name))
			if err := os.CopyFS(filepath.Join(folder, name), os.DirFS(filled)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range map[string]string{"FILE": "", "EMPTY.csv": "mac,name\n", "NAMES.csv": "mac,kind,id,name\n"} {
		if strings.Contains(args, name) {
			args = strings.ReplaceAll(args, name, filepath.Join(folder, name))
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return strings.Fields(strings.ReplaceAll(args, "NONE", filepath.Join(folder, "none")))
}

// The exit code is 0 for what is done, also if there was nothing to do. It is 1 for a failure, an
// incomplete result, or a fault that was found. It is 2 for a command line that is not understood.
func TestEachCommandsExitCodeFollowsOneRule(t *testing.T) {
	t.Parallel()
	all := allCommands(t)
	for name := range exits {
		if all[name] == nil {
			t.Errorf("there is no command %s", name)
		}
	}
	folders := newExitFolders(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		row, ok := exits[name]
		if !ok {
			t.Errorf("pbxctl %s has no row: say when it exits with 0, and when with 1", name)
			continue
		}
		flags := all[name].AllFlags(true) // which writes to the model of all commands
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.done != "" {
				expectExit(t, 0, name, folders.place(t, row.done)...)
			}
			if row.failed != "" {
				expectExit(t, exitFailed, name, folders.place(t, row.failed)...)
			}
			expectUnclear(t, flags, name, strings.Fields(row.failed))
		})
	}
}

// expectUnclear runs a command with an unknown flag, and with bad values of its flags.
func expectUnclear(t *testing.T, flags [][]*kong.Flag, name string, args []string) {
	t.Helper()
	expectExit(t, exitUnclear, name, append(args, "--colour", "red")...)
	for _, group := range flags {
		for _, flag := range group {
			switch flag.Target.Type() {
			case reflect.TypeFor[day](), reflect.TypeFor[days](), reflect.TypeFor[pbx.MAC]():
				expectExit(t, exitUnclear, name, append(args, "--"+flag.Name+"=1.11.2026")...)
			case reflect.TypeFor[recordedID]():
				expectExit(t, exitUnclear, name, append(args, "--"+flag.Name+"=")...)
			}
		}
	}
}

// firstOutput keeps what a command prints, and calls then.
type firstOutput struct {
	strings.Builder
	then func()
}

func (f *firstOutput) Write(text []byte) (int, error) {
	f.then()
	return f.Builder.Write(text)
}

func expectExit(t *testing.T, want int, command string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &firstOutput{then: func() {}}
	if command == "serve" { // it serves until it is stopped
		out.then = stop
	}
	got := doInto(t, ctx, out, append(strings.Fields(command), args...)...)
	if got.code != want {
		t.Errorf("pbxctl %s %s: exit %d, want %d: %+v", command, strings.Join(args, " "), got.code, want, got)
	}
	if last := args[len(args)-1]; strings.Contains(last, "=") && !strings.Contains(got.errs, last[:strings.Index(last, "=")]+": ") {
		t.Errorf("pbxctl %s %s does not name the flag: %s", command, strings.Join(args, " "), got.errs)
	}
	if want == exitUnclear && (got.out != "" || strings.Count(got.errs, "\n") != 1) {
		t.Errorf("pbxctl %s %s: more than one line, or a result: %+v", command, strings.Join(args, " "), got)
	}
}
