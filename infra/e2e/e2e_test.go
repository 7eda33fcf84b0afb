//go:build e2e

// Package e2e sends events the whole way: through SAM CLI's API Gateway, the built functions
// in their containers, and a queue, to DynamoDB, S3 and Secrets Manager in LocalStack.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trunkline/infra/e2e/localcloud"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// repository is its root, from here.
const repository = "../.."

// secret opens no real door. It has the form that the template lets AWS generate.
const secret = `{"signing":"k1","k1":"anExampleThatOpensNoRealDoorAtAll0123456789anExampleThatOpensNo"}`

// log gathers what a process prints, while the test reads it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// settings are the variables of a function in LocalStack: its own, and how it gets there.
func settings(own map[string]string) map[string]string {
	all := map[string]string{
		"AWS_REGION": os.Getenv("AWS_REGION"), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_ENDPOINT_URL": os.Getenv("FUNCTION_ENDPOINT_URL"),
	}
	maps.Copy(all, own)
	return all
}

// samLocal is `sam local` with a built function. When ctx ends it is asked to end, too,
// since it has containers to remove.
func samLocal(ctx context.Context, t *testing.T, function string, variables map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(map[string]any{function: variables})
	if err != nil {
		t.Fatal(err)
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	flags := []string{"--env-vars", write(t, "env.json", text), "--parameter-overrides", "Architecture=" + architecture}
	flags = append(flags, strings.Fields(os.Getenv("SAM_LOCAL_FLAGS"))...)
	sam := exec.CommandContext(ctx, "sam", slices.Concat([]string{"local"}, args, flags)...)
	sam.Dir, sam.WaitDelay = repository, 30*time.Second
	sam.Cancel = func() error { return sam.Process.Signal(syscall.SIGTERM) }
	return sam
}

// write keeps a text in a file until the end of the test, and returns where.
func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startAPI runs the built function behind `sam local start-api`, and returns where.
func startAPI(t *testing.T, variables map[string]string) (base string, out *log) {
	t.Helper()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	sam := samLocal(t.Context(), t, "IngestFunction", variables, "start-api", "--port", port, "--warm-containers", "LAZY")
	out = &log{}
	sam.Stdout, sam.Stderr = out, out
	if err := sam.Start(); err != nil {
		t.Fatalf("sam: %v", err)
	}
	t.Cleanup(func() { // the test's context has ended
		if err := sam.Wait(); sam.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
			t.Errorf("sam did not end: %v", err)
		}
	})
	base = "http://" + addr
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if response, err := http.Get(base); err == nil {
			response.Body.Close()
			return base, out
		}
		if time.Now().After(deadline) {
			t.Fatalf("sam local start-api does not answer:\n%s", out)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTheBuiltFunctionIsADoor(t *testing.T) {
	cloud := localcloud.Open(t)
	table, bucket, keys := cloud.NewTable(t), cloud.NewBucket(t), cloud.NewSecret(t, secret)
	base, out := startAPI(t, settings(map[string]string{"TABLE_NAME": table, "BUCKET_NAME": bucket, "FLEET_KEYS_SECRET": keys}))
	ring, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	ingesttest.Run(t, ingesttest.Door{
		Base: base, Keys: ring, Store: store.New(dynamo.New(cloud.DynamoDB, table), time.Now), Bucket: s3.New(cloud.S3, bucket),
		Golden: repository + "/testdata/vendor/records.golden.jsonl", Gateway: true,
	})
	checkLog(t, out.String())
	checkPbxctl(t, table, keys, ring)
	if t.Failed() {
		t.Log(out)
	}
}

// checkLog looks at the function's own lines. SAM's, which tell of requests by their
// paths, are for the developer's eyes alone.
func checkLog(t *testing.T, out string) {
	t.Helper()
	lines := regexp.MustCompile(`\{"time":.*"msg":"delivery".*\}`).FindAllString(out, -1)
	if len(lines) < 20 {
		t.Errorf("the function's log has %d lines", len(lines))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) || !strings.Contains(line, `"_aws":{"Timestamp":`) || regexp.MustCompile(`k\d+-\d+-`).MatchString(line) {
			t.Errorf("log: %s", line)
		}
	}
}

// checkPbxctl reads a record from DynamoDB, and makes a URL with the secret, as an
// operator does.
func checkPbxctl(t *testing.T, table, secret string, ring *token.Keyring) {
	t.Helper()
	got := pbxctl(t, "calls", "--mac", "68:69:2e:0b:00:01", "--table", table, "--json")
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, `"uuid":"1541415929.807"`) {
		t.Errorf("pbxctl calls --table: %s", got)
	}
	got = pbxctl(t, "device", "url", "--mac", "68:69:2e:0b:00:01", "--base", "https://pbx.example.com", "--secret", secret)
	if want := (ingesttest.Door{Base: "https://pbx.example.com", Keys: ring}).URL("68692e0b0001", 1) + "\n"; got != want {
		t.Errorf("pbxctl device url --secret: %s", got)
	}
}

func pbxctl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go", append([]string{"run", "./infra/pbxctl"}, args...)...)
	c.Dir = repository
	out, err := c.Output()
	if err != nil {
		t.Errorf("pbxctl %s: %v", args[0], err)
	}
	return string(out)
}

func TestAFunctionThatLacksAStoreHasTheOtherKeepTheEvent(t *testing.T) {
	cloud := localcloud.Open(t)
	for name, c := range map[string]struct {
		missing []string
		status  int
	}{
		"no secret":           {[]string{"FLEET_KEYS_SECRET"}, http.StatusServiceUnavailable},
		"no table":            {[]string{"TABLE_NAME"}, http.StatusOK},
		"no bucket":           {[]string{"BUCKET_NAME"}, http.StatusOK},
		"no table, no bucket": {[]string{"TABLE_NAME", "BUCKET_NAME"}, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			table, bucket := cloud.NewTable(t), cloud.NewBucket(t)
			variables := settings(map[string]string{
				"TABLE_NAME": table, "BUCKET_NAME": bucket, "FLEET_KEYS_SECRET": cloud.NewSecret(t, secret),
			})
			for _, name := range c.missing {
				variables[name] = "trunkline-test-that-is-missing"
			}
			base, _ := startAPI(t, variables)
			ring, err := token.ParseSecret([]byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			status, answer := ingesttest.Post(t, ingesttest.Door{Base: base, Keys: ring}.URL("68692e0b0001", 1), []byte("{event:'hangup',uniqueid:'1'}"))
			if status != c.status {
				t.Error(fmt.Sprint(status, " ", answer))
			}
			if want := c.status == http.StatusOK; spilled(t, cloud, table, bucket) != want {
				t.Errorf("spilled: want %t", want)
			}
		})
	}
}

// spilled tells whether one of the stores keeps anything for the other.
func spilled(t *testing.T, cloud localcloud.Cloud, table, bucket string) bool {
	t.Helper()
	for _, err := range store.New(dynamo.New(cloud.DynamoDB, table), time.Now).AllSpilled(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	for _, err := range s3.New(cloud.S3, bucket).List(t.Context(), archive.SpillPrefix, "") {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	return false
}
