package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// The expected answer of each query of package athena, counted from the product's rows, calls and
// records.

func countServiceLevel(t *testing.T, a *asked, want counter) {
	total, pbxs := sums[[2]string]{}, map[[2]string]map[pbx.MAC]bool{}
	for d := range a.within {
		for _, q := range d.rows.Queues {
			key := [2]string{monthOf(d.day.day), a.site(d.mac)}
			if pbxs[key] == nil {
				pbxs[key] = map[pbx.MAC]bool{}
			}
			pbxs[key][d.mac] = true
			f := q.Figures(d.at, kpi.Published{})
			waited, wait := q.AnsweredWaits.Total()
			for name, n := range map[string]int64{
				"offered": f.Offered, "answered": f.Answered, "abandoned": f.Abandoned, "short_abandoned": f.ShortAbandoned,
				"voicemail": f.Voicemail, "flowed_out": f.FlowedOut, "unknown": f.Unknown, "within": f.AnsweredWithin,
				"wait_unknown": f.AnsweredWaitUnknown, "waited": waited, "wait": wait, "handled": q.Handled, "handle": q.HandleTime,
			} {
				total.add(key, name, n)
			}
		}
	}
	for key, n := range total {
		served := n["answered"] + n["abandoned"]
		judged := served - n["wait_unknown"]
		want.put(t, row{
			"month": key[0], "site": key[1], "pbxs": len(pbxs[key]),
			"offered": n["offered"], "answered": n["answered"], "answered_wait_unknown": n["wait_unknown"], "abandoned": n["abandoned"], "short_abandoned": n["short_abandoned"],
			"voicemail": n["voicemail"], "flowed_out": n["flowed_out"], "unknown": n["unknown"],
			"service_level": share(n["within"], judged),
			"service_level_excluding_short_abandoned": share(n["within"], judged-n["short_abandoned"]),
			"service_level_of_offered":                share(n["within"], n["offered"]-n["wait_unknown"]),
			"abandonment_rate":                        share(n["abandoned"], served),
			"asa_seconds":                             share(n["wait"], n["waited"]), "aht_seconds": share(n["handle"], n["handled"]),
		})
	}
}

// queueOf names a queue of the fleet.
type queueOf struct {
	mac   pbx.MAC
	queue string
}

// queueName returns the name that the operator gave to a queue.
func (a *asked) queueName(q queueOf) any {
	for _, named := range a.named[q.mac].Queues {
		if named.ID == q.queue {
			return named.Name
		}
	}
	return nil
}

func (a *asked) agentName(mac pbx.MAC, agent string) any {
	for _, named := range a.named[mac].Agents {
		if named.ID == agent {
			return named.Name
		}
	}
	return nil
}

func countTargets(t *testing.T, a *asked, want counter) {
	for mac, p := range a.named {
		for _, target := range p.Queues {
			total := sums[string]{}
			for d := range a.within {
				for _, q := range d.rows.Queues {
					if d.mac == mac && q.Queue == target.ID && target.TargetPercent > 0 {
						total.add(monthOf(d.day.day), "answered", q.Answered)
						total.add(monthOf(d.day.day), "wait_unknown", q.Figures(d.at, kpi.Published{}).AnsweredWaitUnknown)
						total.add(monthOf(d.day.day), "abandoned", q.Abandoned)
						total.add(monthOf(d.day.day), "within", q.AnsweredWaits.Calls(int64(target.TargetSeconds)))
					}
				}
			}
			for month, n := range total {
				level, met := share(n["within"], n["answered"]-n["wait_unknown"]+n["abandoned"]), any(nil)
				if level != nil {
					met = level.(float64) >= float64(target.TargetPercent)/100
				}
				want.put(t, row{
					"month": month, "site": p.Site, "mac": string(mac), "queue": target.ID, "name": target.Name,
					"target_percent": target.TargetPercent, "target_seconds": target.TargetSeconds,
					"answered": n["answered"], "abandoned": n["abandoned"], "within_target": n["within"],
					"service_level": level, "met": met,
				})
			}
		}
	}
}

