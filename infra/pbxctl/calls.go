package main

import (
	"fmt"
	"strconv"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

type callsCommand struct {
	source
	pbxDays
}

// Help is the long form of the command's help.
func (callsCommand) Help() string {
	return `Shows the contact centre's records (cc_cdr) first, then the plain records (cdr) of newer
firmware. Times are by the PBX's clock. Durations are seconds; - means unknown.

Examples:
  pbxctl calls 68:69:2e:0b:00:01 --data ./data --day 2018-11-05
  pbxctl calls 68692e0b0001 --stack trunkline --json | jq .event.queue`
}

// Run implements the command.
func (c *callsCommand) Run(p *program) error {
	return c.openOne(p, func(s *store.Store, zone pbx.Zone) error {
		span, err := c.Day.span(p.today(zone))
		if err != nil {
			return err
		}
		err = show(p, c.JSON, s.CallRecords(p.ctx, c.MAC, zone, span), callColumns, "No contact-centre records.")
		if err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintln(p.out)
		}
		return show(p, c.JSON, s.CDRs(p.ctx, c.MAC, zone, span), cdrColumns, "No plain call detail records.")
	})
}

var callColumns = columns[store.Record[*pbx.CallRecord]]{
	Heads: []string{"START", "UUID", "CALLER", "CALLED", "QUEUE", "AGENT", "TYPE", "STATE", "WAIT", "TALK", "TOTAL", "MISSED", "RESTATED"},
	Cells: func(r store.Record[*pbx.CallRecord]) []string {
		e := r.Event
		return []string{e.Start.String(), e.UUID, e.Caller, e.Called, e.Queue, e.Agent, e.CallType, e.CDRState,
			e.QueueTime.String(), e.TalkingTime.String(), e.Duration.String(), e.MissCause, strconv.Itoa(r.Restatements)}
	},
}

var cdrColumns = columns[store.Record[*pbx.CDR]]{
	Heads: []string{"START", "UNIQUEID", "SOURCE", "DESTINATION", "TYPE", "DISPOSITION", "BILLABLE", "TOTAL", "RESTATED"},
	Cells: func(r store.Record[*pbx.CDR]) []string {
		e := r.Event
		return []string{e.Start.String(), e.UniqueID, e.Source, e.Destination, e.CallType, e.Disposition,
			e.Billable.String(), e.Duration.String(), strconv.Itoa(r.Restatements)}
	},
}
