package compact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Turn is a worker's turn at the events of a kind. It is sent to workers, and may be lost,
// doubled, or come late.
type Turn struct {
	Kind pbx.Kind `json:"pack"`
	// Until is when another turn comes anyhow. A turn that has not packed all by its own end
	// is followed by one more only before.
	Until time.Time `json:"until"`
}

// turnsEvery is how often each kind has its turn.
const turnsEvery = time.Hour

// Turns are those of each kind of event.
func Turns(now time.Time) []Turn {
	var all []Turn
	for _, kind := range pbx.Kinds() {
		all = append(all, Turn{kind, now.Add(turnsEvery)})
	}
	return all
}

// Check tells whether it is the turn of a kind that there is.
func (t Turn) Check() error {
	if !slices.Contains(pbx.Kinds(), t.Kind) {
		return fmt.Errorf("%.40q is no kind of event", string(t.Kind))
	}
	return nil
}

// Take packs for as long as a turn has. It tells whether one more turn is to follow: there is
// more to pack, and this one came on with it.
func (c *Compactor) Take(ctx context.Context, t Turn) (done Report, again bool, err error) {
	done, err = c.Run(ctx, t.Kind)
	return done, (err == nil || each.Only(err)) && done.More && done.Events > 0 && c.now().Before(t.Until), err
}
