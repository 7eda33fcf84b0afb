package dataquality

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Dialect is the generation of firmware that a record seems to come from.
type Dialect string

// The dialects. Newer firmware reports which side hung up.
const (
	Older Dialect = "older"
	Newer Dialect = "newer"
)

// DialectOf returns the dialect of a record.
func DialectOf(e *pbx.CallRecord) Dialect {
	if e.HangupSide != "" {
		return Newer
	}
	return Older
}

// Record is a call record, and what else is known about it.
type Record struct {
	*pbx.CallRecord
	Received time.Time
	Zone     pbx.Zone // of the PBX's clock; an unknown one is not checked
}

// Assumption is something that the figures assume about each record.
type Assumption struct {
	Name string
	Says string // for people
	// holds reports whether it holds; applies is false if the record can't show that.
	holds func(Record) (holds, applies bool)
}

var assumptions = []Assumption{
	{"uuid_tells_time", "a uuid is <epoch seconds>.<counter>", func(r Record) (bool, bool) {
		_, ok := pbx.NamedAt(r.UUID)
		return ok, true
	}},
	{"start_fits_uuid", "a call starts within a minute before and an hour after its uuid's time, by the PBX's clock", func(r Record) (bool, bool) {
		ahead, ok := pbx.Ahead(r.UUID, r.Start)
		if !ok || !r.Zone.Known() {
			return false, false
		}
		offset := time.Duration(r.Zone.Local(r.Zone.Time(r.Start))-pbx.LocalTimeOf(r.Zone.Time(r.Start))) * time.Second
		return ahead-offset >= -time.Minute && ahead-offset <= time.Hour, true
	}},
	{"ends_after_start", "a call ends after it starts", func(r Record) (bool, bool) {
		return r.End >= r.Start, r.End != 0
	}},
	{"ring_within_queue", "the phone rings while the caller waits in the queue", func(r Record) (bool, bool) {
		return r.RingTime.Or(0) <= r.QueueTime.Or(0), r.Queue != "" && r.RingTime.Known() && r.QueueTime.Known()
	}},
	{"duration_is_whole", "the duration is the time from start to end", func(r Record) (bool, bool) {
		off := int64(r.End-r.Start) - r.Duration.Or(0)
		return off >= -2 && off <= 2, r.End != 0 && r.Duration.Known()
	}},
	{"wait_within_duration", "a caller waits no longer than the call lasts", func(r Record) (bool, bool) {
		return r.QueueTime.Or(0) <= r.Duration.Or(0), r.QueueTime.Known() && r.Duration.Known()
	}},
	{"talk_has_agent", "a call with talk time has an agent, a message or a forward", func(r Record) (bool, bool) {
		return r.Agent != "" || r.LeftMessage() || r.Forwarded(), r.TalkingTime.Or(0) > 0
	}},
	{"known_state", "a call ends bridged, in feedback, in a queue or in a menu", func(r Record) (bool, bool) {
		return oneOf(r.CDRState, "bridged", "feedback", "queue", "ivr"), true
	}},
	{"known_type", "a call type is inbound, outbound or internal", func(r Record) (bool, bool) {
		return pbx.DirectionOf(r.CallType) != pbx.UnknownDirection, true
	}},
	{"known_miss_cause", "a miss cause is one of the four that are documented", func(r Record) (bool, bool) {
		return oneOf(r.MissCause, "NO_ASSIGN", "NO_AGENT_ANSWER", "NO_AGENT_LOGIN", "MEMBER_CANCEL"), r.MissCause != ""
	}},
	{"known_members", "all members of a record are known", func(r Record) (bool, bool) {
		return len(r.Extra) == 0, true
	}},
	{"clock_is_right", "the PBX's clock is not years off", func(r Record) (bool, bool) {
		return !kpi.ClockSuspect(r.Start, r.Received), true
	}},
	{"arrives_soon", "a record arrives within an hour of the call's end", func(r Record) (bool, bool) {
		if !r.Zone.Known() || r.End == 0 {
			return false, false
		}
		late := r.Received.Sub(r.Zone.Time(r.End))
		return late < time.Hour && late > -5*time.Minute, true
	}},
}

func oneOf(s string, all ...string) bool {
	for _, each := range all {
		if s == each {
			return true
		}
	}
	return false
}

// Finding says how far an assumption holds for the records of one dialect.
type Finding struct {
	Dialect    Dialect `json:"dialect,omitempty"` // empty for a finding of no dialect
	Assumption string  `json:"assumption"`
	Says       string  `json:"says"`
	Checked    int     `json:"checked"`
	Violated   int     `json:"violated"`
	Share      float64 `json:"share"`             // of the checked records, from 0 to 1
	Example    string  `json:"example,omitempty"` // the uuid of a record that violates it
	kind       pbx.Kind
}

// Review checks assumptions against the records of one PBX.
type Review struct {
	findings map[Dialect][]Finding
	misread  map[string]*Finding // by kind and member
	checked  map[pbx.Kind]int
}

// NewReview makes a Review of no records.
func NewReview() *Review {
	return &Review{map[Dialect][]Finding{}, map[string]*Finding{}, map[pbx.Kind]int{}}
}

// AddMembers checks which known members of a record of any kind can be read. The id becomes an
// example.
func (v *Review) AddMembers(e pbx.Event, id string) {
	v.checked[e.Kind()]++
	for _, m := range e.Misread() {
		name := strings.ToLower(m.Name)
		f := v.misread[string(e.Kind())+" "+name]
		if f == nil {
			f = &Finding{Assumption: "readable_" + string(e.Kind()) + "_" + name, kind: e.Kind()}
			v.misread[string(e.Kind())+" "+name] = f
		}
		f.Says = fmt.Sprintf("%s of %s can be read, not %.20q", m.Name, e.Kind(), m.Value)
		f.Violated++
		f.Example = id
	}
}

// Add checks a record.
func (v *Review) Add(r Record) {
	dialect := DialectOf(r.CallRecord)
	if v.findings[dialect] == nil {
		for _, a := range assumptions {
			v.findings[dialect] = append(v.findings[dialect], Finding{Dialect: dialect, Assumption: a.Name, Says: a.Says})
		}
	}
	for i, a := range assumptions {
		holds, applies := a.holds(r)
		if !applies {
			continue
		}
		f := &v.findings[dialect][i]
		f.Checked++
		if !holds {
			f.Violated++
			f.Example = r.UUID
		}
		f.Share = float64(f.Violated) / float64(f.Checked)
	}
}

// Findings returns the findings of all dialects seen, the older one first. A finding for each
// member that could not be read follows.
func (v *Review) Findings() []Finding {
	all := append(append([]Finding{}, v.findings[Older]...), v.findings[Newer]...)
	for _, name := range slices.Sorted(maps.Keys(v.misread)) {
		f := *v.misread[name]
		f.Checked = v.checked[f.kind]
		f.Share = float64(f.Violated) / float64(f.Checked)
		all = append(all, f)
	}
	return all
}

// PBXFinding is a finding at one PBX.
type PBXFinding struct {
	MAC pbx.MAC `json:"mac"`
	Finding
}
