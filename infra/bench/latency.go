package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Events arrive at an even pace, whether earlier ones were answered or not. The pace is
// latencyRate in a second, or half of what the server can do if that is less. A run takes
// latencyFor: that makes 1,500 latencies of each server.
const (
	latencyRate        = 500.0
	latencyFor         = 3 * time.Second
	latencyConnections = 32
)

// percentiles are the percentiles of latencies that are reported.
var percentiles = []float64{50, 99, 99.9}

// latency measures the time from when an event was due until its answer. So an event that waits
// for the answers to earlier ones has its waiting time counted.
func (s servers) latency(ctx context.Context, throughput float64) error {
	rate := min(latencyRate, throughput/2)
	l := load{latencyConnections, int(rate * latencyFor.Seconds())}
	all, err := s.open(ctx, l)
	defer killAll(all)
	if err != nil {
		return err
	}
	var rows []*contender
	for _, one := range all {
		rows = append(rows, &contender{name: one.name, measure: func() ([]float64, error) {
			return one.arrive(ctx, time.Duration(float64(time.Second)/rate))
		}})
	}
	if err := inTurns(ctx, "serve, latency", s.runs, rows...); err != nil {
		return err
	}
	fmt.Printf("\nLatency of %d call records, due at an even pace of %.0f/s; connections: %d at most\n",
		len(rows[0].samples), rate, l.connections)
	return printLatencies(os.Stdout, rows)
}

// arrive posts an event at every interval. It returns how many milliseconds after it was due each
// was answered.
func (s *served) arrive(ctx context.Context, interval time.Duration) ([]float64, error) {
	bodies, err := s.next(s.load.events)
	if err != nil {
		return nil, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	took := make([]float64, len(bodies))
	var underWay sync.WaitGroup
	began := time.Now()
	for i, body := range bodies {
		due := began.Add(time.Duration(i) * interval)
		sleep(time.Until(due))
		underWay.Go(func() {
			if err := s.postOne(ctx, body); err != nil {
				fail(err)
			}
			took[i] = time.Since(due).Seconds() * 1000
		})
	}
	underWay.Wait()
	return took, context.Cause(ctx)
}

func printLatencies(w io.Writer, rows []*contender) error {
	lines := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{""}
	for _, p := range percentiles {
		head = append(head, fmt.Sprintf("p%g ms", p))
	}
	for _, floor := range rows[1:] {
		head = append(head, "ratios to "+floor.name)
	}
	fmt.Fprintln(lines, strings.Join(head, "\t")+"\t")
	for _, c := range rows {
		fmt.Fprintln(lines, strings.Join(latencyLine(c, rows[1:]), "\t")+"\t")
	}
	return lines.Flush()
}

func latencyLine(c *contender, floors []*contender) []string {
	line := []string{c.name}
	for _, p := range percentiles {
		line = append(line, fmt.Sprintf("%.2f", c.percentile(p)))
	}
	for _, floor := range floors {
		var ratios []string
		for _, p := range percentiles {
			ratios = append(ratios, fmt.Sprintf("%.2f", c.percentile(p)/floor.percentile(p)))
		}
		line = append(line, strings.Join(ratios, ", "))
	}
	return line
}
