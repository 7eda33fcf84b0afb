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
	Version  string            `json:"version"` // of the client's program: the server's has to be the same
	Args     []string          `json:"args"`
	Dir      string            `json:"dir"`  // that relative paths begin at
	Home     string            `json:"home"` // that ~ means
	Env      map[string]string `json:"env,omitempty"`
	Terminal bool              `json:"terminal,omitempty"` // somebody looks on
	// Files are those that the client reads and writes itself, by the paths in Args, made
	// absolute; with what is in those that are there.
	Files map[string][]byte `json:"files,omitempty"`
}

// Session is a command under way.
type Session struct {
	Request Request
	Out     io.Writer
	Errs    io.Writer
	Files   Files
}

// Server does what clients ask for, one command after the other.
type Server struct {
	// Version is that of the program.
	Version string
	// Do does a command, and returns its exit code. Its context ends when the client wants
	// no more of it, or the server stops.
	Do func(context.Context, Session) int
	// HandOver gives the descriptor of the server's listener to send, and then has the server
	// stop; nil: it is not handed over.
	HandOver func(send func(descriptor uintptr) error) error
	Now      func() time.Time

	ctx      context.Context
	stop     context.CancelFunc
	listener *net.UnixListener
	running  sync.WaitGroup
	turn     chan struct{} // has room for the one that is at work

	mu    sync.Mutex
	doing string // what is at work
	since time.Time
}

// connectionsAtMost is how many may be open at once.
const connectionsAtMost = 32

// requestWithin is how long a client may take to say what it wants.
const requestWithin = 5 * time.Second

// Start listens in a data folder that this process has to itself.
func (s *Server) Start(folder string) (err error) {
	if s.listener, err = listen(folder); err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.turn = make(chan struct{}, 1)
	s.running.Go(s.accept)
	return nil
}

func (s *Server) accept() {
	places := make(chan struct{}, connectionsAtMost)
	for {
		places <- struct{}{}
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			return // it is closed
		}
		s.running.Go(func() {
			defer func() { conn.Close(); <-places }()
			s.serve(conn)
		})
	}
}

// Stop ends the commands under way, takes no more, and returns when they have ended.
func (s *Server) Stop() {
	s.stop()
	s.listener.Close()
	s.running.Wait()
}

// serve does what a client asks for. What is wrong with it harms nobody else.
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

// endWithin is how long a command has that is to end early, before its connection is closed.
const endWithin = 8 * time.Second

// do does a command when it is its turn.
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
		Files:   theirFiles{c, request.Files},
	}
	code := byte(1)
	if s.enter(ctx, session) {
		code = byte(s.Do(ctx, session))
		s.leave()
	}
	stream{&writing, conn, exits}.one([]byte{code})
}

// closeLater has a connection closed some time after ctx ends, so that nobody waits for a
// client that does not read. The function that it returns calls that off.
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

// enter waits for the turn of a command, and says so. It reports whether that came.
func (s *Server) enter(ctx context.Context, session Session) bool {
	select {
	case s.turn <- struct{}{}:
	default:
		s.mu.Lock()
		fmt.Fprintf(session.Errs, "pbxctl: waits for `%s`, which runs since %s\n", s.doing, s.since.Local().Format("15:04"))
		s.mu.Unlock()
		select {
		case s.turn <- struct{}{}:
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

func (s *Server) leave() { <-s.turn }

// Name is the command of what was typed: the words before the first flag, and nothing of what
// they are about.
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

// connection is the server's side of one.
type connection struct {
	*net.UnixConn
	writing *sync.Mutex
	replies chan []byte // of the client, about files
}

// listen takes what a client sends while its command is under way.
func (c connection) listen(cancel func()) {
	defer close(c.replies)
	defer cancel() // the client has gone
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
			default: // nobody asked for a second one
			}
		}
	}
}

// handOver sends the server's listener to who takes its place.
func (s *Server) handOver(conn *net.UnixConn) {
	if s.HandOver == nil {
		writeFrame(conn, refuses, []byte("this server can't be taken over"))
		return
	}
	err := s.HandOver(func(descriptor uintptr) error {
		if err := sendDescriptor(conn, descriptor); err != nil {
			return err
		}
		return isReady(conn)
	})
	if err != nil {
		writeFrame(conn, refuses, []byte(err.Error()))
	}
}

// readyWithin is how long who takes over may need to be ready.
const readyWithin = 10 * time.Second

// isReady waits for the word of who takes over that it can serve. Without it, the server goes on.
func isReady(conn *net.UnixConn) error {
	defer time.AfterFunc(readyWithin, func() { conn.Close() }).Stop()
	if kind, _, err := readFrame(conn); err != nil || kind != takes {
		return errors.New("who takes over was not ready")
	}
	return nil
}
