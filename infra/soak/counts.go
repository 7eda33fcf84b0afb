package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// counts is how often each thing happened.
type counts struct {
	mu   sync.Mutex
	of   map[string]int
	took []time.Duration // pushes that were acknowledged, since the last p99
}

func (c *counts) add(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[what] += n
}

func (c *counts) get(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[what]
}

func (c *counts) answered(within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = append(c.took, within)
}

// p99 returns within which time 99 of 100 pushes were acknowledged since the last call of p99.
func (c *counts) p99() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := c.took
	c.took = nil
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[int(math.Ceil(0.99*float64(len(took))))-1]
}

// line returns the counts of a kind, on one line.
func (c *counts) line(kind string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(c.of)) {
		if name, ok := strings.CutPrefix(what, kind); ok {
			all = append(all, fmt.Sprintf("%d %s", c.of[what], name))
		}
	}
	return strings.Join(all, ", ")
}

// print prints a table of all counts.
func (c *counts) print(out io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintln(out, "\nCOUNT     OF")
	for _, what := range slices.Sorted(maps.Keys(c.of)) {
		fmt.Fprintf(out, "%-9d %s\n", c.of[what], what)
	}
}

// faults are the faults that were found. The first of each kind are kept.
type faults struct {
	mu    sync.Mutex
	times map[string]int
	all   []error
}

// faultsShown is how many faults of a kind are shown.
const faultsShown = 5

// add adds a fault of a kind.
func (f *faults) add(kind, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.times == nil {
		f.times = map[string]int{}
	}
	if f.times[kind]++; f.times[kind] <= faultsShown {
		err := fmt.Errorf("%s: %s", kind, fmt.Sprintf(format, args...))
		f.all = append(f.all, err)
		fmt.Println("soak: WRONG:", err)
	}
}

// err returns all faults, or nil.
func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) == 0 {
		return nil
	}
	for _, kind := range slices.Sorted(maps.Keys(f.times)) {
		f.all = append(f.all, fmt.Errorf("%d times %s", f.times[kind], kind))
	}
	return errors.Join(f.all...)
}
