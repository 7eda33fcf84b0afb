package compact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Job asks a worker to pack the events of one kind. As a message it may be lost, delivered twice,
// or delivered late.
type Job struct {
	Kind pbx.Kind `json:"pack"`
	// Until is when the next scheduled job starts. An unfinished job is enqueued again only
	// before that.
	Until time.Time `json:"until"`
}

// jobsEvery is how often each kind has a scheduled job.
const jobsEvery = time.Hour

// Jobs returns one job for each kind of event.
func Jobs(now time.Time) []Job {
	var all []Job
	for _, kind := range pbx.Kinds() {
		all = append(all, Job{kind, now.Add(jobsEvery)})
	}
	return all
}

// Check returns an error if the kind of the job does not exist.
func (j Job) Check() error {
	if !slices.Contains(pbx.Kinds(), j.Kind) {
		return fmt.Errorf("%.40q is not a kind of event", string(j.Kind))
	}
	return nil
}

// Do does a job until it is done or its time is used up. It reports whether to enqueue it again:
// more is left to pack, and this run has made progress.
func (c *Compactor) Do(ctx context.Context, j Job) (done Report, again bool, err error) {
	done, err = c.Run(ctx, j.Kind)
	return done, (err == nil || each.Only(err)) && done.More && done.Events > 0 && c.now().Before(j.Until), err
}
