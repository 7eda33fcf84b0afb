package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/maintenance"
	"trunkline/pkg/retry"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
)

// Config is the configuration of a server.
type Config struct {
	Addr        string        // host and port to listen on; port 0 is any that is free
	Folder      string        // the data folder; it is made if it is missing
	BodyTimeout time.Duration // how long a request may take to arrive
	StopWithin  time.Duration // how long running requests may take at the end; zero: 10 s
	TakeOver    bool          // replace the running server of the folder, and use its port

	Getenv  func(string) string
	Now     func() time.Time // the time at which events are received
	Machine func() time.Time // measures durations, by a monotonic clock
	Log     io.Writer
	Version string // of the program: its clients must have the same

	// Schedule calls do for each hourly run, until ctx ends: see local.Hourly.
	Schedule func(ctx context.Context, do func(context.Context))
	// Do does a command for a client, with the server's stores, and returns its exit code.
	Do func(context.Context, *Server, control.Session) int
	// Waits is called when the server begins to wait for a command to release the folder.
	Waits func()
}

// Server serves a data folder.
type Server struct {
	URL        string   // for clients on this machine
	Everywhere bool     // other machines reach it by any of this machine's addresses
	Made       []string // what the folder lacked, and has now
	Keys       *token.Keyring
	Store      *store.Store
	Bucket     archive.Bucket
	Keeper     archive.Keeper // appends to segments
	Rollup     *rollup.Rollup
	Clock      *store.Clock
	Now        func() time.Time // of the clock
	Level      slog.LevelVar    // of what is logged
	Log        *slog.Logger
	Getenv     func(string) string

	config     Config
	verify     *token.Source
	keysFailed atomic.Bool // the last attempt to read them failed
	lines      *telemetry.Lines
	data       *local.Dir
	listener   net.Listener
	requests   gate
	web        *http.Server
	control    *control.Server
	failed     chan error
	replace    func()        // closes replaced
	replaced   chan struct{} // closed when another server takes over
	stop       func() error
	reload     chan os.Signal // SIGHUP: read the keys again
}

// stopWithin is how long running requests may take after the server was asked to stop.
const stopWithin = 10 * time.Second

