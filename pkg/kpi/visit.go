package kpi

import (
	"cmp"
	"slices"

	"trunkline/pkg/pbx"
)

// inForce leaves out the restated records of a call. Of overlapping records of one queue and agent, the one
// received last counts. The records are in the order of record.compare, and keep it.
func inForce(records []*record) []*record {
	if len(records) == 1 {
		return records
	}
	kept := make([]*record, 0, len(records))
	for group := range groups(records, sameQueue) {
		if len(group) == 1 {
			kept = append(kept, group[0])
			continue
		}
		begin := len(kept)
		for visit := range visits(group) {
			kept = append(kept, slices.MaxFunc(visit, func(a, b *record) int { return a.Source.compare(b.Source) }))
		}
		slices.SortFunc(kept[begin:], (*record).compareStart)
	}
	return kept
}

// visits yields the records of each visit: those of one agent in a queue that overlap. Each record but the
// first starts before the end of an earlier one, or together with it. No visit continues past 06:00, so
// that the records of a day's reach suffice.
func visits(records []*record) func(yield func([]*record) bool) {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.night(), b.night()), a.compareStart(b))
	})
	return func(yield func([]*record) bool) {
		for group := range groups(records, func(a, b *record) bool { return a.agent == b.agent && a.night() == b.night() }) {
			for len(group) > 0 {
				n := overlapping(group)
				if !yield(group[:n:n]) {
					return
				}
				group = group[n:]
			}
		}
	}
}

// overlapping returns how many of the first records are one visit. They are in the order of their starts.
func overlapping(records []*record) int {
	until := records[0].to
	for n, r := range records[1:] {
		if r.from >= until && r.from != records[n].from {
			return n + 1
		}
		until = max(until, r.to)
	}
	return len(records)
}

// night returns the day of the record if days end at 06:00.
func (r *record) night() pbx.Day { return (r.start - pbx.EarlyUntil).Day() }
