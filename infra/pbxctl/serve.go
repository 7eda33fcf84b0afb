package main

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
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
	"trunkline/pkg/version"
)

type serveCommand struct {
	Addr string `default:"127.0.0.1:8080" help:"Address and port to listen on; port 0 takes any that is free." placeholder:"HOST:PORT"`
	dataFolder
	BodyTimeout time.Duration `default:"15s" help:"How long a request may take to arrive."`
	TakeOver    bool          `help:"Take the place, and the port, of the server that runs on the folder."`
	clockFlag
}

// Help is the long form of the command's help.
func (serveCommand) Help() string {
	return `What is acknowledged is on disk. What has arrived whole is stored, though its sender
hangs up, and though the server is told to stop (SIGTERM, Ctrl-C). That takes up to 10 s
where senders are slow, and 20 s where a command or the hourly run is under way; told again, it
ends at once. Fleet keys come from
FLEET_KEYS, written kid:secret,kid:secret (the first signs); without it a key is made in a new
data folder. Where a folder has records and no key, put the key back (see pbxctl keys new
--help). On SIGHUP the keys are read again. Only its owner may use the folder; root acts as the
owner. Where this machine's clock can't be right, times go on from the last that was trusted
(see pbxctl doctor clock --help).
Commands that change the folder, such as erase and rollup, ask the running server to do it.
One that began while no server ran ends when one starts, and says so.
GET /healthz is answered 200 where both stores can be written, else 503.
Every hour, days that have closed are rolled up: GRACE_MINUTES (15) after their end, in
the zone set for the PBX, else inferred from its calls, else DEFAULT_ZONE (UTC).
A day with more calls than fit in some megabytes is sorted in a temporary file in the data
folder, which has no name and goes with the program: about 300 bytes for a record.
Records of calls are kept for RECORD_DAYS, from 35 on (0, for ever). Give the same to the
other commands that work with them.

A restart refuses no connection where systemd keeps the socket (infra/systemd), or with
--take-over, by which a new server takes the place of the one that runs.

Examples:
  pbxctl serve --data /var/lib/trunkline
  pbxctl serve --data ./data --addr 0.0.0.0:8080
  pbxctl serve --data ./data --take-over`
}

// Run implements the command.
func (c *serveCommand) Run(p *program) error {
	if err := c.clockFlag.set(p); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // who reads the log may end before the server
	s, err := c.start(p)
	if err != nil {
		return err
	}
	s.log.Info("serve begins", "version", version.Text(), "url", s.url, "folder", c.Data)
	fmt.Fprintf(p.out, "Trunkline listens on %s and keeps everything in %s\n", s.url, c.Data)
	fmt.Fprintf(p.out, "A PBX's URL:  pbxctl device url --mac 68:69:2e:0b:00:01 --base %s --data %s\n", s.url, c.Data)
	if s.everywhere {
		fmt.Fprintln(p.out, "PBXs reach it by this machine's own address, in the place of 127.0.0.1.")
	}
	for _, what := range s.made {
		fmt.Fprintln(p.out, "NEW:", what)
	}
	return s.wait(p.ctx)
}

// server is a running `pbxctl serve`.
type server struct {
	url string // as this machine reaches it
	// everywhere tells that other machines reach it by any address of this one.
	everywhere bool
	folder     string
	made       []string // what the folder had not, and has now
	keys       *token.Keyring
	verify     *token.Source
	keysFailed atomic.Bool // they could not be read the last time
	store      *store.Store
	bucket     archive.Bucket
	rollup     *rollup.Rollup
	getenv     func(string) string
	clock      *store.Clock
	now        func() time.Time // of the clock
	level      slog.LevelVar    // of what is logged
	lines      *telemetry.Lines
	log        *slog.Logger
	data       *local.Dir
	listener   net.Listener
	requests   gate
	web        *http.Server
	control    *control.Server
	stopWithin time.Duration
	failed     chan error
	replace    func()        // closes replaced
	replaced   chan struct{} // another server takes over
	stop       func() error
}

// stopWithin is how long requests under way have when the server is told to stop.
const stopWithin = 10 * time.Second

// start opens the server, and has it serve.
func (c *serveCommand) start(p *program) (*server, error) {
	s, err := c.open(p)
	if err == nil {
		s.serve()
	}
	return s, err
}

