package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"
)

// server is a process that listens on this machine.
type server struct {
	cmd *exec.Cmd
	url string
}

var listensOn = regexp.MustCompile(`listens on (http://127\.0\.0\.1:\d+) `)

// startServer starts a program and waits until it prints where it listens. The process is killed
// when ctx ends.
func startServer(ctx context.Context, env []string, program string, args ...string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	tooLate := time.AfterFunc(startWithin, func() { cmd.Process.Kill() })
	defer tooLate.Stop()
	line, _ := bufio.NewReader(out).ReadString('\n')
	url := listensOn.FindStringSubmatch(line)
	if url == nil {
		cmd.Process.Kill()
		return nil, fmt.Errorf("%s did not say where it listens: %w", program, cmd.Wait())
	}
	return &server{cmd, url[1]}, nil
}

// kill ends the process, unless it was stopped.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// stop makes the process end, and returns the processor time that it used.
func (s *server) stop() (time.Duration, error) {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	tooLate := time.AfterFunc(startWithin, func() { s.cmd.Process.Kill() })
	defer tooLate.Stop()
	if err := s.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("stop %s: %w", s.cmd.Path, err)
	}
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime(), nil
}