// ending is the end of a number by which it is the same as another one.
func (a *asked) ending(number string) string {
	return number[max(0, len(number)-a.params.Digits):]
}

func countLost(t *testing.T, a *asked, want counter) {
	type number struct {
		mac    pbx.MAC
		number string
	}
	contacts := map[number][]time.Time{}
	for _, d := range a.days {
		if d.day.day < a.params.First || d.day.day > a.params.LastContact() {
			continue
		}
		for _, c := range d.calls {
			at := a.zones[d.mac].Time(c.Start)
			if c.Class == kpi.ClassOutbound {
				to := number{d.mac, a.ending(c.Called)}
				contacts[to] = append(contacts[to], at)
			}
			if c.Outcome == kpi.Answered {
				from := number{d.mac, a.ending(c.Caller)}
				contacts[from] = append(contacts[from], at)
			}
		}
	}
	lost := map[number][]*kpi.Call{}
	for d := range a.within {
		for _, c := range d.calls {
			from, at := number{d.mac, a.ending(c.Caller)}, a.zones[d.mac].Time(c.Start)
			settled := slices.ContainsFunc(contacts[from], func(contact time.Time) bool {
				return contact.After(at) && contact.Sub(at) <= time.Duration(a.params.Hours)*time.Hour
			})
			if c.Outcome == kpi.Abandoned && c.Caller != "" && !settled {
				lost[from] = append(lost[from], c)
			}
		}
	}
	for from, calls := range lost {
		r := row{"site": a.site(from.mac), "mac": string(from.mac), "caller": calls[0].Caller, "lost_calls": len(calls), "longest_wait_seconds": nil}
		first, last, short, longest := calls[0].Start, calls[0].Start, 0, int64(-1)
		for _, c := range calls {
			first, last, longest = min(first, c.Start), max(last, c.Start), max(longest, c.Wait.Or(-1))
			if c.Short {
				short++
			}
		}
		if longest >= 0 {
			r["longest_wait_seconds"] = longest
		}
		r["first_lost"], r["last_lost"], r["of_them_short"] = asTimestamp(first), asTimestamp(last), short
		want.put(t, r)
	}
}

// asTimestamp is a time of the PBX's clock as DuckDB prints it.
func asTimestamp(at pbx.LocalTime) string {
	day, clock := at.String()[:len("2006-01-02")], at.String()[len("2006-01-02T"):]
	return day + " " + clock
}

func countAgents(t *testing.T, a *asked, want counter) {
	type agentOf struct {
		mac   pbx.MAC
		agent string
	}
	total, wrapUp, sessions := sums[agentOf]{}, map[agentOf]bool{}, map[agentOf]bool{}
	for d := range a.within {
		for _, g := range d.rows.Agents {
			key, f := agentOf{d.mac, g.Agent}, g.Figures(kpi.Published{})
			rated, scores := g.Scores.Total()
			for name, n := range map[string]int64{
				"days": 1, "answered": f.Answered, "missed": f.Missed, "elsewhere": f.AnsweredElsewhere, "attempts": f.Attempts, "outbound": f.OutboundCalls,
				"outbound_talk": f.OutboundTalk, "direct": f.DirectCalls, "direct_talk": f.DirectTalk,
				"login": f.LoginSeconds.Or(0), "unsure": f.UnsureSessions, "busy": g.BusySeconds, "talk": f.Talk, "hold": f.Hold, "ring": f.Ring, "rated": rated, "scores": scores,
			} {
				total.add(key, name, n)
			}
			if f.WrapUp != nil {
				total.add(key, "wrap_up", *f.WrapUp)
				wrapUp[key] = true
			}
			sessions[key] = sessions[key] || f.LoginSeconds.Known()
		}
		for agent, seconds := range spans(d.calls) {
			total.add(agentOf{d.mac, agent}, "span", seconds)
		}
	}
	for key, n := range total {
		busy := n["talk"] + n["hold"] + n["wrap_up"] + n["outbound_talk"] + n["direct_talk"]
		if a.named[key.mac].TalkIncludesHold {
			busy -= n["hold"]
		}
		r := row{
			"site": a.site(key.mac), "mac": string(key.mac), "agent": key.agent, "name": a.agentName(key.mac, key.agent), "days": n["days"],
			"answered": n["answered"], "missed": n["missed"], "answered_elsewhere": n["elsewhere"], "answer_rate": share(n["answered"], n["answered"]+n["missed"]),
			"attempts": n["attempts"], "outbound_calls": n["outbound"], "direct_calls": n["direct"], "talk_seconds": n["talk"], "hold_seconds": n["hold"],
			"wrap_up_seconds": nil, "outbound_talk_seconds": n["outbound_talk"], "direct_talk_seconds": n["direct_talk"], "ring_seconds": n["ring"],
			"talk_per_answered_seconds": share(n["talk"], n["answered"]), "score_mean": share(n["scores"], n["rated"]),
			"login_seconds": nil, "unsure_sessions": n["unsure"], "occupancy": share(n["busy"], n["login"]), "span_seconds": nil, "occupancy_of_span": share(busy, n["span"]),
		}
		if wrapUp[key] {
			r["wrap_up_seconds"] = n["wrap_up"]
		}
		if sessions[key] {
			r["login_seconds"] = n["login"]
		}
		if n["answered"] > 0 {
			r["span_seconds"] = n["span"]
		}
		want.put(t, r)
	}
}