// open makes a server that listens, and serves nobody yet. It reads the environment and listens
// first: where that fails, nothing is made in the folder.
func (c *serveCommand) open(p *program) (*server, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return nil, err
	}
	recordDays, err := config.ReadRecordDays(p.getenv)
	if err != nil {
		return nil, err
	}
	if fleetKeys := p.getenv("FLEET_KEYS"); fleetKeys != "" {
		if _, err := local.ReadKeys(c.Data, fleetKeys); err != nil {
			return nil, err
		}
	}
	listener, err := c.listen(p)
	if err != nil {
		return nil, err
	}
	data, keys, made, err := c.openData(p)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	clock, err := p.openClock(data.Table)
	if err != nil {
		return nil, errors.Join(err, data.Close(), listener.Close())
	}
	p = p.by(clock.Now)
	s := &server{
		folder: c.Data, made: made, keys: keys, bucket: data.Bucket, getenv: p.getenv, clock: clock, now: p.now, data: data, listener: listener,
		stopWithin: stopWithin, failed: make(chan error, 1), replaced: make(chan struct{}),
	}
	s.replace = sync.OnceFunc(func() { close(s.replaced) })
	s.lines = telemetry.NewLines(p.errs, tellDropped)
	s.log = slog.New(slog.NewTextHandler(s.lines, &slog.HandlerOptions{Level: &s.level}))
	s.url, s.everywhere = address(listener)
	s.store = store.New(data.Table, p.now).Keeping(recordDays)
	s.rollup = p.rollup(s.store, data.Bucket, schedule, c.Data)
	s.verify = serveKeys(p, c.Data, keys, &s.keysFailed, s.log)
	in := ingest.New(s.verify, s.store, data.Bucket, p.now)
	s.requests.next = s.health(ingest.NewDoor(in, telemetry.Deliveries(s.log), p.now))
	s.web = c.web(&s.requests, s.log)
	s.web.ConnState = s.requests.count
	s.control = &control.Server{Version: version.Text(), Do: s.do, HandOver: s.handOver, Now: time.Now}
	return s, nil
}

// tellDropped is the line about lines of the log that nobody read.
func tellDropped(w io.Writer, lines int64) {
	slog.New(slog.NewTextHandler(w, nil)).Warn("lines of the log were dropped, since nobody read them", "lines", lines)
}

