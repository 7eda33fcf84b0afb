package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is the `pbxctl serve` that is running, and those before it.
type server struct {
	w    *world
	addr string
	log  *os.File

	mu  sync.Mutex
	cmd *exec.Cmd
	// from and to are when trouble last began and ended. Between them requests and commands may
	// fail.
	from, to time.Time
}

// startWithin is how long a server may take until it listens.
const startWithin = 60 * time.Second

func newServer(w *world) (*server, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer free.Close()
	log, err := os.Create(w.path("log"))
	return &server{w: w, addr: free.Addr().String(), log: log}, err
}

// start starts a server with a clock, and waits until it listens.
func (s *server) start(at time.Duration, more ...string) error {
	args := append([]string{"serve", "--addr", s.addr, "--data", s.w.data, "--body-timeout", "2s"}, more...)
	if at != 0 {
		args = append(args, "--now", time.Now().Add(at).UTC().Format(time.RFC3339))
	}
	c := exec.Command(s.w.binary, args...)
	c.Env, c.Stderr = environment(), s.log
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(startWithin, func() { c.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, "Trunkline listens on ") {
		c.Process.Kill()
		return fmt.Errorf("it does not listen: %q, %v", line, c.Wait())
	}
	go io.Copy(io.Discard, lines)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = c
	return nil
}

// environment returns this process's environment, without keys and settings of another place.
func environment() []string {
	return append(os.Environ(), "FLEET_KEYS=", "DEFAULT_ZONE=", "GRACE_MINUTES=", "RECORD_DAYS=")
}

func (s *server) process() *exec.Cmd {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd
}

// kill ends the server as a power cut does.
func (s *server) kill() {
	if c := s.process(); c != nil && c.ProcessState == nil {
		c.Process.Kill()
		c.Wait()
	}
}

// terminate ends the server as an operator does.
func (s *server) terminate() error {
	c := s.process()
	c.Process.Signal(syscall.SIGTERM)
	return s.ended(c)
}

// takeOver starts a server that replaces the running one.
func (s *server) takeOver() error {
	old := s.process()
	if err := s.start(s.w.clock(), "--take-over"); err != nil {
		return err
	}
	return s.ended(old)
}

// ended waits until a server that was asked to end has ended.
func (s *server) ended(c *exec.Cmd) error {
	if c.ProcessState != nil {
		return nil // it did not start again, which is counted already
	}
	late := time.AfterFunc(startWithin, func() { c.Process.Kill() })
	defer late.Stop()
	return c.Wait()
}

// trouble calls happen. Meanwhile requests and commands may fail.
func (s *server) trouble(happen func()) {
	s.mu.Lock()
	s.from, s.to = time.Now(), time.Time{}
	s.mu.Unlock()
	happen()
	s.mu.Lock()
	s.to = time.Now()
	s.mu.Unlock()
}

// calm reports whether there was no trouble since a time, nor shortly before it.
func (s *server) calm(since time.Time) bool {
	const shortly = 5 * time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.IsZero() || !s.to.IsZero() && s.to.Before(since.Add(-shortly))
}

var residentKB = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident returns how many MiB of memory the server uses; 0 if that is not known.
func (s *server) resident() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process().Process.Pid))
	if err != nil {
		return 0
	}
	found := residentKB.FindSubmatch(status)
	if found == nil {
		return 0
	}
	kb, _ := strconv.Atoi(string(found[1])) // digits
	return kb >> 10
}
