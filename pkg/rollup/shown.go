package rollup

import (
	"cmp"
	"context"

	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/store"
)

// Asked says which rows of a PBX's published day to show, and by which thresholds.
type Asked struct {
	Task
	Queue string // only this queue; empty: all queues
	All   bool   // also the rows of the whole PBX and of agents; only without a Queue
	// ServiceLevel and ShortAbandon are in seconds; nil: as set for the PBX.
	ServiceLevel, ShortAbandon *int64
}

// Shown is what was asked for of a published day.
type Shown struct {
	PublishedDay
	Latest     kpi.Published // the zero value if nothing is published
	Thresholds kpi.Thresholds
	Names      store.Names
}

// ReadShown reads what was asked for of a published day.
func ReadShown(ctx context.Context, s *store.Store, asked Asked) (d Shown, err error) {
	if d.Thresholds, err = ThresholdsOf(ctx, s, asked.MAC); err != nil {
		return d, err
	}
	d.Thresholds.ServiceLevel = *cmp.Or(asked.ServiceLevel, &d.Thresholds.ServiceLevel)
	d.Thresholds.ShortAbandon = *cmp.Or(asked.ShortAbandon, &d.Thresholds.ShortAbandon)
	if d.Names, err = s.Names(ctx, asked.MAC); err != nil {
		return d, err
	}
	rows := each.Where(s.Figures().Rows(ctx, asked.MAC, asked.Day), func(row store.Row) bool {
		d.Latest = kpi.Published{ComputedAt: row.ComputedAt, Revision: row.Revision}
		return asked.selects(row)
	})
	d.PublishedDay, err = ReadPublished(rows, d.Thresholds)
	return d, err
}

func (a Asked) selects(row store.Row) bool {
	if a.Queue != "" {
		return row.Scope == store.ScopeQueue && row.Name == a.Queue
	}
	return a.All || row.Scope == store.ScopeQueue
}
