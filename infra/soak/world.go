package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
)

// world is one served folder, and its PBXs, attackers and operators.
type world struct {
	settings
	place, binary, data string
	disk                *disk
	server              *server
	failures            *os.File // what commands said that failed
	counts              counts
	faults              faults
	fleet               []*honest
	erasable            *erasable
	keys                signer

	mu      sync.Mutex
	ahead   time.Duration // of the machine's clock is the server's, where that is right
	quarter []int         // the largest MiB at the end of each quarter
}

// signer makes the path of a PBX's URL.
type signer func(pbx.MAC) (path, token string)

// hostileMAC is the MAC of the PBX whose URL attackers know.
const hostileMAC = pbx.MAC("0200000000ee")

func newWorld(s settings, place string) *world {
	return &world{settings: s, place: place, binary: filepath.Join(place, "pbxctl"), data: filepath.Join(place, "disk", "data")}
}

// dice returns the dice of one actor. The actions of others don't change them.
func (w *world) dice(actor uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, actor)) }

// clock returns how far the server's clock is ahead of the machine's while it is right.
func (w *world) clock() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}

const (
	honestPBXs  = 8
	callsPerDay = 60
	// pushesPerDay is about how often such a PBX pushes on a day.
	pushesPerDay = 120
)

// made returns the fleet that pushes. It has more days than the time suffices for.
func (w *world) made() fleet.Config {
	days := 3 + int(w.rate*w.length.Seconds()/(honestPBXs*pushesPerDay))
	return fleet.Config{
		Seed: w.seed, PBXs: honestPBXs, Days: days, First: pbx.UTCDay(time.Now()) - pbx.Day(days+9), CallsPerDay: callsPerDay,
		Zones:      []string{"Europe/Berlin", "Asia/Shanghai", "America/New_York", "UTC"},
		Duplicates: 0.03, Late: 0.02, Restated: 0.02, Drift: 0.25, PowerCuts: 0.1, Outages: 0.1, Arrays: 0.5,
	}
}

// soak lets everything happen, and then checks the result.
func (w *world) soak(ctx context.Context) (err error) {
	if w.server, err = newServer(w); err != nil {
		return err
	}
	if w.failures, err = os.Create(w.path("failures")); err != nil {
		return err
	}
	if err := w.server.start(0); err != nil {
		return err
	}
	if err := w.people(ctx); err != nil {
		return err
	}
	lasting, end := context.WithTimeout(ctx, w.length)
	defer end()
	var pushing, doing sync.WaitGroup
	ticks := w.ticks(lasting)
	for _, p := range w.fleet {
		pushing.Go(func() { p.push(lasting, ticks) })
	}
	pushing.Go(func() { w.erasable.push(lasting) })
	for n := range uint64(2) {
		doing.Go(func() { w.pushHostile(lasting, n) })
		doing.Go(func() { w.maintain(lasting, n) })
	}
	doing.Go(func() { w.print(lasting) })
	w.troubles(lasting)
	doing.Wait()
	fmt.Println("soak: comes to rest")
	w.rest(ctx, &pushing)
	if ctx.Err() != nil {
		return errors.New("stopped before it was done")
	}
	w.check()
	return nil
}

// people registers the fleet and its keys.
func (w *world) people(ctx context.Context) error {
	keys, err := local.ReadKeys(w.data, "")
	if err != nil {
		return err
	}
	w.keys = func(mac pbx.MAC) (path, token string) {
		token = keys.Sign(mac, 1).Reveal()
		return "/v1/pbx/" + string(mac) + "/" + token, token
	}
	for _, p := range w.made().All() {
		w.fleet = append(w.fleet, newHonest(w, p))
		if got := w.pbxctl(ctx, "device", "add", string(p.MAC), "--zone", p.Zone.String(), "--data", w.data); got.code != 0 {
			return fmt.Errorf("add %s: %s", p.MAC, got.errs)
		}
	}
	w.erasable = &erasable{sender: newSender(w, erasableMAC)}
	return nil
}

// ticks yields each time a push may be made.
func (w *world) ticks(ctx context.Context) <-chan time.Time {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / w.rate))
	context.AfterFunc(ctx, ticker.Stop)
	return ticker.C
}

// print prints a line each minute, and notes how much memory is in use.
func (w *world) print(ctx context.Context) {
	began, minute := time.Now(), time.Minute
	for ticker := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
		since := time.Since(began)
		if quarter, quiet := w.phase(since); quiet {
			w.note(quarter, w.server.resident())
		}
		if since >= minute {
			minute += time.Minute
			fmt.Printf("soak: %.0f min; p99 %.0f ms; %d MiB; %d hostile; pushes: %s; troubles: %s; commands: %s\n", since.Minutes(),
				float64(w.counts.p99().Microseconds())/1000, w.server.resident(), w.counts.get("hostile attempts"),
				w.counts.line("pushes: "), w.counts.line("troubles: "), w.counts.line("commands: "))
		}
	}
}

// phase returns which quarter of the time it is, and whether it is the last third of that quarter.
// No trouble is made in that third.
func (w *world) phase(since time.Duration) (quarter int, quiet bool) {
	share := 4 * since.Seconds() / w.length.Seconds()
	quarter = min(int(share), 3)
	return quarter, share-float64(quarter) > 2./3
}

func (w *world) note(quarter, mib int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quarter = append(w.quarter, make([]int, max(0, quarter+1-len(w.quarter)))...)
	w.quarter[quarter] = max(w.quarter[quarter], mib)
}

func oneOf[T any](dice *rand.Rand, all ...T) T { return all[dice.IntN(len(all))] }

// sleep waits, and reports whether to go on.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func between(dice *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(dice.Int64N(int64(high-low)))
}

// macs returns the MACs of the fleet.
func (w *world) macs() (all []string) {
	for _, p := range w.fleet {
		all = append(all, string(p.pbx.MAC))
	}
	return slices.Clip(all)
}
