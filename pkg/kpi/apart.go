package kpi

import (
	"cmp"
	"slices"
	"strings"

	"trunkline/pkg/extsort"
	"trunkline/pkg/pbx"
)

// leg is the part of a plain call detail record that a day keeps.
type leg struct {
	call, hash        string
	start             pbx.LocalTime
	from              int64 // when it starts, in seconds since 1970
	answered, suspect bool
	direction         pbx.Direction
	billable          int64
}

func newLeg(e *pbx.CDR, s Source, zone pbx.Zone) *leg {
	return &leg{
		call: e.Call(), hash: s.Hash, start: e.Start, from: zone.TimeOf(e.Start, e.UniqueID).Unix(),
		answered:  strings.EqualFold(strings.TrimSpace(e.Disposition), "ANSWERED"),
		suspect:   suspect(zone, e.UniqueID, e.Start, s.Received),
		direction: pbx.DirectionOf(strings.TrimSpace(e.CallType)),
		billable:  duration(e.Billable).Or(0),
	}
}

// compare orders legs by call, the earliest first.
func (l *leg) compare(other *leg) int {
	return cmp.Or(cmp.Compare(l.call, other.call), cmp.Compare(l.from, other.from), cmp.Compare(l.hash, other.hash))
}

// countCDRs counts the calls of the plain call detail records.
func (p *pbxDay) countCDRs(d *Day) error {
	sameCall := func(a, b *leg) bool { return a.call == b.call }
	for all, err := range extsort.Group(d.cdrs.All(), sameCall, (*leg).size, groupRoom) {
		if err != nil {
			return err
		}
		isBefore := func(l *leg) bool { return l.start < d.day.Start() }
		begun := slices.ContainsFunc(all, isBefore)
		legs := own(d.day, slices.DeleteFunc(all, isBefore), begun)
		if len(legs) > 0 {
			p.cdr.add(legs)
		}
		for _, l := range legs {
			p.see(l.hash, l.suspect)
		}
	}
	return nil
}

// add adds the legs of one call. Its direction is that of its earliest leg.
func (n *CDRCounts) add(legs []*leg) {
	n.Calls++
	if slices.ContainsFunc(legs, func(l *leg) bool { return l.answered }) {
		n.Answered++
	}
	if d := legs[0].direction; d == pbx.Inbound {
		n.Inbound++
	} else {
		n.Apart.add(Class(d))
	}
	longest := int64(0)
	for _, l := range legs {
		longest = max(longest, l.billable)
	}
	n.Billable += longest
}

// step is the part of an IVR step that a day keeps.
type step struct {
	ivr, key, uuid, hash string
	suspect              bool
}

// compare orders steps by menu, key and call.
func (s *step) compare(other *step) int {
	return cmp.Or(cmp.Compare(s.ivr, other.ivr), cmp.Compare(s.key, other.key), cmp.Compare(s.uuid, other.uuid))
}

// countChoices counts the calls that pressed each key in each menu.
func (p *pbxDay) countChoices(d *Day) error {
	var last step
	for s, err := range d.steps.All() {
		if err != nil {
			return err
		}
		if len(p.ivr) == 0 || s.ivr != last.ivr || s.key != last.key {
			p.ivr = append(p.ivr, IVRChoice{IVR: s.ivr, Key: s.key, Calls: 1})
		} else if s.uuid != last.uuid {
			p.ivr[len(p.ivr)-1].Calls++
		}
		last = *s
		p.see(s.hash, s.suspect)
	}
	return nil
}
