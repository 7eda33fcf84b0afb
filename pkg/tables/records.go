package tables

import (
	"cmp"
	"strconv"
	"strings"

	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Calls shows records of calls. Times are by the PBX's clock, and durations are seconds.
func Calls() listing.Columns[store.Record[*pbx.CallRecord]] {
	return listing.Columns[store.Record[*pbx.CallRecord]]{
		Heads: []string{"START", "UUID", "CALLER", "CALLED", "QUEUE", "AGENT", "TYPE", "STATE", "WAIT", "TALK", "TOTAL", "MISSED", "RESTATED"},
		Cells: func(r store.Record[*pbx.CallRecord]) []string {
			e := r.Event
			return []string{e.Start.String(), e.UUID, e.Caller, e.Called, e.Queue, e.Agent, e.CallType, e.CDRState,
				e.QueueTime.String(), e.TalkingTime.String(), e.Duration.String(), e.MissCause, strconv.Itoa(r.Restatements)}
		},
	}
}

// CDRs shows plain call detail records.
func CDRs() listing.Columns[store.Record[*pbx.CDR]] {
	return listing.Columns[store.Record[*pbx.CDR]]{
		Heads: []string{"START", "UNIQUEID", "SOURCE", "DESTINATION", "TYPE", "DISPOSITION", "BILLABLE", "TOTAL", "RESTATED"},
		Cells: func(r store.Record[*pbx.CDR]) []string {
			e := r.Event
			return []string{e.Start.String(), e.UniqueID, e.Source, e.Destination, e.CallType, e.Disposition,
				e.Billable.String(), e.Duration.String(), strconv.Itoa(r.Restatements)}
		},
	}
}

// IVRSteps shows the menus that callers heard.
func IVRSteps() listing.Columns[store.Record[*pbx.IVRStep]] {
	return listing.Columns[store.Record[*pbx.IVRStep]]{
		Heads: []string{"START", "UUID", "CALLER", "IVR", "NAME", "KEY", "SECONDS", "TO QUEUE"},
		Cells: func(r store.Record[*pbx.IVRStep]) []string {
			e := r.Event
			return []string{e.Start.String(), e.UUID, e.Caller, e.IVRID, e.IVRName, e.Key, e.Duration.String(), e.Queue}
		},
	}
}

// Extensions shows the states of extensions.
func Extensions() listing.Columns[store.Record[*pbx.ExtensionStatus]] {
	return listing.Columns[store.Record[*pbx.ExtensionStatus]]{
		Heads: []string{"EXTENSION", "STATE", "SINCE"},
		Cells: func(r store.Record[*pbx.ExtensionStatus]) []string {
			return []string{r.Event.Exten, cmp.Or(r.Event.StatusText, r.Event.Status.String()), Clock(r.Received)}
		},
	}
}

// LiveCalls shows calls with their legs.
func LiveCalls() listing.Columns[store.LiveCall] {
	return listing.Columns[store.LiveCall]{
		Heads: []string{"SEEN", "UNIQUEID", "CALLER", "STATE", "LEGS"},
		Cells: func(c store.LiveCall) []string {
			var legs []string
			for _, l := range c.Legs {
				state := l.Outcome
				if l.Ringing {
					state = "ringing"
				}
				legs = append(legs, l.Channel+" "+state)
			}
			return []string{Clock(c.Seen), c.UniqueID, c.Caller, string(c.State), strings.Join(legs, ", ")}
		},
	}
}
