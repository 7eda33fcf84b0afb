package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	aws := newFakeAWS(t)
	out, code := examine(t, nil, time.Now, "doctor", "--stack", "trunkline")
	if code != 0 || len(failures(out)) > 0 || strings.Count(out, "\n") != 23 {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if left := aws.left(); len(left) > 0 {
		t.Errorf("it leaves %q", left)
	}
	if strings.Contains(out, "an-example-that-opens") || strings.Contains(out, "k1-1-") {
		t.Errorf("a key or token is shown:\n%s", out)
	}
}

func TestEachFaultOfAnEnvironmentInAWSHasItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		broken func(*testing.T, *fakeAWS)
		check  string // that fails, alone or first
		says   string
	}{
		"no region":          {func(t *testing.T, _ *fakeAWS) { t.Setenv("AWS_REGION", "") }, "region", "set AWS_REGION"},
		"expired login":      {fails("GetCallerIdentity", "ExpiredToken"), "identity", "log in again"},
		"clock that is off":  {func(_ *testing.T, f *fakeAWS) { f.date = time.Now().Add(-3 * time.Minute) }, "clock", "NTP"},
		"no stack":           {fails("DescribeStacks", "ValidationError"), "stack", "the stack trunkline does not exist"},
		"half a stack":       {answers("DescribeStacks", "BucketName", "Other"), "stack", "no output BucketName"},
		"no table":           {fails("DescribeTable", "ResourceNotFoundException"), "table", "the table records does not exist"},
		"another table":      {answers("DescribeTable", `"sk"`, `"id"`), "table", "not those of Trunkline's"},
		"no expiry":          {answers("DescribeTimeToLive", "ENABLED", "DISABLED"), "table expiry", "update-time-to-live --table-name records"},
		"another expiry":     {answers("DescribeTimeToLive", "expires", "ttl"), "table expiry", "update-time-to-live"},
		"no backups":         {answers("DescribeContinuousBackups", `Status":"ENABLED"}}}`, `Status":"DISABLED"}}}`), "table backups", "update-continuous-backups"},
		"deletable":          {answers("DescribeTable", "true", "false"), "table deletion", "--deletion-protection-enabled"},
		"denied query":       {fails("Query", "AccessDeniedException"), "table access", "allow this identity dynamodb:Query"},
		"no bucket":          {fails("HeadBucket", "NotFound"), "bucket", "archive"},
		"public bucket":      {answers("GetPublicAccessBlock", "true", "false"), "bucket privacy", "put-public-access-block --bucket archive"},
		"unblocked bucket":   {fails("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"), "bucket privacy", "put-public-access-block"},
		"plain bucket":       {fails("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"), "bucket cipher", "put-bucket-encryption"},
		"denied object":      {fails("GETObject", "AccessDenied"), "bucket access", "allow this identity s3:GetObject"},
		"denied secret":      {fails("GetSecretValue", "AccessDeniedException"), "keys", "allow this identity secretsmanager:GetSecretValue"},
		"no keyring":         {func(_ *testing.T, f *fakeAWS) { f.secret.texts[0] = "{}" }, "keys", "the fleet keys lack the key"},
		"another's URL":      {func(_ *testing.T, f *fakeAWS) { f.endpoint = http.NotFoundHandler() }, "url", "not Trunkline, but something else answers there"},
		"other keys":         {func(t *testing.T, f *fakeAWS) { f.open(t, strings.ReplaceAll(exampleSecret, "k1", "k2")) }, "delivery", "use the secret"},
		"stores that refuse": {fails("PUTObject", "AccessDenied"), "bucket access", "s3:PutObject"},
	} {
		t.Run(name, func(t *testing.T) {
			aws := newFakeAWS(t)
			c.broken(t, aws)
			out, code := examine(t, nil, time.Now, "doctor", "check", "--stack", "trunkline")
			failed := failures(out)
			if code != exitFailed || len(failed) == 0 || !strings.HasPrefix(failed[0], "FAILED  "+c.check+" ") || !strings.Contains(failed[0], c.says) {
				t.Errorf("exit %d, want the check %s to say %q:\n%s", code, c.check, c.says, out)
			}
		})
	}
}

func fails(action, code string) func(*testing.T, *fakeAWS) {
	return func(_ *testing.T, f *fakeAWS) { f.broken[action] = code }
}

