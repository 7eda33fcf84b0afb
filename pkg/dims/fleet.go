package dims

import (
	"context"
	"iter"
	"sync"

	"trunkline/pkg/curated"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

const (
	// pbxsAtOnce is how many PBXs are read side by side.
	pbxsAtOnce = 32
	// pbxsAhead is how many PBXs are in memory.
	pbxsAhead = 256
)

// fleet yields the PBXs in the order of the fleet list, and counts them. After an error it ends.
func (p *Publisher) fleet(ctx context.Context, report *Report) iter.Seq2[curated.PBX, error] {
	return func(yield func(curated.PBX, error) bool) {
		var macs []pbx.MAC
		for mac, err := range p.store.Fleet(ctx) {
			if err != nil {
				yield(curated.PBX{}, err)
				return
			}
			report.PBXs++
			if macs = append(macs, mac); len(macs) < pbxsAhead {
				continue
			}
			if !p.yieldAll(ctx, macs, yield) {
				return
			}
			macs = macs[:0]
		}
		p.yieldAll(ctx, macs, yield)
	}
}

// yieldAll yields some PBXs, and tells whether more are wanted.
func (p *Publisher) yieldAll(ctx context.Context, macs []pbx.MAC, yield func(curated.PBX, error) bool) bool {
	for _, each := range p.readAll(ctx, macs) {
		if !yield(each.pbx, each.err) || each.err != nil {
			return false
		}
	}
	return true
}

// result is a PBX, or why it can't be read.
type result struct {
	pbx curated.PBX
	err error
}

// readAll reads PBXs side by side.
func (p *Publisher) readAll(ctx context.Context, macs []pbx.MAC) []result {
	all := make([]result, len(macs))
	next := make(chan int)
	var readers sync.WaitGroup
	for range min(pbxsAtOnce, len(macs)) {
		readers.Go(func() {
			for i := range next {
				all[i].pbx, all[i].err = p.read(ctx, macs[i])
			}
		})
	}
	for i := range macs {
		next <- i
	}
	close(next)
	readers.Wait()
	return all
}

// read reads what is said of a PBX.
func (p *Publisher) read(ctx context.Context, mac pbx.MAC) (curated.PBX, error) {
	device, err := p.store.Device(ctx, mac)
	if err != nil {
		return curated.PBX{}, err
	}
	seen, err := p.store.Seen(ctx, mac)
	if err != nil {
		return curated.PBX{}, err
	}
	names, err := p.store.Names(ctx, mac)
	if err != nil {
		return curated.PBX{}, err
	}
	row := curated.PBX{
		MAC: mac, Name: device.Name, Site: device.Site,
		Zone: device.Zone.Or(seen.Zone), ZoneInferred: !device.Zone.Known() && seen.Zone.Known(),
		Thresholds: rollup.Thresholds(device), TalkIncludesHold: device.TalkIncludesHold, Disabled: device.Disabled,
	}
	for _, n := range names {
		name := curated.Named{ID: n.ID, Name: n.Name}
		switch n.Kind {
		case store.KindQueue:
			row.Queues = append(row.Queues, queue(name, n))
		case store.KindAgent:
			row.Agents = append(row.Agents, name)
		case store.KindDID:
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
