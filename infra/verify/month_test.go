package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/zycoo"
)

// month is that of a fleet in which clocks are set back, forward, or never.
func month() fleet.Config {
	c := fleet.Config{
		Seed: 7, PBXs: 20, First: on("2026-10-10"), Days: 31, CallsPerDay: 40,
		Zones: []string{
			"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Sydney",
			"America/Sao_Paulo", "Asia/Kathmandu", "UTC", "America/Denver",
		},
		Duplicates: 0.05, Late: 0.03, Restated: 0.01,
	}
	if testing.Short() {
		c.PBXs, c.CallsPerDay = len(c.Zones), 15
	}
	return c
}

// TestAMonthOfAFleet holds what the rollup publishes of a month, from deliveries in any
// order, against the figures computed here.
func TestAMonthOfAFleet(t *testing.T) {
	var all []receipt
	devices := map[pbx.MAC]store.Device{}
	curated := archivetest.NewMemory()
	var rolling sync.WaitGroup
	for i, p := range month().All() {
		device, deliveries := deviceOf(i, p), received(t, p, rand.New(rand.NewPCG(7, uint64(i))))
		all = append(all, deliveries...)
		devices[p.MAC] = device
		if !device.Zone.Known() { // it is learnt
			known := device
			known.Zone = p.Zone
			devices[p.MAC] = known
		}
		rolling.Go(func() {
			if err := roll(t.Context(), curated, device, deliveries); err != nil {
				t.Errorf("%s: %v", p.MAC, err)
			}
		})
	}
	rolling.Wait()
	out, code := runWith(t, "--raw", keep(t, all), "--curated", folderOf(t, curated), "--settings", settingsFile(t, devices))
	t.Log(out)
	if code != 0 {
		t.Error("the product's figures are not those computed here")
	}
}

// deviceOf is what an operator has set for a PBX: now and then something.
func deviceOf(i int, p fleet.PBX) (d store.Device) {
	if i%2 == 0 {
		d.Zone = p.Zone
	}
	if i%4 == 1 {
		d.ServiceLevel, d.ShortAbandon, d.TalkIncludesHold = pbx.IntOf(int64(10+i)), pbx.IntOf(int64(i)), true
	}
	return d
}

// received is what a PBX delivers in a month, in no order.
func received(t *testing.T, p fleet.PBX, dice *rand.Rand) (all []receipt) {
	for d := range p.Deliveries() {
		body, err := zycoo.Decode(d.Body)
		must(t, err)
		for i, e := range body.Elements {
			if e.Err != nil {
				t.Fatal(e.Err)
			}
			all = append(all, receipt{d.MAC, d.At, i, e.Event})
		}
	}
	dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// roll records what a PBX delivered, and has its days published: after half of it, and
// again at the end.
func roll(ctx context.Context, curated *archivetest.Memory, d store.Device, all []receipt) error {
	now := afterwards()
	records := store.New(storetest.NewMemory(), func() time.Time { return now })
	days := rollup.New(records, curated, config.DefaultSchedule(), func() time.Time { return now })
	if err := records.SetDevice(ctx, all[0].mac, d); err != nil {
		return err
	}
	for half := range slices.Chunk(all, (len(all)+1)/2) {
		for _, r := range half {
			_, err := records.Record(ctx, store.Origin{MAC: r.mac, At: r.at, Index: r.index, Zone: d.Zone}, r.event)
			if err != nil {
				return err
			}
		}
		now = now.Add(time.Hour)
		if _, err := days.Schedule(ctx, worker{days}); err != nil {
			return err
		}
	}
	return nil
}

// worker does tasks as soon as they are sent.
type worker struct{ *rollup.Rollup }

func (w worker) Send(ctx context.Context, tasks []rollup.Task) error {
	for _, task := range tasks {
		if _, err := w.Work(ctx, task); err != nil {
			return err
		}
	}
	return nil
}

// folderOf writes the objects to a folder, and returns its curated/.
func folderOf(t *testing.T, bucket *archivetest.Memory) string {
	root := t.TempDir()
	for name, err := range bucket.List(t.Context(), "curated/", "") {
		must(t, err)
		body, err := bucket.Get(t.Context(), name)
		must(t, err)
		write(t, filepath.Join(root, name), body)
	}
	return filepath.Join(root, "curated")
}

// runWith runs the program.
func runWith(t *testing.T, args ...string) (out string, code int) {
	var printed, errs bytes.Buffer
	code = run(t.Context(), args, &printed, &errs)
	return printed.String() + errs.String(), code
}
