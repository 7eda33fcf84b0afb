package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/feed"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
)

type completenessCommand struct {
	source
	Bucket string `help:"S3 bucket of the archive, with --table." placeholder:"NAME"`
	Day    string `required:"" help:"Day by the PBX's clock, such as 2018-11-05." placeholder:"DAY"`
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
	feed.Completeness
}

// Run implements the command.
func (c *completenessCommand) Run(p *program) error {
	day, err := pbx.ParseDay(c.Day)
	if err != nil {
		return fmt.Errorf("--day: %w", err)
	}
	bucket, err := c.archive(p)
	if err != nil {
		return err
	}
	return c.read(p, func(s *store.Store, mac pbx.MAC) error {
		device, zone, err := deviceOf(p, s, mac)
		if err != nil {
			return err
		}
		calls := feed.NewCalls()
		if err := addRecords(p, s, mac, day, calls); err != nil {
			return err
		}
		legs := legs{p, bucket, device, zone.End(day - 1), zone.End(day), calls}
		if err := legs.add(mac); err != nil {
			return err
		}
		found := []told{{mac, day, calls.Completeness()}}
		return show(p, c.JSON, values(found, nil), toldColumns, "")
	})
}

func (c *completenessCommand) archive(p *program) (archive.Bucket, error) {
	if c.Table == "" && c.Data != "" {
		return dir.OpenReadOnly(local.ArchivePath(c.Data))
	}
	if c.Bucket == "" {
		return nil, errors.New("where is the archive? Give --data DIR, or --table NAME and --bucket NAME")
	}
	return openS3(p.ctx, c.Bucket)
}

// deviceOf is what was set for a PBX, and the best that is known of where its clock stands.
func deviceOf(p *program, s *store.Store, mac pbx.MAC) (store.Device, pbx.Zone, error) {
	device, err := s.Device(p.ctx, mac)
	if err != nil {
		return store.Device{}, pbx.Zone{}, err
	}
	seen, err := s.Seen(p.ctx, mac)
	return device, device.Zone.Or(seen.Zone).Or(pbx.UTC), err
}

func addRecords(p *program, s *store.Store, mac pbx.MAC, day pbx.Day, calls *feed.Calls) error {
	for r, err := range s.CallRecords(p.ctx, mac, store.Days(day, day)) {
		if err != nil {
			return err
		}
		calls.Add(r.Event)
	}
	for r, err := range s.CDRs(p.ctx, mac, store.Days(day, day)) {
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
	calls    *feed.Calls
}

func (l *legs) add(mac pbx.MAC) error {
	for _, kind := range []pbx.Kind{pbx.KindDialBegin, pbx.KindHangup} {
		for day := l.from.Truncate(24 * time.Hour); day.Before(l.to); day = day.Add(24 * time.Hour) {
			for name, err := range l.bucket.List(l.ctx, archive.RawFolder(kind, day)+string(mac), "") {
				if err == nil {
					err = l.addOne(name)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *legs) addOne(name string) error {
	object, err := l.bucket.Get(l.ctx, name)
	if err != nil {
		return err
	}
	receipt, err := archive.ParseReceipt(object)
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
