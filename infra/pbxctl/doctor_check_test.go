package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/cloud/cloudtest"
	"trunkline/pkg/doctor"
	"trunkline/pkg/local"
	"trunkline/pkg/store"
)

// examine runs a command in this process, and returns what it prints and its exit code.
func examine(t *testing.T, env map[string]string, now func() time.Time, args ...string) (string, int) {
	t.Helper()
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(name string) string { return env[name] }, now)
	code := p.run(args)
	return out.String() + errs.String(), code
}

// failures are the lines of the checks that failed.
func failures(out string) (lines []string) {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "FAILED") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestAllIsWellWithAnEnvironmentInAWS(t *testing.T) {
	aws := cloudtest.New(t)
	out, code := examine(t, nil, time.Now, "doctor", "--stack", "trunkline")
	if code != 0 || len(failures(out)) > 0 || strings.Count(out, "\n") != 23 {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if left := aws.Left(); len(left) > 0 {
		t.Errorf("it leaves %q", left)
	}
	if strings.Contains(out, "an-example-that-opens") || strings.Contains(out, "k1-1-") {
		t.Errorf("a key or token is shown:\n%s", out)
	}
}

func TestAFaultOfAnEnvironmentInAWSHasItsLine(t *testing.T) {
	aws := cloudtest.New(t)
	aws.Broken["DescribeTable"] = "ResourceNotFoundException"
	out, code := examine(t, nil, time.Now, "doctor", "check", "--stack", "trunkline")
	const want = "FAILED  table           the table records does not exist"
	if failed := failures(out); code != exitFailed || len(failed) != 1 || !strings.HasPrefix(failed[0], want) {
		t.Errorf("exit %d, want %s:\n%s", code, want, out)
	}
}

func TestAllIsWellWithAServerOnOneMachine(t *testing.T) {
	t.Parallel()
	s := serve(t, filepath.Join(t.TempDir(), "data"))
	got := run(t, fleetKeys, "doctor", "--data", s.data, "--url", s.base)
	if got.code != 0 || len(failures(got.out)) > 0 || strings.Count(got.out, "\n") != 17 {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.errs)
	}
	table, err := local.OpenRecords(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	for _, pk := range []string{string(doctor.TestMAC), "FLEET", "FLEET#" + string(doctor.TestMAC[11:]), "DUE#0"} {
		for item := range table.Query(t.Context(), store.Range{PK: pk}) {
			t.Errorf("it leaves %+v", item)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(local.ArchivePath(s.data), "raw/*/*/*")); len(found) != 1 || !strings.Contains(found[0], "/segment-") {
		t.Errorf("it leaves %q, want one line in a segment", found)
	}
	if !strings.Contains(got.out, "its line stays in the archive") {
		t.Errorf("it does not say so: %s", got.out)
	}
	got = run(t, fleetKeys, "doctor", "--data", s.data, "--url", s.base, "--json")
	decoder := json.NewDecoder(strings.NewReader(got.out))
	checks := 0
	for decoder.More() {
		var v doctor.Result
		if err := decoder.Decode(&v); err != nil || !v.OK || v.Check == "" || v.Found == "" {
			t.Errorf("%+v, %v", v, err)
		}
		checks++
	}
	if checks != 17 {
		t.Errorf("%d objects", checks)
	}
}

func TestAFaultOfADataFolderHasItsLine(t *testing.T) {
	t.Parallel()
	data := dataOf(t, delivered{time.Now().UTC().Format(time.RFC3339), "{event:'hangup', uniqueid:'1'}"})
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	out, code := examine(t, nil, time.Now, "doctor", "--data", data)
	failed := failures(out)
	if code != exitFailed || len(failed) != 1 || !strings.HasPrefix(failed[0], "FAILED  keys ") || !strings.Contains(failed[0], "restore the file fleet-keys") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}
