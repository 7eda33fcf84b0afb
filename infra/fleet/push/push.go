package push

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"trunkline/infra/fleet"
	"trunkline/infra/fleet/truth"
)

// Simulation is a fleet that posts. It runs once.
type Simulation struct {
	Open      Opener
	PerSecond rate.Limit     // events of the whole fleet; rate.Inf: as fast as it goes
	AtOnce    int            // PBXs that post at a time, from 1
	Days      func(days int) // is called with days that a PBX has posted, from several goroutines
	Truth     bool           // true figures are asked for
	OwnClock  bool           // each delivery is received at its own time

	pace    *rate.Limiter
	mu      sync.Mutex
	events  int
	without int // PBXs whose true figures are not known
	retries int
	answers map[int]int
	took    []time.Duration
}

// Run has all PBXs post. It writes the true figures of each to out, if they are asked for.
func (s *Simulation) Run(ctx context.Context, all []fleet.PBX, out io.Writer) error {
	s.pace = rate.NewLimiter(s.PerSecond, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type played struct {
		lines []byte
		err   error
	}
	play := func(p fleet.PBX) played {
		records, err := s.play(ctx, p)
		if err != nil || !s.Truth {
			return played{nil, err}
		}
		if !s.knows(p) {
			s.leaveOut()
			return played{}
		}
		lines, err := Lines(records)
		return played{lines, err}
	}
	inOrder(all, s.AtOnce, play, func(p played) {
		if p.err == nil {
			_, p.err = out.Write(p.lines)
		}
		if p.err != nil {
			cancel(p.err) // the first counts
		}
	})
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return s.refusals()
}

// inOrder calls do for each of all, several concurrently. It calls use with the results, in the
// order of all.
func inOrder[A, B any](all []A, atOnce int, do func(A) B, use func(B)) {
	coming := make(chan chan B, atOnce-1)
	go func() {
		defer close(coming)
		for _, a := range all {
			result := make(chan B, 1)
			coming <- result
			go func() { result <- do(a) }()
		}
	}()
	for result := range coming {
		use(<-result)
	}
}

// play has a PBX post, one delivery after the other.
func (s *Simulation) play(ctx context.Context, p fleet.PBX) (*truth.Records, error) {
	post, err := s.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	records := truth.New(p.MAC, p.Zone)
	progress := progress{p: p, days: s.Days}
	for d := range p.Deliveries() {
		err := wait(ctx, s.pace, len(d.Events))
		var r Reply
		if err == nil {
			r, err = post(ctx, d)
		}
		if err != nil {
			return nil, fmt.Errorf("PBX %s: %w", p.MAC, err)
		}
		s.note(r, len(d.Events))
		for _, e := range d.Events {
			if s.Truth && s.knows(p) {
				records.Add(e, r.At)
			}
		}
		progress.reach(d.At)
	}
	progress.end()
	return records, nil
}

// knows reports whether the PBX's true figures can be known. Those of software v4 depend on when
// its deliveries are received.
func (s *Simulation) knows(p fleet.PBX) bool { return s.OwnClock || !p.V4 }

func (s *Simulation) leaveOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.without++
}

func (s *Simulation) note(r Reply, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers == nil {
		s.answers = map[int]int{}
	}
	s.answers[r.Status]++
	s.events += events
	s.retries += r.Tries - 1
	s.took = append(s.took, r.Took)
}

// refusals returns an error if an answer reports a problem. 202 is not a problem: it answers events
// that make no record.
func (s *Simulation) refusals() error {
	refused := 0
	for status, posts := range s.answers {
		if status != http.StatusOK && status != http.StatusAccepted {
			refused += posts
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d posts were not acknowledged: answers by status: %v", refused, len(s.took), s.answers)
	}
	return nil
}

// progress reports each of a PBX's days once.
type progress struct {
	p     fleet.PBX
	days  func(int)
	shown int
}

func (p *progress) reach(at time.Time) { p.show(p.p.DayOf(at)) }
func (p *progress) end()               { p.show(math.MaxInt) }

func (p *progress) show(day int) {
	if day = min(day, p.p.Days()); day > p.shown {
		p.days(day - p.shown)
		p.shown = day
	}
}

// Summary is the result of a simulation.
type Summary struct {
	PBXs      int         `json:"pbxs"`
	Posts     int         `json:"posts"`
	Events    int         `json:"events"`
	Answers   map[int]int `json:"answers"` // posts, by the status of the last answer
	Retries   int         `json:"retries"`
	Seconds   float64     `json:"seconds"`
	PerSecond float64     `json:"events_per_second"`
	P50       float64     `json:"p50_ms"` // from a post to its answer, waits between tries left out
	P99       float64     `json:"p99_ms"`
	P999      float64     `json:"p99_9_ms"`
	Longest   float64     `json:"longest_ms"`
	Without   int         `json:"pbxs_without_truth"`
}

// Posted returns how many events and posts were answered so far.
func (s *Simulation) Posted() (events, posts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events, len(s.took)
}

// Summary returns the result of a simulation of a number of PBXs that took a time.
func (s *Simulation) Summary(pbxs int, within time.Duration) Summary {
	slices.Sort(s.took)
	percentile := func(share float64) float64 {
		if len(s.took) == 0 {
			return 0
		}
		at := s.took[int(math.Ceil(share*float64(len(s.took))))-1]
		return float64(at.Microseconds()) / 1000
	}
	return Summary{
		PBXs: pbxs, Posts: len(s.took), Events: s.events, Answers: s.answers, Retries: s.retries,
		Seconds: within.Seconds(), PerSecond: float64(s.events) / within.Seconds(),
		P50: percentile(0.5), P99: percentile(0.99), P999: percentile(0.999), Longest: percentile(1),
		Without: s.without,
	}
}

// wait waits until a number of events may be posted.
func wait(ctx context.Context, pace *rate.Limiter, events int) error {
	for range events {
		if err := pace.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
