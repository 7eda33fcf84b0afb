package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Request is a command that a client asks for.
type Request struct {
	Version  string            `json:"version"` // of the client's program: it must be the server's version, too
	Args     []string          `json:"args"`
	Dir      string            `json:"dir"`  // base of relative paths
	Home     string            `json:"home"` // what ~ means
	Env      map[string]string `json:"env,omitempty"`
	Terminal bool              `json:"terminal,omitempty"` // somebody watches the output
	// Files are those that the client reads and writes itself, by the absolute form of their paths
	// in Args, with the contents of those that exist.
	Files map[string][]byte `json:"files,omitempty"`
}

// Session is a running command.
type Session struct {
	Request Request
	Out     io.Writer
	Errs    io.Writer
	Files   Files
}

// Server does the commands of clients, one after the other.
type Server struct {
	// Version is the program's version.
	Version string
	// Do does a command, and returns its exit code. Its context ends when the client cancels, or
	// the server stops.
	Do func(context.Context, Session) int
	// HandOver passes the descriptor of the server's listener to send, and then stops the server;
	// nil: the listener is not handed over.
	HandOver func(send func(descriptor uintptr) error) error
	Now      func() time.Time

	ctx      context.Context
	stop     context.CancelFunc
	listener *net.UnixListener
	running  sync.WaitGroup
	slot     chan struct{} // a slot for the running command

	handing sync.Mutex // held while the listener is handed over, and after that

	mu    sync.Mutex
	doing string // name of the running command
	since time.Time
}

// connectionsAtMost is how many connections may be open at once.
const connectionsAtMost = 32

// requestWithin is how long a client may take to send its request.
const requestWithin = 5 * time.Second

// Start listens in a data folder that no other process uses.
func (s *Server) Start(folder string) (err error) {
	if s.listener, err = listen(folder); err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.slot = make(chan struct{}, 1)
	s.running.Go(s.accept)
	return nil
}

func (s *Server) accept() {
	places := make(chan struct{}, connectionsAtMost)
	for {
		places <- struct{}{}
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			return // the listener was closed
		}
		s.running.Go(func() {
			defer func() { conn.Close(); <-places }()
			s.serve(conn)
		})
	}
}

// Stop ends the running commands, accepts no more, and returns when they have ended.
func (s *Server) Stop() {
	s.stop()
	s.listener.Close()
	s.running.Wait()
}

// serve does a client's request. A faulty client harms nobody else.
func (s *Server) serve(conn *net.UnixConn) {
	if err := checkPeer(conn); err != nil {
		writeFrame(conn, refuses, []byte(err.Error()))
		return
	}
	late := time.AfterFunc(requestWithin, func() { conn.Close() })
	idle := context.AfterFunc(s.ctx, func() { conn.CloseRead() })
	kind, content, err := readFrame(conn)
	late.Stop()
	if !idle() || err != nil {
		return
	}
	var request Request
	switch {
	case kind == takes:
		s.handOver(conn)
	case kind != asks || json.Unmarshal(content, &request) != nil:
		writeFrame(conn, refuses, []byte("the request is not understood"))
	case request.Version != s.Version:
		writeFrame(conn, refuses, []byte(fmt.Sprintf("this pbxctl (%s) is another version than the server (%s): "+
			"use the server's, or restart it", request.Version, s.Version)))
	default:
		s.do(conn, request)
	}
}

// endWithin is how long a command may take to end early, before its connection is closed.
const endWithin = 8 * time.Second

// do does a command after the earlier ones have ended.
func (s *Server) do(conn *net.UnixConn, request Request) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer closeLater(ctx, conn)()
	var writing sync.Mutex
	c := connection{conn, &writing, make(chan []byte, 1)}
	go c.listen(cancel)
	session := Session{
		Request: request,
		Out:     stream{&writing, conn, prints},
		Errs:    stream{&writing, conn, says},
		Files:   clientFiles{c, request.Files},
	}
	code := byte(1)
	if s.enter(ctx, session) {
		code = byte(s.Do(ctx, session))
		s.leave()
	}
	stream{&writing, conn, exits}.one([]byte{code})
}

// closeLater closes a connection some time after ctx ends, so that nobody waits for a client that
// does not read. The returned function cancels that.
func closeLater(ctx context.Context, conn net.Conn) (callOff func()) {
	off := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-off:
		case <-time.After(endWithin):
			conn.Close()
		}
	})
	return func() { stop(); close(off) }
}

// enter waits until a command may run, and reports that to the client. It returns whether it may run.
func (s *Server) enter(ctx context.Context, session Session) bool {
	select {
	case s.slot <- struct{}{}:
	default:
		s.mu.Lock()
		fmt.Fprintf(session.Errs, "pbxctl: waits for `%s`, which runs since %s\n", s.doing, s.since.Local().Format("15:04"))
		s.mu.Unlock()
		select {
		case s.slot <- struct{}{}:
		case <-ctx.Done():
			fmt.Fprintln(session.Errs, "pbxctl: stopped before it began")
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doing, s.since = Name(session.Request.Args), s.Now()
	return true
}

func (s *Server) leave() { <-s.slot }

// Name returns the command in the arguments: the words before the first flag, without their
// operands.
func Name(args []string) string {
	var words []string
	for _, word := range args[:min(len(args), 2)] {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// connection is the server's side of a connection.
type connection struct {
	*net.UnixConn
	writing *sync.Mutex
	replies chan []byte // of the client, to requests about files
}

// listen receives what a client sends while its command runs.
func (c connection) listen(cancel func()) {
	defer close(c.replies)
	defer cancel() // the client has disconnected
	for {
		kind, content, err := readFrame(c)
		switch {
		case err != nil:
			return
		case kind == ends:
			cancel()
		case kind == file:
			select {
			case c.replies <- content:
			default: // nobody waits for a second reply
			}
		}
	}
}

// handOver sends the server's listener to the client that replaces it. Only one client may: two would
// both accept connections, and one of them can't open the folder.
func (s *Server) handOver(conn *net.UnixConn) {
	if s.HandOver == nil {
		writeFrame(conn, refuses, []byte("this server can't be taken over"))
		return
	}
	if !s.handing.TryLock() {
		writeFrame(conn, refuses, []byte("another server takes over the folder now: try again when it runs"))
		return
	}
	err := s.HandOver(func(descriptor uintptr) error {
		if err := sendDescriptor(conn, descriptor); err != nil {
			return err
		}
		return isReady(conn)
	})
	if err != nil {
		s.handing.Unlock()
		writeFrame(conn, refuses, []byte(err.Error()))
	}
}

// readyWithin is how long a new server may need to be ready.
const readyWithin = 10 * time.Second

// isReady waits until the new server reports that it can serve. Otherwise this server continues.
func isReady(conn *net.UnixConn) error {
	defer time.AfterFunc(readyWithin, func() { conn.Close() }).Stop()
	if kind, _, err := readFrame(conn); err != nil || kind != takes {
		return errors.New("the new server was not ready")
	}
	return nil
}
