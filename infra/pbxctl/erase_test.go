package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/erase"
	"trunkline/pkg/local"
)

// filesWith are the files of a folder that have a text, as they stand on disk.
func filesWith(t *testing.T, folder, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			names = append(names, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// called is a data folder of calls, one of them of a caller that asks to be forgotten.
func called(t *testing.T) string {
	t.Helper()
	return dataOf(t,
		delivered{"2026-11-23T03:32:00Z", "{event:'cc_cdr', uuid:'1795404600.2', queueCode:'630', agentCode:'801', startTime:'2026-11-23 11:30:00', cdrState:'bridged', callType:'IN', caller:'+4915112345678', talkingTime:60}"},
		delivered{"2026-11-23T03:33:00Z", "{event:'cc_cdr', uuid:'1795404660.3', queueCode:'630', startTime:'2026-11-23 11:31:00', cdrState:'queue', callType:'IN', caller:'5550123', queueTime:12}"},
		delivered{"2026-11-23T03:34:00Z", "{event:'cdr', uniqueid:'1795404600.2', starttime:'2026-11-23 11:30:00', source:'0151 12345678', destination:'630'}"},
	)
}

const daysLater = "2026-11-25T00:00:00Z"

func TestANumberIsInNoFileAfterItsErasure(t *testing.T) {
	t.Parallel()
	data := called(t)
	ask(t, daysLater, "rollup", "--all", "--day", "2026-11-01..", "--data", data)
	figures := func() string {
		return ask(t, daysLater, "kpi", "68692e0b0001", "--day", "2026-11-23", "--data", data, "--all-rows")
	}
	before := figures()
	if found := filesWith(t, data, "4915112345678"); !slices.Contains(found, "records.db") || len(found) < 2 {
		t.Fatalf("it is in %q only", found)
	}
	number := []string{"erase", "--number", "+49 151 12345678", "--data", data}

	out := ask(t, daysLater, append(number, "--dry-run")...)
	if !strings.Contains(out, "68692e0b0001  CALL     1      found") || len(filesWith(t, data, "4915112345678")) < 2 {
		t.Errorf("a dry run: %s", out)
	}
	out = ask(t, daysLater, append(number, "--yes")...)
	if !strings.Contains(out, "68692e0b0001  CALL   1      erased") || !strings.Contains(out, "Days whose figures were computed again: 1.") {
		t.Errorf("%s", out)
	}
	for _, text := range []string{"4915112345678", "12345678"} {
		if found := filesWith(t, data, text); len(found) > 0 {
			t.Errorf("%s is in %q", text, found)
		}
	}
	calls := ask(t, daysLater, "calls", "68692e0b0001", "--data", data)
	if !strings.Contains(calls, "+"+erase.Masked) || !strings.Contains(calls, "5550123") {
		t.Error(calls)
	}
	if after := figures(); figuresOnly(after) != figuresOnly(before) {
		t.Errorf("figures are\n%s\nand were\n%s", after, before)
	}
	out = ask(t, daysLater, append(number, "--yes", "--json")...)
	var end erase.Summary
	if err := json.Unmarshal([]byte(out), &end); err != nil || end.Found != 0 || end.Remains != 0 || len(end.KeptForNow) == 0 {
		t.Errorf("the second time: %s, %v", out, err)
	}
}

// figuresOnly is a table of figures without the line about their computation.
func figuresOnly(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "revision") && !strings.Contains(line, "omputed") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestWhatTheOperatorWroteIsNamedAndLeft(t *testing.T) {
	t.Parallel()
	data := called(t)
	ask(t, daysLater, "device", "set", "68692e0b0001", "--name", "Jane, 015112345678", "--data", data)
	out, code := examine(t, nil, time.Now, "erase", "--number", "+4915112345678", "--yes", "--data", data)
	if code != exitFailed || !strings.Contains(out, "68692e0b0001  DEVICE  1      the operator wrote it there: change that setting") ||
		!strings.Contains(out, "pbxctl: the number is still there") || !strings.Contains(out, "What stays:") {
		t.Errorf("exit %d: %s", code, out)
	}
	if found := filesWith(t, data, "4915112345678"); len(found) > 0 {
		t.Errorf("what it could erase is in %q", found)
	}
}

func TestAnErasureIsNotDoneByMistake(t *testing.T) {
	t.Parallel()
	data := called(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--number", "4915112345678"}, "give --yes where nobody can be asked"},
		{[]string{"--number", "801", "--yes"}, "a caller's number has 7 to 20"},
		{[]string{"--number", "4915112345678", "--day", "2026-11-02..2026-11-01", "--yes"}, "ends before it begins"},
		{[]string{"--yes"}, "missing flags: --number"},
	} {
		out, code := examine(t, nil, time.Now, append(append([]string{"erase"}, c.args...), "--data", data)...)
		if code == 0 || !strings.Contains(out, c.says) {
			t.Errorf("%q: exit %d: %s", c.args, code, out)
		}
	}
	open, err := local.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	out, code := examine(t, nil, time.Now, "erase", "--number", "4915112345678", "--yes", "--data", data)
	if code != exitFailed || !strings.Contains(out, "is in use by another pbxctl: stop it") {
		t.Errorf("exit %d: %s", code, out)
	}
	if len(filesWith(t, data, "4915112345678")) == 0 {
		t.Error("it was erased")
	}
}