func answers(action, old, new string) func(*testing.T, *fakeAWS) {
	return func(t *testing.T, f *fakeAWS) {
		if !strings.Contains(f.answers[action], old) {
			t.Fatalf("%s is never answered with %s", action, old)
		}
		f.answers[action] = strings.ReplaceAll(f.answers[action], old, new)
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
	for _, pk := range []string{string(doctor.TestMAC), "FLEET", "DUE#0"} {
		for item := range table.Query(t.Context(), store.Range{PK: pk}) {
			t.Errorf("it leaves %+v", item)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(local.ArchivePath(s.data), "raw/*/*/*")); len(found) > 0 {
		t.Errorf("it leaves %q", found)
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

func TestEachFaultOfADataFolderHasItsLine(t *testing.T) {
	t.Parallel()
	tomorrow := func() time.Time { return time.Now().AddDate(0, 0, 1) }
	yesterday := func() time.Time { return time.Now().AddDate(0, 0, -1) }
	for name, c := range map[string]struct {
		broken func(t *testing.T, data string) (url string)
		now    func() time.Time
		check  string
		says   string
	}{
		"no folder":   {breaks(os.RemoveAll), time.Now, "folder", "does not exist"},
		"open folder": {breaks(func(data string) error { return os.Chmod(data, 0o755) }), time.Now, "folder", "run `chmod go= "},
		"no archive":  {breaks(func(data string) error { return os.RemoveAll(local.ArchivePath(data)) }), time.Now, "archive folder", "does not exist"},
		"linked archive": {breaks(func(data string) error {
			raw := filepath.Join(local.ArchivePath(data), "raw")
			return errors.Join(os.Rename(raw, raw+"-moved"), os.Symlink(raw+"-moved", raw))
		}), time.Now, "archive folder", "raw is a link, which is not followed: put its target in its place"},
		"open keys":    {breaks(func(data string) error { return os.Chmod(local.KeysPath(data), 0o644) }), time.Now, "keys", "run `chmod 600"},
		"no keys":      {breaks(func(data string) error { return os.Remove(local.KeysPath(data)) }), time.Now, "keys", "restore the file fleet-keys"},
		"bad keys":     {breaks(func(data string) error { return os.WriteFile(local.KeysPath(data), []byte("k1"), 0o600) }), time.Now, "keys", "is not written kid:secret"},
		"no records":   {breaks(func(data string) error { return os.Remove(filepath.Join(data, "records.db")) }), time.Now, "records", "pbxctl replay"},
		"torn records": {breaks(tear), time.Now, "records", "pbxctl replay"},
		"early clock":  {breaks(func(string) error { return nil }), yesterday, "clock", "in the future"},
		"no server":    {func(*testing.T, string) string { return "http://127.0.0.1:1" }, time.Now, "url", "start it"},
		"no URL":       {func(*testing.T, string) string { return "127.0.0.1" }, time.Now, "url", "is not a valid URL"},
		"another server": {func(t *testing.T, _ string) string {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
			t.Cleanup(server.Close)
			return server.URL
		}, time.Now, "url", "not Trunkline, but something else answers there"},
		"server of another folder": {func(t *testing.T, _ string) string { return serve(t, t.TempDir()).base }, time.Now, "delivery", "FLEET_KEYS"},
		"server's clock":           {func(t *testing.T, _ string) string { return serve(t, t.TempDir()).base }, tomorrow, "server clock", "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			data := dataOf(t, delivered{time.Now().UTC().Format(time.RFC3339), "{event:'hangup', uniqueid:'1'}"})
			if err := os.Chmod(data, 0o700); err != nil {
				t.Fatal(err)
			}
			makeKeys(t, data)
			args := []string{"doctor", "--data", data}
			if url := c.broken(t, data); url != "" {
				args = append(args, "--url", url)
			}
			out, code := examine(t, nil, c.now, args...)
			failed := failures(out)
			if code != exitFailed || len(failed) == 0 || !strings.HasPrefix(failed[0], "FAILED  "+c.check+" ") || !strings.Contains(failed[0], c.says) {
				t.Errorf("exit %d, want the check %s to say %q:\n%s", code, c.check, c.says, out)
			}
		})
	}
}

func breaks(something func(data string) error) func(*testing.T, string) string {
	return func(t *testing.T, data string) string {
		if err := something(data); err != nil {
			t.Fatal(err)
		}
		return ""
	}
}

// tear overwrites the middle of the records.
func tear(data string) error {
	file := filepath.Join(data, "records.db")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	copy(content[len(content)/2:], bytes.Repeat([]byte{0xee}, 3000))
	return os.WriteFile(file, content, 0o600)
}
