package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"trunkline/pkg/pbx"
)

// result is the result of a command.
type result struct {
	out, errs string
	code      int // -1: it was cut off
}

// commandWithin is how long a command may take.
const commandWithin = 5 * time.Minute

// pbxctl runs a command.
func (w *world) pbxctl(ctx context.Context, args ...string) result {
	return w.pipe(ctx, "", args...)
}

// pipe runs a command with an input.
func (w *world) pipe(ctx context.Context, in string, args ...string) result {
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	c := exec.CommandContext(ctx, w.binary, args...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	var out, errs bytes.Buffer
	c.Env, c.Stdin, c.Stdout, c.Stderr = environment(), strings.NewReader(in), &out, &errs
	if c.Run(); ctx.Err() != nil || c.ProcessState == nil {
		return result{out.String(), errs.String(), -1}
	}
	return result{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// command is a command that operators run.
type command struct {
	name   string // its first words
	weight int
	more   func(*world, *rand.Rand) []string
	// asks says that the exit code 1 is an answer.
	asks bool
}

var commands = []command{
	{"rollup", 4, func(w *world, dice *rand.Rand) []string { return []string{"--all", "--day", w.someDay(dice) + ".."} }, false},
	{"replay", 4, (*world).replayed, false},
	{"spill redrive", 3, nothing, false},
	{"spill list", 1, nothing, false},
	{"quarantine list", 1, nothing, false},
	{"quarantine release", 2, func(*world, *rand.Rand) []string { return []string{"--all"} }, true}, // what can't be read stays
	{"find", 2, func(w *world, dice *rand.Rand) []string {
		return []string{"--number", "+49" + number(dice.IntN(1000))}
	}, false},
	{"device set", 2, func(w *world, dice *rand.Rand) []string {
		return []string{oneOf(dice, w.macs()...), "--name", fmt.Sprint("PBX ", dice.IntN(100))}
	}, false},
	{"device disable", 1, theSwitched, false},
	{"device enable", 3, theSwitched, false},
	{"device list", 1, nothing, false},
	{"names set", 2, func(w *world, dice *rand.Rand) []string {
		return []string{oneOf(dice, w.macs()...), "--queue", "630", "--name", fmt.Sprint("Queue ", dice.IntN(100))}
	}, false},
	{"keys rotate", 1, nothing, false},
	{"keys list", 1, nothing, false},
	{"kpi", 2, (*world).ofDay, true},
	{"completeness", 1, (*world).ofDay, true},
	{"doctor check", 2, nothing, true},
	{"doctor feed", 1, func(w *world, dice *rand.Rand) []string { return []string{"--mac", oneOf(dice, w.macs()...)} }, true},
	{"doctor silence", 1, nothing, true},
}

func nothing(*world, *rand.Rand) []string { return nil }

// theSwitched is the PBX that is disabled now and then.
func theSwitched(w *world, _ *rand.Rand) []string {
	return []string{string(w.fleet[len(w.fleet)-1].pbx.MAC)}
}

func (w *world) someDay(dice *rand.Rand) string {
	c := w.made()
	return (c.First + pbx.Day(dice.IntN(c.Days))).String()
}

func (w *world) ofDay(dice *rand.Rand) []string {
	return []string{oneOf(dice, w.macs()...), "--day", w.someDay(dice)}
}

// replayed selects the whole archive, in most cases of one PBX.
func (w *world) replayed(dice *rand.Rand) []string {
	today := pbx.UTCDay(time.Now())
	args := []string{"--day", fmt.Sprintf("%s..%s", today-1, today+pbx.Day(w.clock()/day)+1), "--into", w.data}
	if dice.IntN(8) > 0 {
		args = append(args, "--mac", oneOf(dice, w.macs()...))
	}
	return args
}

// maintain runs one command after the other.
func (w *world) maintain(ctx context.Context, n uint64) {
	dice := w.dice(200 + n)
	for sleep(ctx, between(dice, 200*time.Millisecond, 3*time.Second)) {
		switch dice.IntN(10) {
		case 0, 1:
			w.eraseOne(ctx, dice)
		case 2:
			w.discardOne(ctx, dice)
		case 3:
			w.exportAndImport(ctx)
		default:
			c := w.choose(dice)
			w.do(ctx, c.asks, "", append(strings.Fields(c.name), append(c.more(w, dice), "--data", w.data)...)...)
		}
	}
}

func (w *world) choose(dice *rand.Rand) command {
	var all []command
	for _, c := range commands {
		all = append(all, slices.Repeat([]command{c}, c.weight)...)
	}
	return oneOf(dice, all...)
}

// do runs a command, and checks its exit code.
func (w *world) do(ctx context.Context, asks bool, in string, args ...string) result {
	began := time.Now()
	got := w.pipe(ctx, in, args...)
	name := args[0]
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		name += " " + args[1]
	}
	w.counts.add("commands", 1)
	w.counts.add(fmt.Sprintf("commands: %s, exit %d", name, got.code), 1)
	if got.code != 0 && !asks {
		fmt.Fprintf(w.failures, "pbxctl %q: exit %d: %.1000s\n", args, got.code, got.errs)
	}
	switch {
	case ctx.Err() != nil: // it was cut off at the end
	case got.code == 0, got.code == 1 && (asks || !w.server.calm(began)):
	case got.code == -1:
		w.faults.add("a command takes too long", "pbxctl %q: %.500s", args, got.errs)
	default:
		w.faults.add("a command has failed without trouble", "pbxctl %q: exit %d: %.500s %.500s", args, got.code, got.errs, got.out)
	}
	if strings.Contains(got.errs, "panic:") || strings.Contains(got.errs, "fault in the program") {
		w.faults.add("a command has panicked", "pbxctl %q: %.2000s", args, got.errs)
	}
	return got
}

// eraseOne erases a caller all of whose calls were acknowledged.
func (w *world) eraseOne(ctx context.Context, dice *rand.Rand) {
	caller, ok := w.erasable.choose(dice)
	if ok {
		w.erasable.done(w.erase(ctx, caller).code == 0, caller)
	}
}

func (w *world) erase(ctx context.Context, callers ...int) result {
	args := []string{"erase", "--yes", "--json", "--data", w.data}
	for _, caller := range callers {
		args = append(args, "--number", "+49"+number(caller))
	}
	return w.do(ctx, false, "", args...)
}

// discardOne discards a quarantined event of an attacker.
func (w *world) discardOne(ctx context.Context, dice *rand.Rand) {
	got := w.do(ctx, false, "", "quarantine", "list", "--mac", string(hostileMAC), "--json", "--data", w.data)
	var names []string
	for line := range strings.Lines(got.out) {
		var item struct{ Name string }
		if json.Unmarshal([]byte(line), &item) == nil && item.Name != "" {
			names = append(names, item.Name)
		}
	}
	if len(names) > 0 {
		w.do(ctx, true, "", "quarantine", "discard", "--yes", oneOf(dice, names...), "--data", w.data) // released meanwhile
	}
}

func (w *world) exportAndImport(ctx context.Context) {
	if got := w.do(ctx, false, "", "device", "export", "--data", w.data); got.code == 0 {
		w.do(ctx, false, got.out, "device", "import", "-", "--data", w.data)
	}
}
