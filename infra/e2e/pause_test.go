//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/ingest/ingesttest"
)

const (
	// stoppedFor is longer than the function waits for its stores.
	stoppedFor = 5 * time.Second
	// goesOnAfter is when LocalStack goes on, even if the test was ended.
	goesOnAfter = 30 * time.Second
)

// testPauses stops LocalStack itself under the running function, and starts it again, while
// a PBX goes on posting. What LocalStack was asked for while it stood, it does afterwards:
// what was refused may have been kept.
func (w *world) testPauses(t *testing.T) {
	stand := standIn(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 2 {
			time.Sleep(2 * time.Second)
			stand.stop(t)
			time.Sleep(stoppedFor)
			stand.goOn(t)
		}
		time.Sleep(2 * time.Second)
	}()
	acknowledged, refused := map[string]bool{}, map[string]bool{}
	for n := 0; ; n++ {
		id := fmt.Sprintf("pause-%d", n)
		began := time.Now()
		status, answer := ingesttest.Post(t, w.endpoint().URL(stopped, 1), []byte(callRecord(id)))
		if took := time.Since(began); took > answeredWithin || status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("%d %s after %v", status, answer, took)
		}
		acknowledged[id], refused[id] = status == http.StatusOK, status == http.StatusServiceUnavailable
		select {
		case <-done:
		case <-time.After(100 * time.Millisecond):
			continue
		}
		break
	}
	w.redrive(t)
	archived, records := w.inObjects(t, "raw/"), w.inItems(t)
	for id, ok := range acknowledged {
		if ok && (archived[id] != 1 || records[id] != 1) {
			t.Errorf("%s was acknowledged, and is in the archive %d times, in the table %d times", id, archived[id], records[id])
		}
	}
	w.testSentAgain(t, refused)
	t.Logf("%d events acknowledged, %d refused and sent again", count(acknowledged), count(refused))
	if count(acknowledged) < 5 || count(refused) < 2 {
		t.Error("the stores did not both stop and go on")
	}
}

func count(set map[string]bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

// paused is a shell's command that stops LocalStack, and one that has it go on where it was.
type paused struct{ stopping, going string }

// standIn finds LocalStack: the container that publishes its port, or the process that
// listens there, with those that it started.
func standIn(t *testing.T) paused {
	t.Helper()
	endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "docker", "ps", "--quiet", "--filter", "publish="+endpoint.Port()).Output()
	if err != nil {
		t.Fatalf("docker ps: %v", err)
	}
	if container := strings.Fields(string(out)); len(container) > 0 {
		return paused{"docker pause " + container[0], "docker unpause " + container[0]}
	}
	pids := strings.Join(family(t, listener(t, endpoint.Port())), " ")
	return paused{"kill -STOP " + pids, "kill -CONT " + pids}
}

// stop stops LocalStack, for half a minute at most.
func (p paused) stop(t *testing.T) {
	later := exec.Command("sh", "-c", fmt.Sprintf("sleep %.0f; %s", goesOnAfter.Seconds(), p.going))
	if err := later.Start(); err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() {
		later.Process.Kill()
		later.Wait()
	})
	p.run(t, p.stopping)
}

func (p paused) goOn(t *testing.T) { p.run(t, p.going) }

func (p paused) run(t *testing.T, command string) {
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}

// listening is the state of a socket in /proc/net/tcp, as proc_net_tcp(5) tells.
const listening = "0A"

// listener is the process that listens on a port of this machine.
func listener(t *testing.T, port string) string {
	t.Helper()
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatalf("AWS_ENDPOINT_URL: %v", err)
	}
	sockets := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(file) // one without IPv6 has none
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && f[3] == listening {
				sockets["socket:["+f[9]+"]"] = true
			}
		}
	}
	files, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && sockets[target] {
			return strings.Split(file, "/")[2]
		}
	}
	t.Fatalf("who listens on port %s? LocalStack is neither a container that publishes it nor a process of this user, which could be stopped", port)
	return ""
}

// family is a process and all that it started.
func family(t *testing.T, pid string) []string {
	t.Helper()
	all := []string{pid}
	tasks, err := filepath.Glob("/proc/" + pid + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		children, _ := os.ReadFile(task) // its thread may have ended
		for child := range strings.FieldsSeq(string(children)) {
			all = append(all, family(t, child)...)
		}
	}
	return all
}
