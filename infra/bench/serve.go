package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// serve measures `pbxctl serve` against a server that keeps nothing. Who posts runs on
// the same processors.
func serve(ctx context.Context, w *workshop) error {
	pbxctl, err := w.build(ctx, w.root, "./infra/pbxctl")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fleetKeys := "FLEET_KEYS=" + newFleetKeys()
	path, err := devicePath(ctx, pbxctl, fleetKeys)
	if err != nil {
		return err
	}
	for _, l := range []load{{connections: 1, events: 40}, {connections: 32, events: 160}} {
		whole := &served{name: "pbxctl serve", path: path, load: l, start: func() (*server, error) {
			return w.startPbxctl(ctx, pbxctl, fleetKeys)
		}}
		floor := &served{name: "body read", path: path, load: l, start: func() (*server, error) {
			return startServer(ctx, nil, self, floorMode)
		}}
		if err := serveUnder(ctx, w, l, whole, floor); err != nil {
			return err
		}
	}
	return nil
}

// devicePath is the path of the vendor's PBX, its token in it.
func devicePath(ctx context.Context, pbxctl, fleetKeys string) (string, error) {
	const base = "http://127.0.0.1"
	cmd := exec.CommandContext(ctx, pbxctl, "device", "url", "--mac", vendorMAC, "--base", base)
	cmd.Env = append(os.Environ(), fleetKeys)
	url, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("pbxctl device url: %w", err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(url)), base), nil
}

func (w *workshop) startPbxctl(ctx context.Context, pbxctl, fleetKeys string) (*server, error) {
	data, err := os.MkdirTemp(w.dir, "data-")
	if err != nil {
		return nil, err
	}
	return startServer(ctx, []string{fleetKeys}, pbxctl, "serve", "--addr", "127.0.0.1:0", "--data", data)
}

func serveUnder(ctx context.Context, w *workshop, l load, whole, floor *served) error {
	for _, s := range []*served{whole, floor} {
		if err := s.open(); err != nil {
			return err
		}
		defer s.server.kill()
	}
	rows := []*contender{whole.contender(ctx), floor.contender(ctx)}
	if err := inTurns(ctx, fmt.Sprintf("serve, connections: %d", l.connections), w.runs, rows...); err != nil {
		return err
	}
	if err := tellProcessorTime(rows, whole, floor); err != nil {
		return err
	}
	return table{
		title: fmt.Sprintf("Post call records, %d in each run; connections: %d", l.events, l.connections),
		unit:  "events/s", format: "%.0f", columns: []string{"CPU µs/event", "its ratio"},
		against: rows[1:], rows: rows,
	}.print(os.Stdout)
}

// tellProcessorTime stops the servers, and gives the rows what they used.
func tellProcessorTime(rows []*contender, whole, floor *served) error {
	wholeMicros, err := whole.close()
	if err != nil {
		return err
	}
	floorMicros, err := floor.close()
	if err != nil {
		return err
	}
	rows[0].more = []string{fmt.Sprintf("%.0f", wholeMicros), fmt.Sprintf("%.2f", wholeMicros/floorMicros)}
	rows[1].more = []string{fmt.Sprintf("%.0f", floorMicros), "1.00"}
	return nil
}
