package rollup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// publishedPBX returns the published row of the whole PBX.
func (w *world) publishedPBX(t testing.TB, d pbx.Day) (r kpi.PBX, rows int) {
	t.Helper()
	for row, err := range w.store().Figures().Rows(t.Context(), mac, d) {
		if rows++; err == nil && row.Scope == store.ScopePBX {
			err = json.Unmarshal(row.Row, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r, rows
}

func TestADayIsRestatedWhateverTheLengthOfIDsThatCameLate(t *testing.T) {
	for name, c := range map[string]struct {
		records int
		id      string
	}{
		"nine of 30,000 characters":             {9, strings.Repeat("x", 30_000)},
		"a hundred of 2,700":                    {100, strings.Repeat("x", 2_700)},
		"a hundred of what JSON must escape":    {100, strings.Repeat("\x01", 150)},
		"a hundred of characters of four bytes": {100, strings.Repeat("\U0001F4A9", 1000)},
	} {
		w := newWorld("2026-11-22T17:00:00Z")
		record(t, w.store(), w.now, call("2026-11-22 11:06:40", nil))
		w.now = instant("2026-11-23T17:00:00Z")
		w.hour(t)
		for i := range c.records {
			record(t, w.store(), w.now, call("2026-11-22 11:06:40", func(r *pbx.CallRecord) {
				r.UUID, r.Queue, r.Agent = fmt.Sprintf("%s%d", c.id, i), c.id, c.id
			}))
		}
		w.now = w.now.Add(10 * time.Minute)
		w.hour(t)
		if got, _ := w.publishedPBX(t, day("2026-11-22")); got.Offered != int64(c.records)+1 {
			t.Errorf("%s: %d calls are published, of %d", name, got.Offered, c.records+1)
		}
		for r, err := range w.store().Figures().Restatements(t.Context(), mac, day("2026-11-22")) {
			if err != nil || r.Late != int64(c.records) || len(r.LateRecords) < min(c.records, 40) {
				t.Errorf("%s: %d late, %d named, %v", name, r.Late, len(r.LateRecords), err)
			}
		}
	}
}

func TestADayOfThreeThousandQueuesAgentsAndCausesIsPublished(t *testing.T) {
	const many = 3_000
	w := newWorld("2026-11-22T17:00:00Z")
	s := w.store()
	add := func(i int, uuid string) {
		record(t, s, w.now, call("2026-11-22 11:06:40", func(r *pbx.CallRecord) {
			r.UUID, r.Queue, r.Agent = uuid, fmt.Sprint("q", i), fmt.Sprint("a", i)
			r.CDRState, r.TalkingTime, r.MissCause = "queue", pbx.IntOf(0), fmt.Sprint("cause", i)
		}))
	}
	for i := range many {
		add(i, fmt.Sprint("x", i))
	}
	add(many-1, "once more") // so these are not among the rarest
	w.now = instant("2026-11-23T17:00:00Z")
	w.hour(t)
	got, rows := w.publishedPBX(t, day("2026-11-22"))
	if got.Offered != many+1 || got.Agents != many || got.QueuesLeftOut != many-kpi.MaxNames || got.AgentsLeftOut != many-kpi.MaxNames || rows != 2*kpi.MaxNames+1 {
		t.Errorf("%d rows, offered %d, %d agents, %d queues and %d agents without a row", rows, got.Offered, got.Agents, got.QueuesLeftOut, got.AgentsLeftOut)
	}
	var causes int64
	for _, calls := range got.MissCauses {
		causes += calls
	}
	if causes != many+1 || got.MissCauses[kpi.OtherCauses] != many-kpi.MaxNames || got.MissCauses["CAUSE2999"] != 2 {
		t.Errorf("%d calls by causes, %d of them others", causes, got.MissCauses[kpi.OtherCauses])
	}
	add(0, "late")
	w.now = w.now.Add(10 * time.Minute)
	w.hour(t)
	if got, rows := w.publishedPBX(t, day("2026-11-22")); got.Offered != many+2 || rows != 2*kpi.MaxNames+1 {
		t.Errorf("restated: %d rows, offered %d", rows, got.Offered)
	}
}
