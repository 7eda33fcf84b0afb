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
	Addr string `default:"127.0.0.1:8080" help:"Address and port to listen on; port 0 takes a free one." placeholder:"HOST:PORT"`
	dataFolder
	BodyTimeout time.Duration `default:"15s" help:"How long a request may take to arrive."`
	TakeOver    bool          `help:"Replace the server that runs on the folder, and use its port."`
	clockFlag
}

// Help is the long form of the command's help.
func (serveCommand) Help() string {
	return `Events that are acknowledged are on disk. Events that have arrived whole are stored, also if the
sender hangs up, or if the server is stopped (SIGTERM, Ctrl-C). Stopping takes up to 10 s if
senders are slow, and up to 20 s if a command or the hourly run is under way. A second signal
ends the server at once.

Fleet keys come from FLEET_KEYS, written kid:secret,kid:secret; the first one signs. Without it,
a new data folder gets a key of its own. If a folder has records and no key, restore the key (see
pbxctl keys new --help). On SIGHUP, the keys are read again. Only its owner may use the folder;
root acts as the owner. If this machine's clock can't be right, times continue from the last
trusted one (see pbxctl doctor clock --help).

Commands that change the folder, such as erase and rollup, ask the running server to do it. A
command that began while no server ran ends when one starts, and says so. GET /healthz is
answered 200 if both stores can be written, else 503.

Every hour, days that have closed are rolled up. A day closes GRACE_MINUTES (15) after its end.
The zone is the one set for the PBX, else the one inferred from its calls, else DEFAULT_ZONE
(UTC). A large day is sorted in a temporary file in the data folder: about 300 bytes per record.
The file has no name, and vanishes with the program. Records of calls are kept for RECORD_DAYS,
at least 35 (0: forever). Give the other commands the same RECORD_DAYS.

A restart refuses no connection if systemd keeps the socket (infra/systemd). The same is true of
--take-over, by which a new server replaces the running one.

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
	signal.Ignore(syscall.SIGPIPE) // the reader of the log may end before the server
	s, err := server.Open(p.ctx, c.config(p))
	if err != nil {
		return err
	}
	s.Serve()
	s.Log.Info("serve begins", "version", version.Text(), "url", s.URL, "folder", c.Data)
	fmt.Fprintf(p.out, "Trunkline listens on %s and keeps everything in %s\n", s.URL, c.Data)
	fmt.Fprintf(p.out, "A PBX's URL:  pbxctl device url 68:69:2e:0b:00:01 --base %s --data %s\n", s.URL, c.Data)
	if s.Everywhere {
		fmt.Fprintln(p.out, "PBXs reach it by this machine's own address instead of 127.0.0.1.")
	}
	for _, what := range s.Made {
		fmt.Fprintln(p.out, "NEW:", what)
	}
	return s.Wait(p.ctx)
}

// config is the server's configuration by the command and its environment.
func (c *serveCommand) config(p *program) server.Config {
	return server.Config{
		Addr: c.Addr, Folder: c.Data, BodyTimeout: c.BodyTimeout, TakeOver: c.TakeOver,
		Getenv: p.getenv, Now: p.now, Machine: time.Now, Log: p.errs, Version: version.Text(),
		Schedule: local.Hourly, Do: doServed,
		Waits: func() {
			fmt.Fprintln(p.errs, "pbxctl: another command works on the folder; it was asked to end, and the server waits for it")
		},
	}
}

// doServed runs a command for a client of a server, in the server's process.
func doServed(ctx context.Context, s *server.Server, session control.Session) int {
	r := session.Request
	p := &program{
		ctx: ctx, out: session.Out, errs: session.Errs, getenv: s.Getenv, now: s.Now,
		dir: r.Dir, home: r.Home, terminal: r.Terminal, files: session.Files, server: s,
	}
	return p.run(r.Args)
}
