package compact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Job is a worker's turn at the events of a kind. It is sent to workers, and may be lost,
// doubled, or come late.
type Job struct {
	Kind pbx.Kind `json:"pack"`
	// Until is when another turn comes anyhow. A turn that has not packed all by its own end
	// is followed by one more only before.
	Until time.Time `json:"until"`
}

// jobsEvery is how often each kind has its turn.
const jobsEvery = time.Hour

// Jobs are those of each kind of event.
func Jobs(now time.Time) []Job {
	var all []Job
	for _, kind := range pbx.Kinds() {
		all = append(all, Job{kind, now.Add(jobsEvery)})
	}
	return all
}

// Check tells whether it is the turn of a kind that there is.
func (j Job) Check() error {
	if !slices.Contains(pbx.Kinds(), j.Kind) {
		return fmt.Errorf("%.40q is no kind of event", string(j.Kind))
	}
	return nil
}

// Take packs for as long as a turn has. It tells whether one more turn is to follow: there is
// more to pack, and this one came on with it.
func (c *Compactor) Do(ctx context.Context, j Job) (done Report, again bool, err error) {
	done, err = c.Run(ctx, j.Kind)
	return done, (err == nil || each.Only(err)) && done.More && done.Events > 0 && c.now().Before(j.Until), err
}
