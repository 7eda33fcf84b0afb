package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// serve compares `pbxctl serve` with two servers: one keeps nothing, and one writes bodies to
// disk before it answers. The second shows how much of the ratio is due to the disk. The sender
// runs on the same processors.
func serve(ctx context.Context, w *workshop) error {
	all, err := newServers(ctx, w)
	if err != nil {
		return err
	}
	var throughput float64
	for _, l := range []load{{connections: 1, events: 200}, {connections: 32, events: 1000}} {
		if throughput, err = all.throughput(ctx, l); err != nil {
			return err
		}
	}
	return all.latency(ctx, throughput)
}

// servers are the servers that are measured alternately.
type servers struct {
	*workshop
	pbxctl, self    string // programs
	fleetKeys, path string
}

func newServers(ctx context.Context, w *workshop) (s servers, err error) {
	s.workshop, s.fleetKeys = w, "FLEET_KEYS="+newFleetKeys()
	if s.pbxctl, err = w.build(ctx, w.root, "./infra/pbxctl"); err != nil {
		return s, err
	}
	if s.self, err = os.Executable(); err != nil {
		return s, err
	}
	s.path, err = devicePath(ctx, s.pbxctl, s.fleetKeys)
	return s, err
}

// devicePath is the path of the vendor's PBX, with its token.
func devicePath(ctx context.Context, pbxctl, fleetKeys string) (string, error) {
	const base = "http://127.0.0.1"
	cmd := exec.CommandContext(ctx, pbxctl, "device", "url", vendorMAC, "--base", base)
	cmd.Env = append(os.Environ(), fleetKeys)
	url, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("pbxctl device url: %w", err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(url)), base), nil
}

// open starts `pbxctl serve` and its floors. The caller closes them all.
func (s servers) open(ctx context.Context, l load) (started []*served, err error) {
	all := []*served{
		{name: "pbxctl serve", start: func() (*server, error) { return s.startPbxctl(ctx) }},
		{name: "body on disk", start: func() (*server, error) {
			return startServer(ctx, nil, s.self, floorMode, filepath.Join(s.dir, "bodies"))
		}},
		{name: "body read", start: func() (*server, error) { return startServer(ctx, nil, s.self, floorMode) }},
	}
	for _, one := range all {
		one.path, one.load = s.path, l
		if err := one.open(); err != nil {
			return started, err
		}
		started = append(started, one)
	}
	return started, nil
}

func (s servers) startPbxctl(ctx context.Context) (*server, error) {
	data, err := os.MkdirTemp(s.dir, "data-")
	if err != nil {
		return nil, err
	}
	return startServer(ctx, []string{s.fleetKeys}, s.pbxctl, "serve", "--addr", "127.0.0.1:0", "--data", data)
}

// throughput posts over all connections as fast as answers come. It returns how many events
// `pbxctl serve` accepts in a second.
func (s servers) throughput(ctx context.Context, l load) (float64, error) {
	all, err := s.open(ctx, l)
	defer killAll(all)
	if err != nil {
		return 0, err
	}
	var rows []*contender
	for _, one := range all {
		rows = append(rows, one.contender(ctx))
	}
	if err := inTurns(ctx, fmt.Sprintf("serve, connections: %d", l.connections), s.runs, rows...); err != nil {
		return 0, err
	}
	if err := addProcessorTime(rows, all); err != nil {
		return 0, err
	}
	return rows[0].median(), table{
		title: fmt.Sprintf("Post call records, %d in each run; connections: %d", l.events, l.connections),
		unit:  "events/s", format: "%.0f", columns: []string{"CPU µs/event", "its ratio"},
		against: rows[1:], rows: rows,
	}.print(os.Stdout)
}

func killAll(all []*served) {
	for _, one := range all {
		one.server.kill()
	}
}

// addProcessorTime stops the servers. It adds their processor time to the rows, also as a
// multiple of the last server's.
func addProcessorTime(rows []*contender, all []*served) error {
	micros := make([]float64, len(all))
	for i, one := range all {
		var err error
		if micros[i], err = one.close(); err != nil {
			return err
		}
	}
	floor := micros[len(micros)-1]
	for i, used := range micros {
		rows[i].more = []string{fmt.Sprintf("%.0f", used), fmt.Sprintf("%.2f", used/floor)}
	}
	return nil
}
