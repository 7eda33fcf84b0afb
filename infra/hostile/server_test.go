package hostile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"trunkline/infra/built"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
)

// fleetKeys sign no real URLs.
const fleetKeys = "k1:an-example-that-signs-no-real-urls-at-all"

// honest is the MAC of a PBX that does nothing wrong.
const honest = pbx.MAC("68692e0b0001")

// bodyTimeout is short, since tests wait for it.
const bodyTimeout = time.Second

// binary is the program under test, as users build it.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = built.Program("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// server is a running `pbxctl serve`.
type server struct {
	cmd  *exec.Cmd
	addr string
	// fleetKeys are FLEET_KEYS of its environment.
	fleetKeys string
	errs      string // the file that it logs to
	honest    int    // events that it has taken
	// delivered is how many attempts have come as far as the endpoint.
	delivered int
	*folder
	ingesttest.Endpoint
}

// serve starts the program with the fleet's keys, as an argument of others if they are given.
func serve(t *testing.T, by ...string) *server { return serveWith(t, fleetKeys, by...) }

func serveWith(t *testing.T, fleetKeys string, by ...string) *server {
	t.Helper()
	data := t.TempDir()
	s := &server{fleetKeys: fleetKeys, errs: filepath.Join(t.TempDir(), "log")}
	args := append(by, binary, "serve", "--addr", "127.0.0.1:0", "--data", data, "--body-timeout", bodyTimeout.String())
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = environment(fleetKeys)
	log, err := os.Create(s.errs)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	match := regexp.MustCompile(`^Trunkline listens on (http://(127\.0\.0\.1:\d+)) and`).FindStringSubmatch(line)
	if err != nil || match == nil {
		t.Fatalf("the first line is %q, %v: %s", line, err, s.log(t))
	}
	s.folder = readFolder(t, data)
	keys, err := local.ReadKeys(data, fleetKeys)
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.Endpoint = match[2], ingesttest.Endpoint{Base: match[1], Keys: keys}
	return s
}

// stop ends the program as an operator would.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait()); err != nil {
		t.Errorf("stopped with %v: %s", err, s.log(t))
	}
}

func environment(fleetKeys string) []string { return append(os.Environ(), "FLEET_KEYS="+fleetKeys) }

// pbxctl runs another command of the program on the server's folder, and returns all that it
// prints.
func (s *server) pbxctl(t *testing.T, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, binary, append(strings.Fields(command), "--data", s.path)...)
	c.Env = environment(s.fleetKeys)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), " --help\n") {
		t.Errorf("pbxctl %s: %s", command, out)
	}
	return string(out)
}

// log is what the program has logged.
func (s *server) log(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.errs)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reply is what came back over a connection.
type reply struct {
	status int // 0 where there was no answer
	body   string
}

// within is how long an attempt may take: what is slow is cut off before.
const within = bodyTimeout + 8*time.Second

// try makes an attempt, and waits for its answer or its end.
func (s *server) try(t *testing.T, a Attempt) reply {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, within)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(within))
	ctx, answered := context.WithCancel(t.Context())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send(ctx, conn.(*net.TCPConn), a)
	}()
	got, err := read(bufio.NewReader(conn))
	answered()
	conn.SetWriteDeadline(time.Now())
	<-sent
	if err != nil {
		t.Errorf("the connection came to no end: %v", err)
	}
	return got
}

// send writes until the server stops reading.
func send(ctx context.Context, conn *net.TCPConn, a Attempt) {
	_, err := io.WriteString(conn, a.Wire)
	for a.More != "" && err == nil && ctx.Err() == nil {
		_, err = io.WriteString(conn, a.More)
		time.Sleep(a.Pause)
	}
	if a.HangsUp {
		conn.CloseWrite()
	}
}

// read reads one answer. It returns an empty reply if the server closed or reset the connection
// without an answer.
func read(conn *bufio.Reader) (reply, error) {
	response, err := http.ReadResponse(conn, nil)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return reply{}, nil
	case err != nil:
		return reply{}, err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = io.Copy(&body, response.Body)
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return reply{response.StatusCode, body.String()}, err
}

// takesHonest has the server take an event that nothing is wrong with.
func (s *server) takesHonest(t *testing.T) {
	t.Helper()
	s.honest++
	body := fmt.Sprintf("{event:'cc_cdr', uuid:'%d', startTime:'2018-11-05 19:05:31'}", s.honest)
	began := time.Now()
	if status, answer := ingesttest.Post(t, s.URL(honest, 1), []byte(body)); status != http.StatusOK || strings.TrimSpace(answer) != stored {
		t.Errorf("an honest event is answered %d %s", status, answer)
	}
	if took := time.Since(began); took > promptly {
		t.Errorf("an honest event took %s", took)
	}
}

// promptly is how long an answer may take, on a busy machine.
const promptly = 3 * time.Second
