//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trunkline/infra/e2e/tap"
)

// function is a built function behind SAM CLI, whose calls go through a tap.
type function struct {
	name string
	base string // of its URLs
	tap  *tap.Tap
	out  *log
}

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

// start runs a function by a command of `sam local`. Its variables are those that the
// template gives it, with the names of what the stack has made.
func (w *world) start(t *testing.T, name, command string) *function {
	t.Helper()
	stores, endpoint := startTap(t)
	described, err := w.template.Function(name)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{
		"AWS_REGION": os.Getenv("AWS_REGION"), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": endpoint,
		"ARCHIVE": w.archive, "ARCHIVE_STREAMS": w.streams(),
	}
	for variable, resource := range described.Variables {
		if id := w.stack.Resources[resource]; id != "" {
			variables[variable] = id
		}
	}
	f := &function{name: name, tap: stores, out: &log{}}
	f.run(t, command, variables)
	return f
}

// startTap starts a tap in front of LocalStack, and returns its URL for a container.
func startTap(t *testing.T) (*tap.Tap, string) {
	t.Helper()
	stores, err := tap.New(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	address, name := bridge(t)
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: stores}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return stores, "http://" + net.JoinHostPort(name, port)
}

// bridge returns where this machine listens to containers only, and the name by which
// containers reach it. That is the address of Docker's bridge. Where Docker runs in a
// machine of its own, it is the loopback interface.
func bridge(t *testing.T) (address, name string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "network", "inspect", "bridge",
		"--format", `{{index .Options "com.docker.network.bridge.name"}}`).Output()
	if err != nil {
		t.Fatalf("docker network inspect bridge: %v", err)
	}
	own, err := net.InterfaceByName(strings.TrimSpace(string(out)))
	if err != nil {
		return "127.0.0.1", "host.docker.internal"
	}
	addresses, err := own.Addrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && ip.To4() != nil {
			return ip.String(), ip.String()
		}
	}
	t.Fatalf("the bridge %s has no IPv4 address", own.Name)
	return "", ""
}

// run starts `sam local`, and waits until it answers. When the test ends it is asked to
// end, too, since it has containers to remove.
func (f *function) run(t *testing.T, command string, variables map[string]string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{f.name: variables})
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	args := []string{"local", command, "--port", port, "--warm-containers", "LAZY",
		"--env-vars", write(t, "env.json", text), "--parameter-overrides", "Architecture=" + architecture + " LogDeliveries=all"}
	sam := exec.CommandContext(t.Context(), "sam", append(args, strings.Fields(os.Getenv("SAM_LOCAL_FLAGS"))...)...)
	sam.Dir, sam.WaitDelay, sam.Stdout, sam.Stderr = repository, 30*time.Second, f.out, f.out
	sam.Cancel = func() error { return sam.Process.Signal(syscall.SIGTERM) }
	if err := sam.Start(); err != nil {
		t.Fatalf("sam: %v", err)
	}
	t.Cleanup(func() { // the test's context has ended
		if err := sam.Wait(); sam.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
			t.Errorf("sam did not end: %v", err)
		}
	})
	f.base = "http://" + addr
	f.await(t)
}

func (f *function) await(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if response, err := http.Get(f.base); err == nil {
			response.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sam local does not answer:\n%s", f.out)
		}
	}
}

// invoke runs the function on an event, and returns what it answers, and logs meanwhile.
func (f *function) invoke(t *testing.T, event []byte) (answer, lines string) {
	t.Helper()
	before := len(f.out.String())
	client := http.Client{Timeout: 3 * time.Minute}
	response, err := client.Post(f.base+"/2015-03-31/functions/"+f.name+"/invocations", "application/json", bytes.NewReader(event))
	if err != nil {
		t.Fatalf("sam local start-lambda: %v\n%s", err, f.out)
	}
	defer response.Body.Close()
	out, err := io.ReadAll(response.Body)
	var compact bytes.Buffer
	if err == nil {
		err = json.Compact(&compact, out) // SAM CLI writes the JSON again
	}
	if err != nil {
		t.Fatalf("sam local start-lambda: %v: %s\n%s", err, out, f.out)
	}
	return compact.String(), f.out.String()[before:]
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

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
