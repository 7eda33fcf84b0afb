package kpi

import (
	"cmp"
	"slices"

	"trunkline/pkg/pbx"
)

// inForce leaves out the records of a call that were restated: of those of one queue and agent
// that overlap, the one that was received last counts. It is given the records in the order of
// record.compare, and returns the others in it.
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

// visits yields the records of a call in a queue that are one visit of one agent: each but the
// first starts before the end of an earlier one, or together with it. No visit goes on over
// 06:00, so that a day can be computed of the records of its reach.
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

// overlapping is how many of the records, in the order of their starts, are one visit.
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

// night is the day at whose end, or in whose night, the record starts: days end at 06:00.
func (r *record) night() pbx.Day { return (r.start - pbx.EarlyUntil).Day() }
