package main

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strconv"
	"testing"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// day is one day of one PBX.
type day struct {
	mac pbx.MAC
	day pbx.Day
}

// The tables that are not published as Parquet files.
var (
	pbxIntervals     = table{"pbx_intervals", []string{"mac", "day", "start"}}
	pbxWaitHistogram = table{"pbx_wait_histogram", []string{"mac", "day", "outcome", "wait_seconds"}}
)

// product is the rows of each table as the product's code computes them.
type product map[string]rows

// productOf has the product compute the days on which the receipts may count.
func productOf(t *testing.T, all []receipt, devices map[pbx.MAC]store.Device) product {
	p := product{}
	for d := range computedDays(t, all, devices) {
		p.add(t, d.rows, d.at)
	}
	return p
}

// computedDay is what the product makes of a PBX's day.
type computedDay struct {
	day
	rows  kpi.Rows
	calls []*kpi.Call // behind them
	at    kpi.Thresholds
}

// computedDays has the product compute the days on which the receipts may count.
func computedDays(t *testing.T, all []receipt, devices map[pbx.MAC]store.Device) iter.Seq[computedDay] {
	fleet := record(t, all)
	return func(yield func(computedDay) bool) {
		for _, d := range daysOf(all, devices) {
			device := devices[d.mac]
			at := rollup.Thresholds(device)
			zone := device.Zone.Or(pbx.UTC)
			computed := kpi.NewDay(d.mac, d.day, kpi.Settings{ShortAbandon: at.ShortAbandon, TalkIncludesHold: device.TalkIncludesHold}, zone)
			from, to := kpi.Reach(d.day)
			for more := true; more; from, to, more = computed.More() {
				add(t, fleet[d.mac], d.mac, zone, computed, store.Span{From: from, To: to})
			}
			addSigns(t, fleet[d.mac], d.mac, computed)
			rows, err := computed.Rows()
			must(t, err)
			var calls []*kpi.Call
			for c, err := range computed.Calls() {
				must(t, err)
				calls = append(calls, c)
			}
			must(t, computed.Close())
			if !yield(computedDay{d, rows, calls, at}) {
				return
			}
		}
	}
}

func add(t *testing.T, s *store.Store, mac pbx.MAC, zone pbx.Zone, d *kpi.Day, span store.Span) {
	for r, err := range s.CallRecords(t.Context(), mac, zone, span) {
		must(t, err)
		d.AddCall(r.Event, kpi.Source{Hash: r.Hash, Received: r.Received, Index: r.Index})
	}
	for r, err := range s.CDRs(t.Context(), mac, zone, span) {
		must(t, err)
		d.AddCDR(r.Event, kpi.Source{Hash: r.Hash, Received: r.Received, Index: r.Index})
	}
	for r, err := range s.IVRSteps(t.Context(), mac, zone, span) {
		must(t, err)
		d.AddIVRStep(r.Event, kpi.Source{Hash: r.Hash, Received: r.Received, Index: r.Index})
	}
}

func addSigns(t *testing.T, s *store.Store, mac pbx.MAC, d *kpi.Day) {
	from, to := d.SignReach()
	for sign, err := range s.Signs(t.Context(), mac, from, to) {
		must(t, err)
		d.AddSign(kpi.Sign(sign))
	}
}

func (p product) put(in table, r row) {
	if p[in.name] == nil {
		p[in.name] = rows{}
	}
	p[in.name][r.name(in.key)] = r
}

func (p product) add(t *testing.T, r kpi.Rows, at kpi.Thresholds) {
	for _, q := range r.Queues {
		shown := flat(t, q.Figures(at, kpi.Published{}), q)
		key := row{"mac": string(q.MAC), "day": q.Day.String(), "queue": q.Queue}
		p.split(queueIntervals, shown, key)
		p.put(queueKPI, shown)
		p.addWaits(waitHistogram, q.Counts, key)
	}
	if whole := r.PBX; whole.Inputs.Records > 0 {
		shown := flat(t, whole.Figures(at, kpi.Published{}), whole)
		key := row{"mac": string(whole.MAC), "day": whole.Day.String()}
		p.split(pbxIntervals, shown, key)
		p.put(pbxKPI, shown)
		p.addWaits(pbxWaitHistogram, whole.Counts, key)
	}
	for _, a := range r.Agents {
		p.put(agentKPI, flat(t, a.Figures(kpi.Published{}), a))
	}
}

