package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/dataquality"
	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
)

type completenessCommand struct {
	MAC pbx.MAC `required:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	Day pbx.Day `required:"" help:"Day by the PBX's clock, such as 2018-11-05." placeholder:"DAY"`
	where
	showing
}

// Help is the long form of the command's help.
func (completenessCommand) Help() string {
	return `How many distinct calls the PBX told of on a day: when they began to ring (dialbegein),
when they were hung up, and in records (cc_cdr, cdr). A call that has no record may have
been lost on its way; the PBX may not be set to push all kinds of events, too.

Example:
  pbxctl completeness --mac 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

// told is what a PBX told of on a day.
type told struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	dataquality.Completeness
	Sealed bool `json:"sealed"` // the day is: there may have been more records
}

// Run implements the command.
func (c *completenessCommand) Run(p *program) error {
	return c.readBoth(p, func(s *store.Store, b archive.Bucket) error {
		m, err := devices.Read(p.ctx, s, c.MAC)
		if err != nil {
			return err
		}
		zone, err := p.zoneOf(m)
		if err != nil {
			return err
		}
		calls := dataquality.NewCalls()
		if err := addRecords(p, s, c.MAC, zone, c.Day, calls); err != nil {
			return err
		}
		legs := legs{p, b, m.Device, zone.End(c.Day - 1), zone.End(c.Day), calls}
		skipped := legs.add(c.MAC)
		if skipped != nil && !each.Only(skipped) {
			return skipped
		}
		sealed, err := s.Figures().IsSealed(p.ctx, c.MAC, c.Day)
		if err != nil {
			return err
		}
		found := []told{{c.MAC, c.Day, calls.Completeness(), sealed}}
		err = show(p, c.JSON, each.Of(found...), toldColumns, "")
		return errors.Join(skipped, err, saySealed(p, c.Day, sealed && !c.JSON))
	})
}

func addRecords(p *program, s *store.Store, mac pbx.MAC, zone pbx.Zone, day pbx.Day, calls *dataquality.Calls) error {
	for r, err := range s.CallRecords(p.ctx, mac, zone, store.Days(day, day)) {
		if err != nil {
			return err
		}
		calls.Add(r.Event)
	}
	for r, err := range s.CDRs(p.ctx, mac, zone, store.Days(day, day)) {
		if err != nil {
			return err
		}
		calls.Add(r.Event)
	}
	return nil
}

// legs reads from the archive which calls began and ended in a span of time.
type legs struct {
	*program
	bucket   archive.Bucket
	device   store.Device
	from, to time.Time
	calls    *dataquality.Calls
}

func (l *legs) add(mac pbx.MAC) error {
	var folders []iter.Seq2[string, error]
	for _, kind := range []pbx.Kind{pbx.KindDialBegin, pbx.KindHangup} {
		for day := pbx.UTCDay(l.from); day.UTC().Before(l.to); day++ {
			folders = append(folders, l.bucket.List(l.ctx, archive.RawFolder(kind, day)+string(mac), ""))
		}
	}
	objects := each.Loop[string]{Of: "objects of the day", Name: each.Text[string]}
	return objects.Do(l.ctx, each.Join(folders...), l.addOne)
}

func (l *legs) addOne(ctx context.Context, name string) error {
	text, err := archive.ReadLines(ctx, l.bucket, name)
	if err != nil {
		return err
	}
	lines := each.Loop[archive.Line]{Of: "lines of the day", Name: archive.Line.String}
	return lines.Do(ctx, archive.LinesOf(name, text), func(_ context.Context, line archive.Line) error { return l.addLine(line.Text) })
}

func (l *legs) addLine(line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil || receipt.Received.Before(l.from) || !receipt.Received.Before(l.to) {
		return err
	}
	event, err := replay.Decode(receipt, l.device)
	if err == nil {
		l.calls.Add(event)
	}
	return err
}

var toldColumns = columns[told]{
	[]string{"DAY", "BEGUN", "HUNG UP", "RECORDED", "UNANNOUNCED", "POSSIBLY MISSING"},
	func(t told) []string {
		missing := strings.Join(t.Missing[:min(len(t.Missing), 10)], " ")
		if more := len(t.Missing) - 10; more > 0 {
			missing += fmt.Sprintf(" and %d more", more)
		}
		return []string{t.Day.String(), strconv.Itoa(t.Begun), strconv.Itoa(t.HungUp), strconv.Itoa(t.Recorded), strconv.Itoa(t.Unannounced), cmp.Or(missing, "none")}
	},
}
