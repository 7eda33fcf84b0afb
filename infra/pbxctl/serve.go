package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/local/server"
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
	s, err := server.Open(p.ctx, c.config(p))
	if err != nil {
		return err
	}
	s.Serve()
	s.Log.Info("serve begins", "version", version.Text(), "url", s.URL, "folder", c.Data)
	fmt.Fprintf(p.out, "Trunkline listens on %s and keeps everything in %s\n", s.URL, c.Data)
	fmt.Fprintf(p.out, "A PBX's URL:  pbxctl device url --mac 68:69:2e:0b:00:01 --base %s --data %s\n", s.URL, c.Data)
	if s.Everywhere {
		fmt.Fprintln(p.out, "PBXs reach it by this machine's own address, in the place of 127.0.0.1.")
	}
	for _, what := range s.Made {
		fmt.Fprintln(p.out, "NEW:", what)
	}
	return s.Wait(p.ctx)
}

// config is what the command and its environment tell of the server.
func (c *serveCommand) config(p *program) server.Config {
	return server.Config{
		Addr: c.Addr, Folder: c.Data, BodyTimeout: c.BodyTimeout, TakeOver: c.TakeOver,
		Getenv: p.getenv, Now: p.now, Machine: time.Now, Log: p.errs, Version: version.Text(),
		Schedule: local.Hourly, Do: doServed,
		Waits: func() {
			fmt.Fprintln(p.errs, "pbxctl: another command works on the folder: it was told to end, and is waited for")
		},
	}
}

// doServed does a command for a client of a server, in that server's process.
func doServed(ctx context.Context, s *server.Server, session control.Session) int {
	r := session.Request
	p := &program{
		ctx: ctx, out: session.Out, errs: session.Errs, getenv: s.Getenv, now: s.Now,
		dir: r.Dir, home: r.Home, terminal: r.Terminal, files: session.Files, server: s,
	}
	return p.run(r.Args)
}
