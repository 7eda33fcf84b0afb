package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"time"

	"trunkline/infra/demo"
	"trunkline/pkg/listing"
	"trunkline/pkg/local/server"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type demoCommand struct {
	Addr string `default:"127.0.0.1:8080" help:"Address and port to listen on; if that port is taken, a free one." placeholder:"HOST:PORT"`
	dataFolder
	Once bool `help:"End after the tour instead of serving on."`
}

// Help is the long form of the command's help.
func (demoCommand) Help() string {
	return `Example:
  pbxctl demo --data ./data`
}

// Run implements the command.
func (c *demoCommand) Run(p *program) error {
	s, err := c.open(p)
	if p.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // Ctrl-C is how a demo ends
	}
	if err != nil {
		return err
	}
	s.Level.Set(slog.LevelWarn) // the tour itself reports what it delivers
	s.Serve()
	if err := c.tour(p, s); err != nil || c.Once {
		if p.ctx.Err() != nil {
			err = nil // Ctrl-C is how a demo ends
		}
		return errors.Join(err, s.Stop())
	}
	s.Level.Set(slog.LevelInfo)
	fmt.Fprintf(p.out, "\nServing on at %s until Ctrl-C. Try it yourself, in another terminal:\n\n", s.URL)
	fmt.Fprintf(p.out, "  curl -i '%s' \\\n    -d \"{ event: 'extensionstatus', exten: '808', statustext: 'InUse' }\"\n", s.Keys.URL(s.URL, demo.PBX, 1))
	fmt.Fprintf(p.out, "  go run ./infra/pbxctl extensions %s --data %s\n", demo.PBX, c.Data)
	return s.Wait(p.ctx)
}

// open makes a server at the address, or at another port if that one is taken.
func (c *demoCommand) open(p *program) (*server.Server, error) {
	serve := serveCommand{Addr: c.Addr, dataFolder: c.dataFolder, BodyTimeout: 15 * time.Second}
	s, err := server.Open(p.ctx, serve.config(p))
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(c.Addr)
		serve.Addr = net.JoinHostPort(host, "0")
		s, err = server.Open(p.ctx, serve.config(p))
	}
	return s, err
}

// tour posts the vendor's examples over HTTP, and shows what was stored.
func (c *demoCommand) tour(p *program, s *server.Server) error {
	fmt.Fprintf(p.out, "Trunkline listens on %s and keeps everything in %s\n\n", s.URL, c.Data)
	macs, err := demo.Register(p.ctx, s.Store)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d demo PBXs are registered. They post the six examples of the vendor's page:\n", len(macs))
	err = demo.Post(p.ctx, func(mac pbx.MAC) string { return s.Keys.URL(s.URL, mac, 1) }, func(a demo.Answer) {
		fmt.Fprintf(p.out, "  %-16s %s  %s\n", a.Example, a.Status, a.Body)
	})
	if err != nil {
		return err
	}
	for _, mac := range macs {
		if err := showPBX(p, s.Store, mac); err != nil {
			return err
		}
	}
	total, oneOfEach, err := demo.Archived(p.ctx, s.Bucket)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nThe archive in %s/archive has %d events. One file of each kind:\n", c.Data, total)
	for _, name := range oneOfEach {
		fmt.Fprintln(p.out, "  "+name)
	}
	return c.showKPIs(p, s)
}

// showKPIs rolls up the day of the demo PBX's call, and prints its figures.
func (c *demoCommand) showKPIs(p *program, s *server.Server) error {
	first, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		return err
	}
	if _, err := s.Rollup.Work(p.ctx, rollup.Task{MAC: demo.PBX, Day: first}); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nThe day of that call has closed, and its figures are computed:\n\n")
	show := kpiCommand{source: source{MAC: demo.PBX, where: where{Data: c.Data}}, Day: day{pbx.WrittenDay{Date: first}}, AllRows: true}
	return show.Run(p)
}

// showPBX prints all records of a PBX that it has.
func showPBX(p *program, s *store.Store, mac pbx.MAC) error {
	fmt.Fprintf(p.out, "\nPBX %s\n", mac)
	calls, err := s.LiveCalls(p.ctx, mac)
	return errors.Join(
		listing.Section(p.ctx, p.out, "Call records", s.CallRecords(p.ctx, mac, pbx.UTC, store.Span{}), tables.Calls()),
		listing.Section(p.ctx, p.out, "Menus heard", s.IVRSteps(p.ctx, mac, pbx.UTC, store.Span{}), tables.IVRSteps()),
		listing.Section(p.ctx, p.out, "Extensions", s.Extensions(p.ctx, mac), tables.Extensions()),
		listing.Section(p.ctx, p.out, "Calls of the last day", values(calls, err), tables.LiveCalls()),
	)
}
