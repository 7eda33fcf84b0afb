package kpi

import (
	"cmp"
	"maps"
	"slices"

	"trunkline/pkg/pbx"
)

// MaxNames is the most queues, and the most agents, that have rows of their own in a day. It is also the
// most miss causes, and keys in menus, that a row distinguishes. No PBX has half as many.
const MaxNames = 2_000

// OtherCauses is the name under which calls of the rarest miss causes are counted.
const OtherCauses = "OTHER"

// Bounded returns the rows with at most MaxNames queues and agents: those with the most records; of
// equal ones, the first by name. The PBX's own row counts all, and says how many have no row. If there
// are more than MaxNames miss causes, the rarest count as OtherCauses. Menu keys above that number are
// left out.
func (r Rows) Bounded() Rows {
	r.PBX.QueuesLeftOut += int64(max(0, len(r.Queues)-MaxNames))
	r.PBX.AgentsLeftOut += int64(max(0, len(r.Agents)-MaxNames))
	r.Queues = most(r.Queues, func(q Queue) int64 { return q.Inputs.Records })
	r.Agents = most(r.Agents, func(a Agent) int64 { return a.Inputs.Records })
	r.PBX.IVR = most(r.PBX.IVR, func(c IVRChoice) int64 { return c.Calls })
	for i := range r.PBX.IVR {
		r.PBX.IVR[i].IVR, r.PBX.IVR[i].Key = pbx.ShortName(r.PBX.IVR[i].IVR), pbx.ShortName(r.PBX.IVR[i].Key)
	}
	r.PBX.MissCauses = boundedCauses(r.PBX.MissCauses)
	for i := range r.Queues {
		r.Queues[i].MissCauses = boundedCauses(r.Queues[i].MissCauses)
	}
	return r
}

// most returns the MaxNames elements of the highest counts, in their order.
func most[T any](all []T, many func(T) int64) []T {
	if len(all) <= MaxNames {
		return all
	}
	places := make([]int, len(all))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(many(all[b]), many(all[a])) })
	places = places[:MaxNames]
	slices.Sort(places)
	kept := make([]T, len(places))
	for i, place := range places {
		kept[i] = all[place]
	}
	return kept
}

// boundedCauses counts the rarest causes together if there are too many.
func boundedCauses(causes map[string]int64) map[string]int64 {
	if len(causes) <= MaxNames {
		return causes
	}
	bounded := map[string]int64{}
	for _, cause := range most(slices.Sorted(maps.Keys(causes)), func(cause string) int64 { return causes[cause] }) {
		bounded[cause] = causes[cause]
	}
	var others int64
	for cause, calls := range causes {
		if _, kept := bounded[cause]; !kept {
			others += calls
		}
	}
	bounded[OtherCauses] += others
	return bounded
}
