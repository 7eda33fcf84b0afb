package replay

import (
	"context"

	"golang.org/x/time/rate"

	"trunkline/pkg/store"
)

// Paced returns a table that is written at most perSecond times a second; 0: no limit.
func Paced(t store.Table, perSecond float64) store.Table {
	if perSecond == 0 {
		return t
	}
	return paced{t, rate.NewLimiter(rate.Limit(perSecond), 1)}
}

type paced struct {
	store.Table
	pace *rate.Limiter
}

// Put implements store.Table.
func (t paced) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	if err := t.pace.Wait(ctx); err != nil {
		return err
	}
	return t.Table.Put(ctx, item, cond)
}
