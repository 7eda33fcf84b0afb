package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// trouble is something that goes wrong, or that an operator does to a server.
type trouble struct {
	name   string
	weight int
	happen func(*world, context.Context, *rand.Rand)
}

var allTroubles = []trouble{
	{"SIGKILL", 5, (*world).killed},
	{"SIGTERM", 3, (*world).terminated},
	{"take-over", 3, (*world).takenOver},
	{"full disk", 3, (*world).full},
	{"the clock jumps", 3, (*world).jumps},
	{"a day passes", 1, (*world).passes},
	{"SIGHUP", 1, (*world).hungUp},
}

// troubles makes one trouble after the other, except in the last third of each quarter. It returns
// when the time is over.
func (w *world) troubles(ctx context.Context) {
	dice, began := w.dice(1), time.Now()
	for sleep(ctx, between(dice, 2*time.Second, 10*time.Second)) {
		if _, quiet := w.phase(time.Since(began)); quiet {
			continue
		}
		t := w.draw(dice)
		w.counts.add("troubles: "+t.name, 1)
		w.server.trouble(func() { t.happen(w, ctx, dice) })
	}
}

func (w *world) draw(dice *rand.Rand) trouble {
	var all []trouble
	for _, t := range allTroubles {
		for range t.weight {
			all = append(all, t)
		}
	}
	t := oneOf(dice, all...)
	if t.name == "full disk" && !w.disk.mounted {
		return allTroubles[0]
	}
	return t
}

// startsWithin is how long a command that began while no server ran may keep the folder.
const startsWithin = 90 * time.Second

// again starts a server if none runs, and repeats that, as systemd does.
func (w *world) again(at time.Duration) {
	for began := time.Now(); ; time.Sleep(time.Second) {
		err := w.server.start(at)
		if err == nil {
			return
		}
		w.counts.add("servers that did not start at once", 1)
		if time.Since(began) > startsWithin {
			w.faults.add("a server does not start", "%v", err)
			return
		}
	}
}

func (w *world) killed(context.Context, *rand.Rand) {
	w.server.kill()
	w.again(w.clock())
}

func (w *world) terminated(context.Context, *rand.Rand) {
	w.stop()
	w.again(w.clock())
}

// stop stops a server, which may take a little more than ten seconds.
func (w *world) stop() {
	const within = 16 * time.Second
	began := time.Now()
	err := w.server.terminate()
	if took := time.Since(began); err != nil || took > within {
		w.faults.add("a server does not end as it should", "%v after %s", err, took)
	}
}

func (w *world) takenOver(ctx context.Context, r *rand.Rand) {
	if err := w.server.takeOver(); err != nil {
		w.faults.add("a server is not taken over", "%v", err)
		w.killed(ctx, r)
	}
}

// full fills the disk for a while. Meanwhile the server may be killed.
func (w *world) full(ctx context.Context, dice *rand.Rand) {
	if err := w.disk.fill(); err != nil {
		w.faults.add("the disk can't be filled", "%v", err)
	}
	sleep(ctx, between(dice, 2*time.Second, 10*time.Second))
	dies := dice.IntN(3) == 0
	if dies {
		w.server.kill()
	}
	if err := w.disk.free(); err != nil {
		w.faults.add("the disk can't be freed", "%v", err)
	}
	if dies {
		w.again(w.clock())
	}
}

const day = 24 * time.Hour

// jumps lets the clock be wrong for a while, far ahead or behind.
func (w *world) jumps(ctx context.Context, dice *rand.Rand) {
	wrong := oneOf(dice, -3*365*day, -40*day, -3*time.Hour, 40*day, 400*day, 5*365*day)
	w.stop()
	w.again(w.clock() + wrong)
	sleep(ctx, between(dice, 2*time.Second, 12*time.Second))
	if dice.IntN(2) == 0 {
		w.server.kill()
	} else {
		w.stop()
	}
	w.again(w.clock())
}

// passes lets a day pass.
func (w *world) passes(context.Context, *rand.Rand) {
	w.stop()
	w.mu.Lock()
	w.ahead += day
	w.mu.Unlock()
	w.again(w.clock())
}

func (w *world) hungUp(context.Context, *rand.Rand) {
	w.server.process().Process.Signal(syscall.SIGHUP)
}
