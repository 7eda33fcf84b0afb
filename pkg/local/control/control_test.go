package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start starts a server that calls do, in a folder that the test removes.
func start(t *testing.T, folder string, do func(context.Context, Session) int) *Server {
	t.Helper()
	s := &Server{Version: "v1", Do: do, Now: time.Now}
	if err := s.Start(folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// asked is the result of a command.
type asked struct {
	out, errs string
	code      int
	err       error
}

func askServer(ctx context.Context, folder string, r Request) asked {
	var out, errs bytes.Buffer
	r.Version = "v1"
	code, err := Ask(ctx, folder, r, &out, &errs, OwnFiles{})
	return asked{out.String(), errs.String(), code, err}
}

func TestACommandIsDoneByTheServer(t *testing.T) {
	long := strings.Repeat("figures ", 100_000)
	for name, folder := range map[string]string{
		"":                       t.TempDir(),
		" of a folder deep down": filepath.Join(t.TempDir(), strings.Repeat("deep/", 60)),
	} {
		t.Run("in the folder"+name, func(t *testing.T) {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			start(t, folder, func(_ context.Context, s Session) int {
				io.WriteString(s.Out, long)
				fmt.Fprintf(s.Errs, "%q in %s with %v", s.Request.Args, s.Request.Dir, s.Request.Env)
				return 3
			})
			got := askServer(t.Context(), folder, Request{Args: []string{"rollup", "--all"}, Dir: "/there", Env: map[string]string{"A": "b"}})
			if got.code != 3 || got.err != nil || got.out != long || got.errs != `["rollup" "--all"] in /there with map[A:b]` {
				t.Errorf("code %d, %v, %d bytes, %s", got.code, got.err, len(got.out), got.errs)
			}
			info, err := os.Stat(filepath.Join(folder, "control"))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the socket: %v, %v", info, err)
			}
		})
	}
}

func TestWhereNoServerListensThatIsSaid(t *testing.T) {
	folder := t.TempDir()
	if got := askServer(t.Context(), folder, Request{}); !errors.Is(got.err, ErrNobody) || errors.Is(got.err, ErrEnding) {
		t.Error(got.err)
	}
	s := start(t, folder, func(context.Context, Session) int { return 0 })
	s.Stop()
	if got := askServer(t.Context(), folder, Request{}); !errors.Is(got.err, ErrNobody) || !errors.Is(got.err, ErrEnding) {
		t.Error(got.err)
	}
	start(t, folder, func(context.Context, Session) int { return 0 }) // where one was killed
	if got := askServer(t.Context(), folder, Request{}); got.err != nil {
		t.Error(got.err)
	}
	Remove(folder)
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	folder := t.TempDir()
	start(t, folder, func(context.Context, Session) int { return 0 })
	_, err := Ask(t.Context(), folder, Request{Version: "v2"}, io.Discard, io.Discard, OwnFiles{})
	if err == nil || !strings.Contains(err.Error(), "(v2) is another version than the server (v1)") {
		t.Error(err)
	}
}

func TestTwoCommandsTakeTurns(t *testing.T) {
	folder := t.TempDir()
	begun, goOn := make(chan bool), make(chan bool)
	s := start(t, folder, func(context.Context, Session) int { begun <- true; <-goOn; return 0 })
	s.Now = func() time.Time { return time.Date(2026, 11, 26, 14, 3, 0, 0, time.Local) }
	results := make(chan asked)
	send := func() {
		go func() {
			results <- askServer(t.Context(), folder, Request{Args: []string{"quarantine", "release", "--all", "4915112345678"}})
		}()
	}
	send()
	<-begun
	waits := readsLine{line: make(chan string, 1)}
	go func() {
		code, err := Ask(t.Context(), folder, Request{Version: "v1", Args: []string{"rollup"}}, io.Discard, waits, OwnFiles{})
		results <- asked{code: code, err: err}
	}()
	if got, want := <-waits.line, "pbxctl: waits for `quarantine release`, which runs since 14:03\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	goOn <- true
	<-begun
	goOn <- true
	for range 2 {
		if got := <-results; got.code != 0 || got.err != nil || got.errs != "" {
			t.Errorf("%+v", got)
		}
	}
}

type readsLine struct{ line chan string }

func (r readsLine) Write(p []byte) (int, error) { r.line <- string(p); return len(p), nil }

func TestACommandThatIsStoppedTellsHowFarItCame(t *testing.T) {
	for name, stop := range map[string]func(client context.CancelFunc, s *Server){
		"by Ctrl-C":             func(client context.CancelFunc, _ *Server) { client() },
		"since the server ends": func(_ context.CancelFunc, s *Server) { s.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			folder, begun := t.TempDir(), make(chan bool)
			s := start(t, folder, func(ctx context.Context, s Session) int {
				close(begun)
				<-ctx.Done()
				io.WriteString(s.Errs, "stopped after 3 of 5")
				return 1
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { <-begun; stop(cancel, s) }()
			if got := askServer(ctx, folder, Request{}); got.code != 1 || got.err != nil || got.errs != "stopped after 3 of 5" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestACommandEndsWhoseClientIsKilled(t *testing.T) {
	folder, begun, ended := t.TempDir(), make(chan bool), make(chan bool)
	start(t, folder, func(ctx context.Context, s Session) int { close(begun); <-ctx.Done(); close(ended); return 1 })
	conn, err := dial(folder)
	if err != nil {
		t.Fatal(err)
	}
	writeFrame(conn, asks, []byte(`{"version":"v1"}`))
	<-begun
	conn.Close()
	<-ended
}

func TestAServerThatIsKilledIsNoSuccess(t *testing.T) {
	folder := t.TempDir()
	l, err := listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err == nil {
			readFrame(conn)
			writeFrame(conn, prints, []byte("1 of 3"))
			conn.Close()
		}
	}()
	if got := askServer(t.Context(), folder, Request{}); !errors.Is(got.err, ErrBroken) || got.out != "1 of 3" {
		t.Errorf("%+v", got)
	}
}

func TestGarbageOfAClientHarmsNobody(t *testing.T) {
	folder := t.TempDir()
	did := 0
	start(t, folder, func(context.Context, Session) int { did++; return 0 })
	for _, garbage := range []string{
		"", "q", "GET / HTTP/1.1\r\n\r\n", "q\xff\xff\xff\xff", "q\x00\x00\x00\x02{}", "q\x00\x00\x00\x01{", "o\x00\x00\x00\x00", "x\x00\x00\x00\x01\x00",
		"q\x00\x00\x00\x04null", "q\x00\x00\x00\x0e{\"args\":false}", "h\x00\x00\x00\x00", "c\x00\x01\x00\x01",
	} {
		conn, err := dial(folder)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, garbage)
		conn.CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	if got := askServer(t.Context(), folder, Request{}); got.err != nil || did != 1 {
		t.Errorf("%+v, %d commands were done", got, did)
	}
}

func TestFilesThatTheClientNamedAreItsOwn(t *testing.T) {
	folder, theirs := t.TempDir(), t.TempDir()
	named, empty, ours := filepath.Join(theirs, "checkpoint"), filepath.Join(theirs, "none"), filepath.Join(folder, "truth")
	other := filepath.Join(theirs, "other")
	if err := os.WriteFile(other, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("line\n", 50_000)
	save := func(files Files, path, text string) error {
		f, err := files.Create(path)
		if err != nil {
			return err
		}
		defer f.Discard()
		io.WriteString(f, text)
		return f.Commit()
	}
	start(t, folder, func(_ context.Context, s Session) int {
		was, err := s.Files.Read(named)
		_, missing := s.Files.Read(empty)
		err = errors.Join(err, save(s.Files, named, string(was)+long), save(s.Files, ours, "ours"), save(s.Files, empty, "x"), s.Files.Remove(empty))
		half, createErr := s.Files.Create(empty)
		if createErr == nil {
			io.WriteString(half, "half")
			half.Discard()
		}
		if err = errors.Join(err, createErr); err != nil || !errors.Is(missing, os.ErrNotExist) {
			fmt.Fprint(s.Errs, err, missing)
		}
		return 0
	})
	got := askServer(t.Context(), folder, Request{Files: map[string][]byte{named: []byte("was\n"), empty: nil}})
	if got.err != nil || got.errs != "" {
		t.Errorf("%+v", got)
	}
	if text, err := os.ReadFile(named); string(text) != "was\n"+long {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if text, err := os.ReadFile(ours); string(text) != "ours" {
		t.Errorf("%q, %v", text, err)
	}
	if left, _ := os.ReadDir(theirs); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

// A server could belong to another user than the client, which may be root.
func TestAServerWritesNoFileThatTheClientDidNotName(t *testing.T) {
	folder, other := t.TempDir(), filepath.Join(t.TempDir(), "passwd")
	l, err := listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answer := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		readFrame(conn)
		writeFrame(conn, file, []byte(`{"do":"create","path":"`+other+`"}`))
		_, text, _ := readFrame(conn)
		answer <- string(text)
		writeFrame(conn, exits, []byte{0})
	}()
	askServer(t.Context(), folder, Request{})
	if got := <-answer; !strings.Contains(got, "was not named") {
		t.Errorf("answer %q", got)
	}
}

func ready() error { return nil }

func TestAServerGoesOnUntilWhoTakesOverIsReady(t *testing.T) {
	for name, ready := range map[string]func() error{
		"it can't serve": func() error { return errors.New("the archive is a link") },
		"it is killed":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			handed := make(chan error, 1)
			s := &Server{Now: time.Now, HandOver: func(send func(uintptr) error) error {
				raw, err := listener.(*net.TCPListener).SyscallConn()
				if err != nil {
					return err
				}
				raw.Control(func(fd uintptr) { err = send(fd) })
				handed <- err
				return err
			}}
			if err := s.Start(folder); err != nil {
				t.Fatal(err)
			}
			defer s.Stop()
			if ready != nil {
				if _, err := TakeOver(folder, ready); err == nil || !strings.Contains(err.Error(), "the archive is a link") {
					t.Error(err)
				}
			} else if conn, err := dial(folder); err == nil {
				writeFrame(conn, takes, nil)
				conn.Close()
			}
			if err := <-handed; err == nil {
				t.Error("the server would stop")
			}
		})
	}
}

func TestAListenerIsHandedOver(t *testing.T) {
	folder := t.TempDir()
	old, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TakeOver(folder, ready); !errors.Is(err, ErrNobody) {
		t.Error(err)
	}
	s := &Server{Now: time.Now, HandOver: func(send func(uintptr) error) error {
		raw, err := old.(*net.TCPListener).SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(fd uintptr) { err = send(fd) })
	}}
	if err := s.Start(folder); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	taken, err := TakeOver(folder, ready)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	old.Close()
	conn, err := net.Dial("tcp", old.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := taken.Accept(); err != nil {
		t.Error(err)
	}
}

func TestOnlyOneServerTakesOver(t *testing.T) {
	folder := t.TempDir()
	old, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	s := &Server{Now: time.Now, HandOver: func(send func(uintptr) error) error {
		raw, err := old.(*net.TCPListener).SyscallConn()
		if err != nil {
			return err
		}
		var sent error
		return errors.Join(raw.Control(func(fd uintptr) { sent = send(fd) }), sent)
	}}
	if err := s.Start(folder); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	refused := func(when string) {
		t.Helper()
		if l, err := TakeOver(folder, ready); err == nil || !strings.Contains(err.Error(), "another server takes over") {
			t.Errorf("a second one %s: %v, %v", when, l, err)
		}
	}
	failed := errors.New("it can't serve the folder")
	if _, err := TakeOver(folder, func() error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	taken, err := takeOverSoon(folder, func() error { refused("while the first gets ready"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	refused("when the first is ready")
}

// takeOverSoon takes over when the server has noticed that an earlier client gave up.
func takeOverSoon(folder string, ready func() error) (l net.Listener, err error) {
	for range 1000 {
		if l, err = TakeOver(folder, ready); err == nil || !strings.Contains(err.Error(), "another server takes over") {
			return l, err
		}
	}
	return l, err
}

func TestASocketReplacesNoFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &Server{Now: time.Now}
	if err := s.Start(folder); err == nil || !strings.Contains(err.Error(), filepath.Join(folder, name)+" is a folder: remove it") {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.new")); err != nil || len(left) > 0 {
		t.Errorf("it left %q, %v", left, err)
	}
}

func TestAServerThatHandsOverNothingSaysSo(t *testing.T) {
	folder := t.TempDir()
	start(t, folder, nil)
	if _, err := TakeOver(folder, ready); err == nil || !strings.Contains(err.Error(), "can't be taken over") {
		t.Error(err)
	}
}
