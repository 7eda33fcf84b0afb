package kpi

import (
	"cmp"
	"slices"
	"strings"

	"trunkline/pkg/pbx"
)

// cdrCounts counts the calls of the plain call detail records.
func (p *pbxDay) cdrCounts(d *Day) (n CDRCounts) {
	slices.SortFunc(d.cdrs, func(a, b *leg) int {
		return cmp.Or(cmp.Compare(a.Call(), b.Call()), cmp.Compare(a.from, b.from), cmp.Compare(a.Hash, b.Hash))
	})
	for all := range groups(d.cdrs, func(a, b *leg) bool { return a.Call() == b.Call() }) {
		legs := own(d.day, all, d.before[callKey{pbx.KindCDR, all[0].Call(), ""}])
		if len(legs) > 0 {
			n.add(legs)
		}
		for _, l := range legs {
			p.see(l.Hash, suspect(d.zone, l.UniqueID, l.Start, l.Received))
		}
	}
	return n
}

// add adds the legs of one call. Its direction is that of its earliest leg.
func (n *CDRCounts) add(legs []*leg) {
	n.Calls++
	if slices.ContainsFunc(legs, func(l *leg) bool { return strings.EqualFold(strings.TrimSpace(l.Disposition), "ANSWERED") }) {
		n.Answered++
	}
	if d := pbx.DirectionOf(strings.TrimSpace(legs[0].CallType)); d == pbx.Inbound {
		n.Inbound++
	} else {
		n.Apart.add(Class(d))
	}
	longest := int64(0)
	for _, l := range legs {
		longest = max(longest, duration(l.Billable).Or(0))
	}
	n.Billable += longest
}

// ivrChoices counts the calls that pressed each key in each menu.
func (p *pbxDay) ivrChoices(d *Day) (all []IVRChoice) {
	slices.SortFunc(d.steps, func(a, b *step) int {
		return cmp.Or(cmp.Compare(a.IVRID, b.IVRID), cmp.Compare(a.Key, b.Key), cmp.Compare(a.UUID, b.UUID))
	})
	for choice := range groups(d.steps, func(a, b *step) bool { return a.IVRID == b.IVRID && a.Key == b.Key }) {
		c := IVRChoice{IVR: choice[0].IVRID, Key: choice[0].Key}
		for range groups(choice, func(a, b *step) bool { return a.UUID == b.UUID }) {
			c.Calls++
		}
		all = append(all, c)
	}
	for _, s := range d.steps {
		p.see(s.Hash, suspect(d.zone, s.UUID, s.Start, s.Received))
	}
	return all
}
