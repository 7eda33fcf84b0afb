package dimensions

import (
	"context"
	"errors"
	"iter"

	"trunkline/pkg/curated"
	"trunkline/pkg/each"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// fleet yields the PBXs in the order of the fleet list, and counts them. For a PBX that can't be
// read, it yields an *each.Bad with the MAC as its name.
func (p *Publisher) fleet(ctx context.Context, report *Report) iter.Seq2[curated.PBX, error] {
	return each.Where(store.FleetOf(ctx, p.store, read), func(curated.PBX) bool {
		report.PBXs++
		return true
	})
}

// read reads the operator's settings of a PBX.
func read(ctx context.Context, s *store.Store, mac pbx.MAC) (curated.PBX, error) {
	device, seen, err := rollup.Known(ctx, s, mac)
	if err != nil {
		return curated.PBX{}, err
	}
	names, err := s.Names(ctx, mac)
	if err != nil {
		return curated.PBX{}, err
	}
	if err := errors.Join(device.Check("name", "site"), names.Readable()); err != nil {
		return curated.PBX{}, err
	}
	row := curated.PBX{
		MAC: mac, Name: device.Name, Site: device.Site,
		Zone: store.ClockZone(device, seen, pbx.Zone{}), ZoneInferred: !device.Zone.Known() && seen.Zone.Known(),
		Thresholds: rollup.Thresholds(device), TalkIncludesHold: device.TalkIncludesHold, Disabled: device.Disabled,
	}
	for _, n := range names {
		name := curated.Named{ID: n.ID, Name: n.Name}
		switch n.Kind {
		case naming.Queue:
			row.Queues = append(row.Queues, queue(name, n))
		case naming.Agent:
			row.Agents = append(row.Agents, name)
		case naming.DID:
			row.DIDs = append(row.DIDs, name)
		}
	}
	return row, nil
}

func queue(name curated.Named, n store.Name) curated.Queue {
	q := curated.Queue{Named: name, Opens: n.Opens.String(), TargetPercent: n.Target.Percent, TargetSeconds: n.Target.Seconds}
	for _, o := range n.Opens {
		q.Hours = append(q.Hours, curated.Opening(o))
	}
	return q
}