// spans are the seconds from each agent's first answered call of a day to the end of the last.
func spans(calls []*kpi.Call) map[string]int64 {
	first, last := map[string]pbx.LocalTime{}, map[string]pbx.LocalTime{}
	for _, c := range calls {
		if c.AnsweredBy == "" {
			continue
		}
		if start, ok := first[c.AnsweredBy]; !ok || c.Start < start {
			first[c.AnsweredBy] = c.Start
		}
		last[c.AnsweredBy] = max(last[c.AnsweredBy], max(c.Start, c.End)+pbx.LocalTime(c.WrapUp.Or(0)))
	}
	seconds := map[string]int64{}
	for agent := range first {
		seconds[agent] = int64(last[agent] - first[agent])
	}
	return seconds
}

func countPaths(t *testing.T, a *asked, want counter) {
	type call struct {
		mac  pbx.MAC
		uuid string
	}
	calls := map[call][]*kpi.Call{}
	for _, d := range a.days {
		if d.day.day >= a.params.FirstReceived() && d.day.day <= a.params.Last {
			for _, c := range d.calls {
				calls[call{d.mac, c.UUID}] = append(calls[call{d.mac, c.UUID}], c)
			}
		}
	}
	type way struct {
		mac                       pbx.MAC
		menu, key, leadsTo, queue string
	}
	taken, names, ofMenu := map[way]map[string]bool{}, map[way]string{}, map[[2]string]int{}
	for mac, steps := range a.steps(t) {
		for i, s := range steps {
			if day := s.Start.Day(); day < a.params.First || day > a.params.Last {
				continue
			}
			leadsTo, target := leads(s, steps[i+1:], calls[call{mac, s.UUID}])
			w := way{mac, s.IVRID, s.Key, leadsTo, target}
			if taken[w] == nil {
				taken[w] = map[string]bool{}
			}
			if !taken[w][s.UUID] {
				ofMenu[[2]string{string(mac), s.IVRID}]++
			}
			taken[w][s.UUID], names[w] = true, max(names[w], s.IVRName)
		}
	}
	for w, uuids := range taken {
		want.put(t, row{
			"site": a.site(w.mac), "mac": string(w.mac), "ivr_id": w.menu, "ivr_name": names[w], "key": w.key,
			"leads_to": w.leadsTo, "target": w.queue, "calls": len(uuids),
			"share_of_menu": share(int64(len(uuids)), int64(ofMenu[[2]string{string(w.mac), w.menu}])),
		})
	}
}

