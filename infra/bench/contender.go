package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// contender is something that is measured in alternation with others.
type contender struct {
	name    string
	measure func() ([]float64, error)
	samples []float64
	more    []string // further values of it, a column each
}

// operation is a contender whose sample is nanoseconds. It also reports its allocations.
func operation(name string, do func() error) *contender {
	c := &contender{name: name}
	c.measure = func() ([]float64, error) {
		var failed error
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if failed = do(); failed != nil {
					b.FailNow()
				}
			}
		})
		if failed != nil {
			return nil, failed
		}
		c.more = []string{fmt.Sprint(result.AllocsPerOp()), fmt.Sprint(result.AllocedBytesPerOp())}
		return []float64{float64(result.T.Nanoseconds()) / float64(result.N)}, nil
	}
	return c
}

var operationColumns = []string{"allocs/op", "B/op"}

func (c *contender) min() float64 { return slices.Min(c.samples) }

func (c *contender) median() float64 {
	sorted := slices.Sorted(slices.Values(c.samples))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// percentile returns the smallest sample that is not below the given percentage of all.
func (c *contender) percentile(percent float64) float64 {
	sorted := slices.Sorted(slices.Values(c.samples))
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// inTurns takes the samples of all contenders, A B A B, and reports its progress.
func inTurns(ctx context.Context, what string, turns int, contenders ...*contender) error {
	for turn := range turns {
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", what, turn+1, turns)
		for _, c := range contenders {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			samples, err := c.measure()
			if err != nil {
				return fmt.Errorf("%s: %s: %w", what, c.name, err)
			}
			c.samples = append(c.samples, samples...)
		}
	}
	return nil
}

// table has the results of contenders, for people.
type table struct {
	title   string
	unit    string
	format  string       // of a sample
	columns []string     // the names of contender.more
	against []*contender // the others are given as multiples of their medians
	rows    []*contender
}

func (t table) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.title)
	lines := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(lines, strings.Join(t.head(), "\t")+"\t")
	for _, c := range t.rows {
		fmt.Fprintln(lines, strings.Join(t.line(c), "\t")+"\t")
	}
	return lines.Flush()
}

func (t table) head() []string {
	head := append([]string{"", "min " + t.unit, "median " + t.unit}, t.columns...)
	for _, c := range t.against {
		head = append(head, "ratio to "+c.name)
	}
	return head
}

func (t table) line(c *contender) []string {
	line := []string{c.name, fmt.Sprintf(t.format, c.min()), fmt.Sprintf(t.format, c.median())}
	line = append(line, c.more...)
	for _, other := range t.against {
		line = append(line, fmt.Sprintf("%.2f", c.median()/other.median()))
	}
	return line
}
