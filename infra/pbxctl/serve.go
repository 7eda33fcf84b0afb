package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/compact"
	"trunkline/pkg/config"
	"trunkline/pkg/hourly"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
)

type serveCommand struct {
	Addr        string        `default:"127.0.0.1:8080" help:"Address and port to listen on; port 0 takes any that is free." placeholder:"HOST:PORT"`
	Data        string        `required:"" type:"path" help:"Folder for records, archive and keys; made where it is missing." placeholder:"DIR"`
	BodyTimeout time.Duration `default:"15s" help:"How long a request may take to arrive."`
	clockFlag
}

// Help is the long form of the command's help.
func (serveCommand) Help() string {
	return `What is acknowledged is on disk. What has arrived whole is stored, though its sender
hangs up, and though the server is told to stop, which takes 10 s or a little more where
senders are slow. Fleet keys come from FLEET_KEYS, written
kid:secret,kid:secret (the first signs); without it a key is made in the data folder.
Every hour, days that have closed are rolled up: GRACE_MINUTES (15) after their end, in
the zone set for the PBX, else inferred from its calls, else DEFAULT_ZONE (UTC).
Records of calls are kept for RECORD_DAYS, from 35 on (0, for ever). Give the same to the
other commands that work with them.

Examples:
  pbxctl serve --data /var/lib/trunkline
  pbxctl serve --data ./data --addr 0.0.0.0:8080`
}

// Run implements the command.
func (c *serveCommand) Run(p *program) error {
	if err := c.clockFlag.set(p); err != nil {
		return err
	}
	s, err := c.start(p)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "Trunkline listens on %s and keeps everything in %s\n", s.url, c.Data)
	fmt.Fprintf(p.out, "A PBX's URL:  pbxctl device url --mac 68:69:2e:0b:00:01 --base %s --data %s\n", s.url, c.Data)
	if s.everywhere {
		fmt.Fprintln(p.out, "PBXs reach it by this machine's own address, in the place of 127.0.0.1.")
	}
	return s.wait(p.ctx)
}

// server is a running `pbxctl serve`.
type server struct {
	url string // as this machine reaches it
	// everywhere tells that other machines reach it by any address of this one.
	everywhere bool
	keys       *token.Keyring
	store      *store.Store
	bucket     archive.Bucket
	rollup     *rollup.Rollup
	now        func() time.Time
	level      slog.LevelVar // of what is logged
	log        *slog.Logger
	data       *local.Dir
	listener   net.Listener
	requests   gate
	web        *http.Server
	stopWithin time.Duration
	failed     chan error
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

// open makes a server that listens, and serves nobody yet.
func (c *serveCommand) open(p *program) (*server, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return nil, err
	}
	recordDays, err := config.ReadRecordDays(p.getenv)
	if err != nil {
		return nil, err
	}
	data, err := local.Open(p.ctx, c.Data)
	if err != nil {
		return nil, err
	}
	keys, err := c.keys(p)
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	listener, err := listen(c.Addr)
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	s := &server{
		keys: keys, bucket: data.Bucket, now: p.now, data: data, listener: listener, stopWithin: stopWithin, failed: make(chan error, 1),
	}
	s.log = slog.New(slog.NewTextHandler(p.errs, &slog.HandlerOptions{Level: &s.level}))
	s.url, s.everywhere = address(listener)
	s.store = store.New(data.Table, p.now).Keeping(recordDays)
	s.rollup = rollup.New(s.store, data.Bucket, rollup.Config(schedule), p.now)
	in := ingest.New(serveKeys(p, c.Data), s.store, archive.New(data.Bucket), p.now)
	s.requests.next = ingest.NewDoor(in, telemetry.Deliveries(s.log), p.now)
	s.web = c.web(&s.requests, s.log)
	return s, nil
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

// serve lets requests in until stop is called, and does what is done every hour.
func (s *server) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.failed <- s.web.Serve(s.listener) })
	running.Go(func() {
		local.Hourly(ctx, func(ctx context.Context) {
			if _, err := s.data.Table.Sweep(ctx, s.now()); err != nil && ctx.Err() == nil {
				s.log.Warn("expired records are not dropped", "error", err)
			}
			s.hourly(ctx, telemetry.RollupLog(s.log))
		})
	})
	s.stop = func() error {
		err := s.finish()
		cancel()
		running.Wait()
		return errors.Join(err, s.data.Close())
	}
}

// finish takes no more requests, and returns when those under way have ended. Whoever has
// not sent a body whole by stopWithin is cut off; what has come whole is stored.
func (s *server) finish() error {
	ctx, done := context.WithTimeout(context.Background(), s.stopWithin)
	defer done()
	err := s.web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.web.Close()
	}
	s.requests.close()
	return err
}

// hourly does what is done every hour.
func (s *server) hourly(ctx context.Context, report telemetry.Rollups) {
	packer := compact.New(s.bucket, s.now)
	queue := local.Queue{
		Compute: func(ctx context.Context, t rollup.Task) {
			result, err := s.rollup.Work(ctx, t)
			if ctx.Err() == nil {
				report.Worked(ctx, t.MAC, t.Day, string(result), err)
			}
		},
		Take: func(ctx context.Context, t compact.Turn) {
			done, _, err := packer.Take(ctx, t)
			report.Packed(ctx, t.Kind, done.Events, done.Written, done.Left, done.Through, err)
		},
	}
	// What failed is told in the log, and comes again.
	_ = hourly.New(s.store, s.bucket, s.rollup, queue, report, s.now).Run(ctx)
}

func (c *serveCommand) keys(p *program) (*token.Keyring, error) {
	fleetKeys := p.getenv("FLEET_KEYS")
	if fleetKeys == "" {
		if err := local.MakeKeys(c.Data); err != nil {
			return nil, err
		}
	}
	return local.ReadKeys(c.Data, fleetKeys)
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the port of %s is taken: choose another with --addr: %w", addr, err)
	}
	return listener, err
}

func address(l net.Listener) (url string, everywhere bool) {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if everywhere = net.ParseIP(host).IsUnspecified(); everywhere {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), everywhere
}

// wait serves until ctx ends, then finishes what is under way.
func (s *server) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.stop()
	case err := <-s.failed:
		return errors.Join(err, s.stop())
	}
}