// openData opens the data folder and the keys, and tells what had to be made for it.
func (c *serveCommand) openData(p *program) (data *local.Dir, keys *token.Keyring, made []string, err error) {
	if _, err := os.Stat(c.Data); errors.Is(err, fs.ErrNotExist) {
		made = append(made, "the folder "+c.Data+", with nothing in it so far")
	}
	if data, err = c.openFolder(p); err != nil {
		return nil, nil, nil, err
	}
	keys, isNew, err := c.keys(p, data)
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

// openFolder opens the data folder, once a server whose place is taken has given it free.
func (c *serveCommand) openFolder(p *program) (*local.Dir, error) {
	for began := time.Now(); ; {
		data, err := local.Serve(p.ctx, c.Data, func() {
			fmt.Fprintln(p.errs, "pbxctl: another command works on the folder: it was told to end, and is waited for")
		})
		if !c.TakeOver || !errors.Is(err, local.ErrInUse) || time.Since(began) > 3*stopWithin {
			return data, err
		}
		if err := sleep(p.ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (c *serveCommand) web(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: min(c.BodyTimeout, 10*time.Second),
		ReadTimeout:       c.BodyTimeout,
		WriteTimeout:      c.BodyTimeout + 15*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true, // OPTIONS * is another path, too
	}
}

// serve lets requests in until stop is called, and does what is done every hour and what
// commands ask for.
func (s *server) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	go func() { s.failed <- s.web.Serve(s.listener) }()
	running.Go(func() { watchClock(ctx, s.clock, s.folder, s.log) })
	running.Go(func() {
		local.Hourly(ctx, func(ctx context.Context) {
			if _, err := s.data.Table.Sweep(ctx, s.now()); err != nil && ctx.Err() == nil {
				s.log.Warn("expired records are not dropped", "error", err)
			}
			s.keepRun(ctx, telemetry.OperationsLog(s.log))
		})
	})
	endCommands := s.serveCommands()
	s.stop = func() error {
		cancel()
		running.Go(endCommands)
		err := s.finish()
		if !endsWithin(s.stopWithin, running.Wait) {
			s.log.Error("the hourly run, or a command, does not end: it is cut off, and goes on another time")
		}
		control.Remove(s.folder)
		err = errors.Join(err, s.data.Close())
		s.lines.Close(time.Second)
		return err
	}
}

// serveCommands listens for commands, until the function that it returns is called. The folder
// may be on a medium that has no sockets.
func (s *server) serveCommands() (end func()) {
	if err := s.control.Start(s.folder); err != nil {
		s.log.Warn("no command can ask this server to do its work", "error", err)
		return func() {}
	}
	return s.control.Stop
}

// endsWithin reports whether something ends within a time.
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

// letGoWithin is how long connections that are kept open have to be told that they close.
const letGoWithin = time.Second

// finish takes no more requests, and returns when those under way have ended. Whoever has
// not sent a body whole by stopWithin is cut off; what has come whole is stored.
func (s *server) finish() error {
	s.listener.Close() // connections wait where another process has it, too
	ctx, done := context.WithTimeout(context.Background(), s.stopWithin)
	defer done()
	s.requests.letGo(min(letGoWithin, s.stopWithin/4))
	err := s.web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.web.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil // the listener is
	}
	s.requests.close()
	return err
}

// keepRun is hourly, and keeps what came of it where doctor reads it.
func (s *server) keepRun(ctx context.Context, report telemetry.Operations) {
	run := store.HourlyRun{Began: s.now()}
	err := s.hourly(ctx, report)
	if run.Ended, run.Complete = s.now(), err == nil; err != nil {
		run.Error = err.Error()
	}
	if ctx.Err() != nil {
		return // it was told to stop
	}
	if err := s.store.KeepHourlyRun(ctx, run); err != nil {
		s.log.Warn("what came of the hourly run can't be kept", "error", err)
	}
}

// hourly does what is done every hour. Its error is what failed, which comes again.
func (s *server) hourly(ctx context.Context, report telemetry.Operations) error {
	worker := maintenance.New(s.store, s.bucket, s.rollup, report, s.now)
	return worker.Run(ctx, local.Queue{Worker: worker})
}

// keys are the fleet keys; made tells that there were none.
func (c *serveCommand) keys(p *program, data *local.Dir) (keys *token.Keyring, made bool, err error) {
	fleetKeys := p.getenv("FLEET_KEYS")
	if fleetKeys == "" {
		if made, err = data.MakeKeys(p.ctx); err != nil {
			return nil, false, err
		}
	}
	keys, err = local.ReadKeys(c.Data, fleetKeys)
	return keys, made, err
}

// listen has the listener of the server whose place is taken, or that systemd holds, or a new
// one.
func (c *serveCommand) listen(p *program) (net.Listener, error) {
	if c.TakeOver {
		listener, err := control.TakeOver(c.Data, func() error { return c.ready(p) })
		if !errors.Is(err, control.ErrNobody) {
			return listener, err
		}
	}
	if listener, err := activated(p.getenv); listener != nil || err != nil {
		return listener, err
	}
	listener, err := net.Listen("tcp", c.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the port of %s is taken: choose another with --addr: %w", c.Addr, err)
	}
	return listener, err
}

// ready tells what keeps this server from serving the folder, while another one serves it still.
func (c *serveCommand) ready(p *program) error {
	_, err := local.ReadKeys(c.Data, p.getenv("FLEET_KEYS"))
	if err != nil {
		return err
	}
	records, err := local.OpenRecords(p.ctx, c.Data)
	if err != nil {
		return err
	}
	archived, openErr := local.OpenArchive(c.Data)
	if err := errors.Join(records.Close(), openErr); err != nil {
		return err
	}
	return errors.Join(archived.CheckLinks(), archived.Close())
}

// activated is the listener that systemd holds for this process, or nil; see sd_listen_fds(3).
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

// handOver gives the listener to a server that takes this one's place.
func (s *server) handOver(send func(uintptr) error) error {
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
	s.log.Info("another server takes over")
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

// wait serves until ctx ends or another server takes over, then finishes what is under way.
func (s *server) wait(ctx context.Context) error {
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	for {
		select {
		case <-reload:
			s.reloadKeys(ctx)
		case <-ctx.Done():
			s.log.Info("stops, since it was told to")
			return s.stop()
		case <-s.replaced:
			return s.stop()
		case err := <-s.failed:
			return errors.Join(err, s.stop())
		}
	}
}

// reloadKeys reads the fleet keys again. Where that fails, the log has why, and those of before
// stay in use.
func (s *server) reloadKeys(ctx context.Context) {
	s.keysFailed.Store(false) // who asks is told
	if keys, err := s.verify.Reload(ctx); err == nil {
		s.log.Info("the fleet keys were read again", "keys", keys.String())
	}
}
