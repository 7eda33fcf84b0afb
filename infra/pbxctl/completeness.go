package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/dataquality"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

type completenessCommand struct {
	source
	Day day `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
}

// Help is the long form of the command's help.
func (completenessCommand) Help() string {
	return `Counts the distinct calls that a PBX reported on a day: those that began to ring (dialbegein),
those that were hung up, and those with a record (cc_cdr, cdr). The record of a call may have
been lost on its way. Or the PBX is not configured to push all kinds of events.

Example:
  pbxctl completeness 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

// reported is what a PBX reported on a day.
type reported struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	dataquality.Completeness
	Sealed bool `json:"sealed"` // the day is: some of its records may have expired
}

// Run implements the command.
func (c *completenessCommand) Run(p *program) error {
	return c.readBoth(p, func(s *store.Store, b archive.Bucket) error {
		m, zone, err := p.member(s, c.MAC)
		if err != nil {
			return err
		}
		on := c.Day.from(p.today(zone))
		of := dataquality.PBX{MAC: c.MAC, Device: m.Device, Clock: zone}
		calls, skipped := dataquality.ReadCalls(p.ctx, s, b, of, on)
		if skipped != nil && !each.Only(skipped) {
			return skipped
		}
		sealed, err := s.Figures().IsSealed(p.ctx, c.MAC, on)
		if err != nil {
			return err
		}
		found := []reported{{c.MAC, on, calls.Completeness(), sealed}}
		err = show(p, c.JSON, each.Of(found...), reportedColumns, "")
		return errors.Join(skipped, err, saySealed(p, on, sealed && !c.JSON))
	})
}

var reportedColumns = columns[reported]{
	Heads: []string{"DAY", "BEGUN", "HUNG UP", "RECORDED", "UNANNOUNCED", "POSSIBLY MISSING"},
	Cells: func(t reported) []string {
		missing := strings.Join(t.Missing[:min(len(t.Missing), 10)], " ")
		if more := len(t.Missing) - 10; more > 0 {
			missing += fmt.Sprintf(" and %d more", more)
		}
		return []string{t.Day.String(), strconv.Itoa(t.Begun), strconv.Itoa(t.HungUp), strconv.Itoa(t.Recorded), strconv.Itoa(t.Unannounced), cmp.Or(missing, "none")}
	},
}