// steps are the current records of menus, of each PBX in the order of their starts.
func (a *asked) steps(t *testing.T) map[pbx.MAC][]*pbx.IVRStep {
	all := map[pbx.MAC][]*pbx.IVRStep{}
	for mac, records := range record(t, a.all) {
		for r, err := range records.IVRSteps(t.Context(), mac, a.zones[mac], store.Days(a.params.FirstReceived(), a.params.LastReceived())) {
			must(t, err)
			all[mac] = append(all[mac], r.Event)
		}
		slices.SortFunc(all[mac], func(a, b *pbx.IVRStep) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.IVRID, b.IVRID))
		})
	}
	return all
}

// leads returns where a step leads, from the steps after it and from the call's record.
func leads(s *pbx.IVRStep, after []*pbx.IVRStep, calls []*kpi.Call) (to, target string) {
	if s.Queue != "" {
		return "queue", s.Queue
	}
	if i := slices.IndexFunc(after, func(next *pbx.IVRStep) bool { return next.UUID == s.UUID }); i >= 0 {
		return "menu", after[i].IVRID
	}
	var entered *kpi.Call
	for _, c := range calls {
		if c.Queue != "" && c.Start >= s.Start && (entered == nil || c.Start < entered.Start) {
			entered = c
		}
	}
	switch {
	case entered != nil:
		return "queue", entered.Queue
	case slices.ContainsFunc(calls, func(c *kpi.Call) bool { return c.Class == kpi.ClassDirect }):
		return "direct", ""
	case len(calls) > 0:
		return "hung_up", ""
	}
	return "unknown", ""
}

func countLoad(t *testing.T, a *asked, want counter) {
	type hour struct {
		site          string
		weekday, hour int64
	}
	total, days := sums[hour]{}, map[hour]map[pbx.Day]bool{}
	for d := range a.within {
		whole := hour{a.site(d.mac), weekdayOf(d.day.day), 0}
		if days[whole] == nil {
			days[whole] = map[pbx.Day]bool{}
		}
		if d.rows.PBX.Inputs.Records > 0 {
			days[whole][d.day.day] = true
		}
		for _, q := range d.rows.Queues {
			for _, i := range q.Intervals {
				key := hour{whole.site, whole.weekday, i.Minute / 60}
				total.add(key, "offered", i.Offered)
				total.add(key, "answered", i.Answered)
				total.add(key, "wait_unknown", i.AnsweredWaitUnknown)
				total.add(key, "abandoned", i.Abandoned)
				total.add(key, "within", i.AnsweredWaits.Calls(d.at.ServiceLevel))
			}
		}
	}
	for key, n := range total {
		of := int64(len(days[hour{key.site, key.weekday, 0}]))
		want.put(t, row{
			"site": key.site, "weekday": key.weekday, "hour": key.hour, "days": of,
			"offered": n["offered"], "answered": n["answered"], "abandoned": n["abandoned"],
			"offered_per_day": share(n["offered"], of), "service_level": share(n["within"], n["answered"]-n["wait_unknown"]+n["abandoned"]),
		})
	}
}

func countStaffing(t *testing.T, a *asked, want counter) {
	type quarter struct {
		queueOf
		weekday int64
		start   string
	}
	total, most := sums[quarter]{}, map[quarter]int64{}
	days, handling := map[quarter]int64{}, sums[queueOf]{}
	for d := range a.within {
		for _, q := range d.rows.Queues {
			of, weekday := queueOf{d.mac, q.Queue}, weekdayOf(d.day.day)
			if q.Offered > 0 {
				days[quarter{of, weekday, ""}]++
			}
			handling.add(of, "calls", q.Handled)
			handling.add(of, "seconds", q.HandleTime)
			for _, i := range q.Intervals {
				key := quarter{of, weekday, i.Start()}
				total.add(key, "offered", i.Offered)
				most[key] = max(most[key], i.Offered)
			}
		}
	}
	var all []row
	for key, n := range total {
		of, aht := days[quarter{key.queueOf, key.weekday, ""}], share(handling[key.queueOf]["seconds"], handling[key.queueOf]["calls"])
		r := row{
			"site": a.site(key.mac), "mac": string(key.mac), "queue": key.queue, "name": a.queueName(key.queueOf),
			"weekday": key.weekday, "start": key.start, "days": of, "offered": n["offered"], "offered_per_day": share(n["offered"], of),
			"offered_most": most[key], "aht_seconds": aht, "load_erlang": nil, "agents_hint": nil,
		}
		if aht != nil {
			load := share(n["offered"], of).(float64) * aht.(float64) / 900
			r["load_erlang"], r["agents_hint"] = load, int64(math.Ceil(load+math.Sqrt(load)))
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b["offered_per_day"].(float64), a["offered_per_day"].(float64)), cmp.Compare(a["mac"].(string), b["mac"].(string)),
			cmp.Compare(a["queue"].(string), b["queue"].(string)), cmp.Compare(a["weekday"].(int64), b["weekday"].(int64)),
			cmp.Compare(a["start"].(string), b["start"].(string)))
	})
	want.list(t, all, a.params.Rows)
}

