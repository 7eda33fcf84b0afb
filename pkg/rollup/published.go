package rollup

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// PublishedDay has the published rows of a PBX's day as figures.
type PublishedDay struct {
	PBX    []kpi.PBXFigures
	Queues []kpi.QueueFigures
	Agents []kpi.AgentFigures
	All    []any // all of them, in the order in which they are stored
}

// ReadPublished reads rows as figures, by the thresholds t.
func ReadPublished(rows iter.Seq2[store.Row, error], t kpi.Thresholds) (PublishedDay, error) {
	day := PublishedDay{All: []any{}}
	for row, err := range rows {
		if err != nil {
			return PublishedDay{}, err
		}
		figures, err := Figures(row, t)
		if err != nil {
			return PublishedDay{}, err
		}
		day.add(figures)
	}
	return day, nil
}

func (d *PublishedDay) add(figures any) {
	d.All = append(d.All, figures)
	switch f := figures.(type) {
	case kpi.QueueFigures:
		d.Queues = append(d.Queues, f)
	case kpi.PBXFigures:
		d.PBX = append(d.PBX, f)
	case kpi.AgentFigures:
		d.Agents = append(d.Agents, f)
	}
}

// queue returns the figures of a queue. They are 0 where the queue had no calls.
func (d PublishedDay) queue(name string) kpi.Figures {
	for _, q := range d.Queues {
		if q.Queue == name {
			return q.Figures
		}
	}
	return kpi.Figures{}
}

// Figures returns a published row as kpi.QueueFigures, kpi.PBXFigures or kpi.AgentFigures.
func Figures(row store.Row, t kpi.Thresholds) (any, error) {
	published := kpi.Published{ComputedAt: row.ComputedAt, Revision: row.Revision}
	switch row.Scope {
	case store.ScopeQueue:
		figures, err := decode[kpi.Queue](row)
		return figures.Figures(t, published), err
	case store.ScopePBX:
		figures, err := decode[kpi.PBX](row)
		return figures.Figures(t, published), err
	}
	figures, err := decode[kpi.Agent](row)
	return figures.Figures(published), err
}

func decode[R any](row store.Row) (r R, err error) {
	if err := json.Unmarshal(row.Row, &r); err != nil {
		return r, fmt.Errorf("row %s %s: %w", row.Scope, row.Name, err)
	}
	return r, nil
}

// ThresholdsOf reads the thresholds that are set for a PBX. It fails where a setting can't be read.
func ThresholdsOf(ctx context.Context, s *store.Store, mac pbx.MAC) (kpi.Thresholds, error) {
	device, err := s.Device(ctx, mac)
	if err != nil {
		return kpi.Thresholds{}, err
	}
	return Thresholds(device), CheckSettings(mac, device)
}

// Restated is a revision that was replaced, with its rows.
type Restated struct {
	store.Restatement
	Day PublishedDay
}

// History is all that was published of a PBX's day.
type History struct {
	Replaced []Restated // the oldest first
	Current  PublishedDay
}

// ReadHistory reads what was published of a PBX's day. A revision that can't be read is skipped;
// the error is an *each.Skipped then.
func ReadHistory(ctx context.Context, s *store.Store, t Task) (h History, err error) {
	thresholds, err := ThresholdsOf(ctx, s, t.MAC)
	if err != nil {
		return h, err
	}
	if h.Current, err = ReadPublished(s.Figures().Rows(ctx, t.MAC, t.Day), thresholds); err != nil || len(h.Current.All) == 0 {
		return h, err
	}
	name := func(r store.Restatement) string { return fmt.Sprint("revision ", r.Revision) }
	all := each.Loop[store.Restatement]{Of: "revisions that were replaced", Name: name}
	err = all.Do(ctx, s.Figures().Restatements(ctx, t.MAC, t.Day), func(ctx context.Context, r store.Restatement) error {
		day, err := ReadPublished(s.Figures().RestatedRows(ctx, t.MAC, t.Day, r.Revision), thresholds)
		if err != nil {
			return err
		}
		h.Replaced = append(h.Replaced, Restated{r, day})
		return nil
	})
	return h, err
}

// Change is what a restatement changed of a queue's figures.
type Change struct {
	store.Restatement
	Queue    string   // empty: only figures changed that are not shown
	Was, Now []string // as they are shown
}

// Changes compares each replaced revision with the next one. It returns the queues whose figures
// differ as shown shows them, in the order of revisions and queues. A revision without any such
// queue has one Change without a queue.
func (h History) Changes(shown func(kpi.Figures) []string) (all []Change) {
	for i, old := range h.Replaced {
		next := h.Current
		if i+1 < len(h.Replaced) {
			next = h.Replaced[i+1].Day
		}
		before := len(all)
		for _, queue := range queuesOf(old.Day, next) {
			was, now := shown(old.Day.queue(queue)), shown(next.queue(queue))
			if !slices.Equal(was, now) {
				all = append(all, Change{old.Restatement, queue, was, now})
			}
		}
		if len(all) == before {
			all = append(all, Change{Restatement: old.Restatement})
		}
	}
	return all
}

// queuesOf returns the queues of either day, sorted.
func queuesOf(a, b PublishedDay) (queues []string) {
	for _, q := range slices.Concat(a.Queues, b.Queues) {
		queues = append(queues, q.Queue)
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

// RestatedRows is a revision that was replaced, with its rows, for programs.
type RestatedRows struct {
	Task
	store.Restatement
	Rows []any `json:"rows"`
}

// RestatedRows returns the revisions that were replaced of a day, the oldest first.
func (h History) RestatedRows(of Task) (all []RestatedRows) {
	for _, old := range h.Replaced {
		all = append(all, RestatedRows{of, old.Restatement, old.Day.All})
	}
	return all
}