// Open makes a server that listens, but does not serve yet. It reads the environment and listens
// first: if that fails, it makes nothing in the folder. Its context only limits the opening.
func Open(ctx context.Context, c Config) (*Server, error) {
	schedule, err := config.ReadSchedule(c.Getenv)
	if err != nil {
		return nil, err
	}
	recordDays, err := config.ReadRecordDays(c.Getenv)
	if err != nil {
		return nil, err
	}
	if fleetKeys := c.Getenv("FLEET_KEYS"); fleetKeys != "" {
		if _, err := local.ReadKeys(c.Folder, fleetKeys); err != nil {
			return nil, err
		}
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.open(ctx, listener)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.Store = store.New(s.data.Table, s.Now).Keeping(recordDays)
	s.Rollup = rollup.New(s.Store, s.data.Bucket, schedule, s.Now).WithScratch(c.Folder)
	s.receive()
	return s, nil
}

// open opens the folder and its clock, for a server without a Store.
func (c Config) open(ctx context.Context, listener net.Listener) (*Server, error) {
	data, keys, made, err := c.openData(ctx)
	if err != nil {
		return nil, err
	}
	began := c.Machine()
	clock, err := store.OpenClock(ctx, data.Table, c.Now, func() time.Duration { return c.Machine().Sub(began) })
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	if c.StopWithin == 0 {
		c.StopWithin = stopWithin
	}
	s := &Server{
		config: c, Made: made, Keys: keys, Bucket: data.Bucket, Keeper: data.Bucket, Getenv: c.Getenv, Clock: clock, Now: clock.Now, data: data, listener: listener,
		failed: make(chan error, 1), replaced: make(chan struct{}), reload: make(chan os.Signal, 1),
	}
	s.replace = sync.OnceFunc(func() { close(s.replaced) })
	data.Bucket.Begin(s.Now)
	s.lines = telemetry.NewLines(c.Log, reportDropped)
	s.Log = slog.New(slog.NewTextHandler(s.lines, &slog.HandlerOptions{Level: &s.Level}))
	s.URL, s.Everywhere = address(listener)
	return s, nil
}

// receive prepares what answers requests and commands.
func (s *Server) receive() {
	s.verify = s.source(s.Keys)
	in := ingest.New(s.verify, s.Store, s.Keeper, s.Bucket, s.Now)
	s.requests.next = s.health(ingest.NewEndpoint(in, telemetry.Deliveries(s.Log), s.Now))
	s.web = s.config.web(&s.requests, s.Log)
	s.web.ConnState = s.requests.count
	s.control = &control.Server{Version: s.config.Version, Do: s.do, HandOver: s.handOver, Now: s.config.Machine}
}

// reportDropped writes the line about log lines that were dropped.
func reportDropped(w io.Writer, lines int64) {
	slog.New(slog.NewTextHandler(w, nil)).Warn("lines of the log were dropped, since nobody read them", "lines", lines)
}

// openData opens the data folder and the keys. It returns what it had to make.
func (c Config) openData(ctx context.Context) (data *local.Dir, keys *token.Keyring, made []string, err error) {
	if _, err := os.Stat(c.Folder); errors.Is(err, fs.ErrNotExist) {
		made = append(made, "the folder "+c.Folder+", with nothing in it so far")
	}
	if data, err = c.openFolder(ctx); err != nil {
		return nil, nil, nil, err
	}
	keys, isNew, err := c.keys(ctx, data)
	if err != nil {
		return nil, nil, nil, errors.Join(err, data.Close())
	}
	if isNew {
		made = append(made, "the fleet key in it: URLs that other keys signed don't open here")
	}
	for _, path := range data.Opened {
		made = append(made, path+" is its owner's alone now: it was open to other users")
	}
	return data, keys, made, nil
}

// openFolder opens the data folder, after a server that is replaced has released it.
func (c Config) openFolder(ctx context.Context) (*local.Dir, error) {
	for began := c.Machine(); ; {
		data, err := local.Serve(ctx, c.Folder, c.Waits)
		if !c.TakeOver || !errors.Is(err, local.ErrInUse) || c.Machine().Sub(began) > 3*stopWithin {
			return data, err
		}
		if err := retry.Wait(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (c Config) web(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: min(c.BodyTimeout, 10*time.Second),
		ReadTimeout:       c.BodyTimeout,
		WriteTimeout:      c.BodyTimeout + 15*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true, // treat OPTIONS * as any other path
	}
}

// Serve accepts requests until Stop is called. It also does the hourly run and commands.
func (s *Server) Serve() {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	signal.Notify(s.reload, syscall.SIGHUP)
	go func() { s.failed <- s.web.Serve(s.listener) }()
	running.Go(func() { watchClock(ctx, s.Clock, s.config.Folder, s.Log) })
	running.Go(func() { tendArchive(ctx, s.data.Bucket.Tend, s.Log) })
	running.Go(func() {
		s.config.Schedule(ctx, s.Maintain)
	})
	endCommands := s.serveCommands()
	s.stop = func() error {
		cancel()
		running.Go(endCommands)
		err := s.finish()
		if !endsWithin(s.config.StopWithin, running.Wait) {
			s.Log.Error("the hourly run, or a command, does not end: it is cut off, and goes on another time")
		}
		control.Remove(s.config.Folder)
		err = errors.Join(err, s.data.Close())
		s.lines.Close(time.Second)
		return err
	}
}

// Stop accepts no more requests. It returns when the running ones have ended and the folder is
// closed. Serve was called before.
func (s *Server) Stop() error { return s.stop() }

// Maintain deletes what has expired, and does the hourly run. It logs the result, and saves it
// for the doctor.
func (s *Server) Maintain(ctx context.Context) {
	if _, err := s.data.Table.Sweep(ctx, s.Now()); err != nil && ctx.Err() == nil {
		s.Log.Warn("expired records are not dropped", "error", err)
	}
	s.keepRun(ctx, telemetry.OperationsLog(s.Log))
}

// serveCommands listens for commands until the returned function is called. The folder may be on
// a medium without sockets.
func (s *Server) serveCommands() (end func()) {
	if err := s.control.Start(s.config.Folder); err != nil {
		s.Log.Warn("no command can ask this server to do its work", "error", err)
		return func() {}
	}
	return s.control.Stop
}

// endsWithin reports whether wait returns within a time.
func endsWithin(limit time.Duration, wait func()) bool {
	ended := make(chan struct{})
	go func() { wait(); close(ended) }()
	select {
	case <-ended:
		return true
	case <-time.After(limit):
		return false
	}
}

// drainWithin is how long open connections may take to learn that they close.
const drainWithin = time.Second

// finish accepts no more requests, and returns when the running ones have ended. A client whose
// body is incomplete after stopWithin is disconnected; complete bodies are stored.
func (s *Server) finish() error {
	s.listener.Close() // if another process has it, too, connections wait there
	ctx, done := context.WithTimeout(context.Background(), s.config.StopWithin)
	defer done()
	s.requests.drain(min(drainWithin, s.config.StopWithin/4))
	err := s.web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.web.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil // closing the listener causes it
	}
	s.requests.close()
	return err
}

// keepRun does the hourly run, and saves its result for the doctor.
func (s *Server) keepRun(ctx context.Context, report telemetry.Operations) {
	run := store.HourlyRun{Began: s.Now()}
	err := s.hourly(ctx, report)
	if run.Ended, run.Complete = s.Now(), err == nil; err != nil {
		run.Error = err.Error()
	}
	if ctx.Err() != nil {
		return // the server stops
	}
	if err := s.Store.KeepHourlyRun(ctx, run); err != nil {
		s.Log.Warn("what came of the hourly run can't be kept", "error", err)
	}
}

// hourly does the hourly run. Its error says what failed; the next run repeats that.
func (s *Server) hourly(ctx context.Context, report telemetry.Operations) error {
	worker := maintenance.New(s.Store, s.Keeper, s.Bucket, s.Rollup, report, s.Now)
	return worker.Run(ctx, local.Queue{Worker: worker})
}

// keys returns the fleet keys; made reports that they were missing and were made.
func (c Config) keys(ctx context.Context, data *local.Dir) (keys *token.Keyring, made bool, err error) {
	fleetKeys := c.Getenv("FLEET_KEYS")
	if fleetKeys == "" {
		if made, err = data.MakeKeys(ctx); err != nil {
			return nil, false, err
		}
	}
	keys, err = local.ReadKeys(c.Folder, fleetKeys)
	return keys, made, err
}

// listen returns the listener of the server that is replaced, or systemd's, or a new one.
func (c Config) listen(ctx context.Context) (net.Listener, error) {
	if c.TakeOver {
		listener, err := control.TakeOver(c.Folder, func() error { return c.ready(ctx) })
		if !errors.Is(err, control.ErrNobody) {
			return listener, err
		}
	}
	if listener, err := activated(c.Getenv); listener != nil || err != nil {
		return listener, err
	}
	listener, err := net.Listen("tcp", c.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the port of %s is taken: choose another with --addr: %w", c.Addr, err)
	}
	return listener, err
}

// ready returns an error if this server can't serve the folder that another one still serves.
func (c Config) ready(ctx context.Context) error {
	_, err := local.ReadKeys(c.Folder, c.Getenv("FLEET_KEYS"))
	if err != nil {
		return err
	}
	records, err := local.OpenRecords(ctx, c.Folder)
	if err != nil {
		return err
	}
	archived, openErr := local.OpenArchive(c.Folder)
	if err := errors.Join(records.Close(), openErr); err != nil {
		return err
	}
	return errors.Join(archived.CheckLinks(), archived.Close())
}

// activated returns the listener that systemd holds for this process, or nil; see
// sd_listen_fds(3).
func activated(getenv func(string) string) (net.Listener, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	if n := getenv("LISTEN_FDS"); n != "1" {
		return nil, fmt.Errorf("systemd holds %s sockets for pbxctl serve, which listens on one: leave one ListenStream", n)
	}
	const first = 3
	f := os.NewFile(first, "LISTEN_FD")
	defer f.Close()
	listener, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("listen on systemd's socket: %w", err)
	}
	return listener, nil
}

// handOver gives the listener to a server that replaces this one.
func (s *Server) handOver(send func(uintptr) error) error {
	listener, ok := s.listener.(*net.TCPListener)
	if !ok {
		return errors.New("this server's listener can't be handed over")
	}
	raw, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := raw.Control(func(descriptor uintptr) { sent = send(descriptor) }); err != nil || sent != nil {
		return errors.Join(err, sent)
	}
	s.Log.Info("another server takes over")
	s.replace()
	return nil
}

func address(l net.Listener) (url string, everywhere bool) {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if everywhere = net.ParseIP(host).IsUnspecified(); everywhere {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), everywhere
}

// Wait serves until ctx ends or another server takes over, then finishes what is under way.
func (s *Server) Wait(ctx context.Context) error {
	defer signal.Stop(s.reload)
	for {
		select {
		case <-s.reload:
			s.reloadKeys(ctx)
		case <-ctx.Done():
			s.Log.Info("stops, since it was told to")
			return s.stop()
		case <-s.replaced:
			return s.stop()
		case err := <-s.failed:
			return errors.Join(err, s.stop())
		}
	}
}

// source returns the keys by which the server verifies: from the environment, or from its folder,
// where they may change. The keys that were read at the start are used at once. An error of
// reading them is logged once, until they can be read again.
func (s *Server) source(keys *token.Keyring) *token.Source {
	source := &token.Source{Read: s.readKeys, Refresh: time.Second, Now: s.Now}
	source.Use(keys)
	return source
}

func (s *Server) readKeys(context.Context) (*token.Keyring, error) {
	keys, err := local.ReadKeys(s.config.Folder, s.Getenv("FLEET_KEYS"))
	if s.keysFailed.Swap(err != nil) != (err != nil) {
		if err != nil {
			s.Log.Error("the fleet keys can't be read again: those of before stay in use", "error", err)
		} else {
			s.Log.Info("the fleet keys can be read again")
		}
	}
	return keys, err
}

// reloadKeys reads the fleet keys again. If that fails, it logs the error, and the old keys stay
// in use.
func (s *Server) reloadKeys(ctx context.Context) {
	s.keysFailed.Store(false) // an explicit reload logs its error again
	if keys, err := s.verify.Reload(ctx); err == nil {
		s.Log.Info("the fleet keys were read again", "keys", keys.String())
	}
}