// list expects the first rows, in their order.
func (c counter) list(t *testing.T, all []row, atMost int) {
	if len(all) <= atMost {
		t.Fatalf("only %d rows: nothing is left out", len(all))
	}
	for i, r := range all[:atMost] {
		r["place"] = i + 1
		c.put(t, r)
	}
}

func countWaits(t *testing.T, a *asked, want counter) {
	type waiting struct {
		*kpi.Call
		mac pbx.MAC
	}
	var all []waiting
	for d := range a.within {
		for _, c := range d.calls {
			if c.Class == kpi.ClassQueue && c.Wait.Known() {
				all = append(all, waiting{c, d.mac})
			}
		}
	}
	slices.SortFunc(all, func(x, y waiting) int {
		return cmp.Or(cmp.Compare(y.Wait.Or(0), x.Wait.Or(0)), a.zones[x.mac].Time(x.Start).Compare(a.zones[y.mac].Time(y.Start)),
			cmp.Compare(x.mac, y.mac), cmp.Compare(x.UUID, y.UUID), cmp.Compare(x.Queue, y.Queue))
	})
	var rows []row
	for _, c := range all {
		rows = append(rows, row{
			"site": a.site(c.mac), "mac": string(c.mac), "queue": c.Queue, "queue_name": a.queueName(queueOf{c.mac, c.Queue}),
			"start_local": asTimestamp(c.Start), "uuid": c.UUID, "caller": orNull(c.Caller), "outcome": string(c.Outcome),
			"answered_by": orNull(c.AnsweredBy), "agent_name": a.agentName(c.mac, c.AnsweredBy), "wait_seconds": c.Wait.Or(0),
		})
	}
	want.list(t, rows, a.params.Rows)
}

func countAbandoned(t *testing.T, a *asked, want counter) {
	bounds := []int64{0, 5, 10, 20, 30, 60, 120, 300, 600}
	total := map[string]sums[int64]{}
	for d := range a.within {
		site := a.site(d.mac)
		if total[site] == nil {
			total[site] = sums[int64]{}
		}
		for _, q := range d.rows.Queues {
			for name, waits := range map[string]kpi.Histogram{"abandoned": q.AbandonedWaits, "answered": q.AnsweredWaits} {
				for _, bin := range waits {
					i, exact := slices.BinarySearch(bounds, bin.Value)
					if !exact {
						i--
					}
					total[site].add(bounds[i], name, bin.Calls)
					total[site].add(-1, name, bin.Calls)
				}
			}
		}
	}
	for site, buckets := range total {
		all := buckets[-1]["abandoned"]
		waiting := all + buckets[-1]["answered"]
		delete(buckets, -1)
		for _, from := range slices.Sorted(maps.Keys(buckets)) {
			n := buckets[from]
			want.put(t, row{
				"site": site, "from_seconds": from, "abandoned": n["abandoned"], "answered": n["answered"], "still_waiting": waiting,
				"hazard": share(n["abandoned"], waiting), "share_of_abandoned": share(n["abandoned"], all),
			})
			waiting -= n["abandoned"] + n["answered"]
		}
	}
}

