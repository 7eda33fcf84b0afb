package tables

import (
	"fmt"
	"slices"
	"testing"

	"trunkline/pkg/kpi"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

func TestARestatementIsComparedWithWhatReplacedIt(t *testing.T) {
	t.Parallel()
	published := func(queues ...kpi.QueueFigures) rollup.PublishedDay { return rollup.PublishedDay{Queues: queues} }
	offered := func(n int64) kpi.QueueFigures {
		return kpi.QueueFigures{Queue: "650", Figures: kpi.Figures{Outcomes: kpi.Outcomes{Offered: n}}}
	}
	revision := func(n int64, rows rollup.PublishedDay) rollup.Restated {
		return rollup.Restated{Restatement: store.Restatement{Revision: n}, Day: rows}
	}
	h := rollup.History{
		Replaced: []rollup.Restated{revision(1, published()), revision(2, published(offered(3))), revision(3, published(offered(3)))},
		Current:  published(offered(5)),
	}
	var got []string
	for _, c := range h.Changes(figureCells) {
		got = append(got, fmt.Sprintf("%d: queue %q, offered %q, answered %q", c.Revision, c.Queue, changedCell(c, 0), changedCell(c, 1)))
	}
	want := []string{
		`1: queue "650", offered "0 → 3", answered "0"`,
		`2: queue "", offered "", answered ""`,
		`3: queue "650", offered "3 → 5", answered "0"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