// split makes the intervals of a row, whose key is given, rows of their own.
func (p product) split(into table, shown, key row) {
	for _, i := range shown["intervals"].([]any) {
		interval := row(i.(map[string]any))
		serviceLevels(interval)
		maps.Copy(interval, key)
		p.put(into, interval)
	}
	delete(shown, "intervals")
}

// addWaits makes the histograms of a row, whose key is given, rows of their own.
func (p product) addWaits(into table, counts kpi.Counts, key row) {
	for outcome, h := range map[string]kpi.Histogram{
		"answered": counts.AnsweredWaits, "abandoned": counts.AbandonedWaits, "gave_up": counts.GaveUpWaits,
	} {
		for _, bin := range h {
			r := row{"outcome": outcome, "wait_seconds": asNumber(bin.Value), "calls": asNumber(bin.Calls)}
			maps.Copy(r, key)
			p.put(into, r)
		}
	}
}

func asNumber(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// flat is a row as it is shown, with what is stored of it and not shown, in flat columns.
func flat(t *testing.T, shown, stored any) row {
	r, of := asRow(t, shown), asRow(t, stored)
	serviceLevels(r)
	r["inputs_records"] = r["inputs"].(map[string]any)["records"]
	if cdr, ok := r["cdr"].(map[string]any); ok {
		for name, v := range cdr {
			r["cdr_"+name] = v
		}
	}
	for _, name := range []string{"wait", "talk", "hold", "wrap_up", "ring"} {
		if total, ok := of[name].(map[string]any); ok {
			r[name+"_max_seconds"] = total["max"]
		}
	}
	for _, name := range []string{"handled", "handle_seconds", "busy_seconds"} {
		if v, ok := of[name]; ok {
			r[name] = v
		}
	}
	for _, column := range []string{"inputs", "cdr", "computed_at", "revision"} {
		delete(r, column)
	}
	return r
}

// serviceLevels makes columns of the object of service levels.
func serviceLevels(r row) {
	levels, ok := r["service_level"].(map[string]any)
	if !ok {
		return // an agent's row
	}
	for name, v := range levels {
		r["service_level_"+name] = v
	}
	r["service_level"] = r["service_level_answered_and_abandoned"]
	delete(r, "service_level_answered_and_abandoned")
}

func asRow(t *testing.T, v any) row {
	text, err := json.Marshal(v)
	must(t, err)
	r, err := parseRow(text)
	must(t, err)
	return r
}

// compareWithProduct compares the product's figures of the receipts with those computed here.
func compareWithProduct(t *testing.T, all []receipt, devices map[pbx.MAC]store.Device) *report {
	db := computed(t, all, devices)
	got := productOf(t, all, devices)
	var r report
	for _, in := range append(slices.Clone(published), pbxIntervals, pbxWaitHistogram) {
		want, err := read(t.Context(), db, "select * from "+in.name, in.key)
		must(t, err)
		r.compare(in.name, want, got[in.name])
	}
	return &r
}

// daysOf is all days that the receipts may be counted on.
func daysOf(all []receipt, devices map[pbx.MAC]store.Device) (days []day) {
	for _, r := range all {
		zone := devices[r.mac].Zone.Or(pbx.UTC)
		first, last := pbx.Day(-1), pbx.Day(0) // from the start
		var start pbx.LocalTime
		switch e := r.event.(type) {
		case *pbx.CallRecord:
			start = e.In(zone).Start
		case *pbx.CDR:
			start = e.In(zone).Start
		case *pbx.IVRStep:
			start = e.In(zone).Start
		case *pbx.AgentLogin:
			start, last = zone.Local(r.at), 2
		default:
			continue
		}
		for d := first; d <= last; d++ {
			days = append(days, day{r.mac, start.Day() + d})
		}
	}
	slices.SortFunc(days, func(a, b day) int { return cmp.Or(cmp.Compare(a.mac, b.mac), cmp.Compare(a.day, b.day)) })
	return slices.Compact(days)
}