func countQuality(t *testing.T, a *asked, want counter) {
	total, restated := sums[pbx.MAC]{}, a.restated(t)
	first, last := map[pbx.MAC]pbx.Day{}, map[pbx.MAC]pbx.Day{}
	for d := range a.within {
		w := d.rows.PBX
		if w.Inputs.Records == 0 {
			continue
		}
		if total[d.mac] == nil {
			first[d.mac] = d.day.day
		}
		last[d.mac] = d.day.day
		f := w.Figures(d.at, kpi.Published{})
		known, _ := w.AnsweredWaits.Total()
		for name, n := range map[string]int64{
			"days": 1, "records": w.Inputs.Records, "suspect": w.ClockSuspect, "offered": f.Offered, "unknown": f.Unknown,
			"unrecognised": f.Unrecognised, "answered": f.Answered, "known": known,
		} {
			total.add(d.mac, name, n)
		}
		if f.WrapUp != nil {
			total.add(d.mac, "wrap_up", 1)
		}
		if restated[day{d.mac, d.day.day}] {
			total.add(d.mac, "restated", 1)
		}
	}
	for mac, n := range total {
		r := row{
			"site": a.site(mac), "mac": string(mac), "name": nil, "zone_inferred": nil, "disabled": nil,
			"days": n["days"], "first_day": first[mac].String(), "last_day": last[mac].String(),
			"silent_days": int64(last[mac]-first[mac]) + 1 - n["days"], "restated_days": n["restated"],
			"records": n["records"], "clock_suspect": n["suspect"], "clock_suspect_rate": share(n["suspect"], n["records"]),
			"unknown_rate": share(n["unknown"], n["offered"]), "unrecognised_rate": share(n["unrecognised"], n["offered"]+n["unrecognised"]),
			"wait_known_rate": share(n["known"], n["answered"]), "days_with_wrap_up": n["wrap_up"],
		}
		if p, ok := a.named[mac]; ok {
			r["name"], r["zone_inferred"], r["disabled"] = orNull(p.Name), p.ZoneInferred, p.Disabled
		}
		want.put(t, r)
	}
	silent := row{"site": "north", "mac": string(macOf(0x1ff)), "name": nil, "zone_inferred": false, "disabled": true, "days": 0}
	for _, column := range []string{"first_day", "last_day", "silent_days", "restated_days", "records", "clock_suspect", "clock_suspect_rate",
		"unknown_rate", "unrecognised_rate", "wait_known_rate", "days_with_wrap_up"} {
		silent[column] = nil
	}
	want.put(t, silent)
}

// restated are the days of which the rows were published more than once.
func (a *asked) restated(t *testing.T) map[day]bool {
	db, err := open(t.Context())
	must(t, err)
	defer db.Close()
	published, err := readParquet(t.Context(), db, a.root+"/curated", pbxKPI, "")
	must(t, err)
	days := map[day]bool{}
	for _, r := range published {
		if r["revision"] != json.Number("1") {
			days[day{pbx.MAC(r["mac"].(string)), on(r["day"].(string))}] = true
		}
	}
	return days
}

func countReceipts(t *testing.T, a *asked, want counter) {
	type folder struct{ kind, dt string }
	told := map[folder]map[pbx.MAC]map[string]map[string]bool{} // event → ids
	for _, r := range a.all {
		e := r.envelope(t)
		key := folder{string(r.event.Kind()), r.at.UTC().Format(time.DateOnly)}
		if key.dt < a.params.First.String() || key.dt > a.params.Last.String() {
			continue
		}
		if told[key] == nil {
			told[key] = map[pbx.MAC]map[string]map[string]bool{}
		}
		if told[key][r.mac] == nil {
			told[key][r.mac] = map[string]map[string]bool{}
		}
		if told[key][r.mac][string(e.Body)] == nil {
			told[key][r.mac][string(e.Body)] = map[string]bool{}
		}
		told[key][r.mac][string(e.Body)][e.ID()] = true
	}
	for key, macs := range told {
		receipts, repeated := 0, 0
		for _, events := range macs {
			for _, ids := range events {
				receipts, repeated = receipts+len(ids), repeated+len(ids)-1
			}
		}
		want.put(t, row{"kind": key.kind, "dt": key.dt, "pbxs": len(macs), "receipts": receipts, "repeated": repeated, "not_utf8": 0})
	}
}
