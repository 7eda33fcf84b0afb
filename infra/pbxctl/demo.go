package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/listing"
	"trunkline/pkg/local/server"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/testdata"
)

type demoCommand struct {
	Addr string `default:"127.0.0.1:8080" help:"Address and port to listen on; another port where that one is taken." placeholder:"HOST:PORT"`
	dataFolder
	Once bool `help:"End after the tour instead of serving on."`
}

// Help is the long form of the command's help.
func (demoCommand) Help() string {
	return `Example:
  pbxctl demo --data ./data`
}

// example is a payload of the vendor's page, and the PBX that sends it.
type example struct {
	name string
	mac  pbx.MAC
}

// demoPBX is the PBX in the vendor's call record. It also sends the examples that name no PBX.
const demoPBX = pbx.MAC("68692e0b0001")

var examples = []example{
	{"dialbegin", "68692e050f9a"},
	{"dialend", "68692e050f9a"},
	{"hangup", demoPBX},
	{"extensionstatus", demoPBX},
	{"ivr", "68692e038b3e"},
	{"cc_cdr", demoPBX},
}

// Run implements the command.
func (c *demoCommand) Run(p *program) error {
	s, err := c.open(p)
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
	fmt.Fprintf(p.out, "  curl -i '%s' \\\n    -d \"{ event: 'extensionstatus', exten: '808', statustext: 'InUse' }\"\n", s.Keys.URL(s.URL, demoPBX, 1))
	fmt.Fprintf(p.out, "  go run ./infra/pbxctl extensions %s --data %s\n", demoPBX, c.Data)
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
	for _, mac := range macs() {
		if err := s.Store.SetDevice(p.ctx, mac, store.Device{Name: "Demo PBX " + string(mac[6:])}); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, "%d demo PBXs are registered. They post the six examples of the vendor's page:\n", len(macs()))
	for _, e := range examples {
		if err := post(p, s, e); err != nil {
			return err
		}
	}
	for _, mac := range macs() {
		if err := showPBX(p, s.Store, mac); err != nil {
			return err
		}
	}
	if err := showArchive(p, s.Bucket, c.Data); err != nil {
		return err
	}
	return c.showKPIs(p, s)
}

// showKPIs rolls up the day of the demo PBX's call, and prints its figures.
func (c *demoCommand) showKPIs(p *program, s *server.Server) error {
	first, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		return err
	}
	if _, err := s.Rollup.Work(p.ctx, rollup.Task{MAC: demoPBX, Day: first}); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nThe day of that call has closed, and its figures are computed:\n\n")
	show := kpiCommand{source: source{MAC: demoPBX, where: where{Data: c.Data}}, Day: day{date: first}, AllRows: true}
	return show.Run(p)
}

// showArchive prints how many events are archived, and one name of each kind.
func showArchive(p *program, bucket archive.Bucket, folder string) error {
	var shown []string
	total, kind := 0, ""
	for name, err := range bucket.List(p.ctx, archive.RawPrefix, "") {
		if err != nil {
			return err
		}
		total++
		if next := strings.Split(name, "/")[1]; next != kind {
			kind, shown = next, append(shown, name)
		}
	}
	fmt.Fprintf(p.out, "\nThe archive in %s/archive has %d events. One of each kind:\n", folder, total)
	for _, name := range shown {
		fmt.Fprintln(p.out, "  "+name)
	}
	return nil
}

func macs() []pbx.MAC {
	var all []pbx.MAC
	for _, e := range examples {
		if !slices.Contains(all, e.mac) {
			all = append(all, e.mac)
		}
	}
	return all
}

// post sends an example to its PBX's URL, and prints the answer.
func post(p *program, s *server.Server, e example) error {
	body, err := testdata.FS.ReadFile("vendor/" + e.name + ".txt")
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(p.ctx, http.MethodPost, s.Keys.URL(s.URL, e.mac, 1), bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("post %s: the server does not answer", e.name) // the error would show the URL
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	fmt.Fprintf(p.out, "  %-16s %s  %s\n", e.name, response.Status, strings.TrimSpace(string(answer)))
	return err
}

// showPBX prints all records of a PBX that it has.
func showPBX(p *program, s *store.Store, mac pbx.MAC) error {
	fmt.Fprintf(p.out, "\nPBX %s\n", mac)
	calls, err := s.LiveCalls(p.ctx, mac)
	return errors.Join(
		listing.Section(p.ctx, p.out, "Call records", s.CallRecords(p.ctx, mac, pbx.UTC, store.Span{}), callColumns),
		listing.Section(p.ctx, p.out, "Menus heard", s.IVRSteps(p.ctx, mac, pbx.UTC, store.Span{}), ivrColumns),
		listing.Section(p.ctx, p.out, "Extensions", s.Extensions(p.ctx, mac), extensionColumns),
		listing.Section(p.ctx, p.out, "Calls of the last day", values(calls, err), liveColumns),
	)
}
