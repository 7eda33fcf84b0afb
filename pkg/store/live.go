package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// LiveCall is a call of the last day as its legs tell of it.
type LiveCall struct {
	MAC      pbx.MAC   `json:"mac"`
	UniqueID string    `json:"uniqueid"`
	State    CallState `json:"state"`
	Caller   string    `json:"caller,omitempty"`
	Seen     time.Time `json:"seen"`           // when the last event about it was received
	Legs     []LiveLeg `json:"legs,omitempty"` // by the names of their channels
}

// LiveLeg is one channel that a call rang.
type LiveLeg struct {
	Channel  string `json:"channel"`
	Called   string `json:"called,omitempty"`
	Ringing  bool   `json:"ringing"`
	Outcome  string `json:"outcome,omitempty"` // the status with which the ringing ended, such as ANSWER
	uniqueID string
}

// CallState is how far a call has come.
type CallState string

// A call has begun when the PBX tells of it; it rings while any of its legs does; it
// has ended when it was hung up.
const (
	CallBegun   CallState = "begun"
	CallRinging CallState = "ringing"
	CallEnded   CallState = "ended"
)

// LiveCalls returns the calls of the last day, the latest first.
func (s *Store) LiveCalls(ctx context.Context, mac pbx.MAC) ([]LiveCall, error) {
	f := liveFold{mac: mac, calls: map[string]*LiveCall{}, hungUp: map[string]*hangup{}}
	for item, err := range s.query(ctx, Prefix(string(mac), livePrefix+"#")) {
		if err == nil {
			err = f.add(item)
		}
		if err != nil {
			return nil, err
		}
	}
	return f.answer(), nil
}

// liveFold gathers the legs of the calls of one PBX.
type liveFold struct {
	mac    pbx.MAC
	calls  map[string]*LiveCall
	hungUp map[string]*hangup // by the uniqueid of either channel
}

type hangup struct {
	caller string
	at     time.Time
	known  bool // the channel belongs to a call that was seen to begin
}

func (f *liveFold) add(i Item) error {
	switch strings.Split(i.SK, "#")[2] {
	case stageBegin:
		var doc factDoc[pbx.DialBegin]
		if err := unmarshal(i, &doc); err != nil {
			return err
		}
		e := doc.Event
		leg := f.leg(e.UniqueID, e.CallerIDNum, e.DestChannel, doc.Received)
		leg.uniqueID, leg.Called = e.DestUniqueID, cmp.Or(e.DestCallerIDNum, e.DestExten)
		leg.Ringing = leg.Outcome == ""
	case stageEnd:
		var doc factDoc[pbx.DialEnd]
		if err := unmarshal(i, &doc); err != nil {
			return err
		}
		e := doc.Event
		leg := f.leg(e.UniqueID, e.CallerIDNum, e.DestChannel, doc.Received)
		leg.Called = cmp.Or(leg.Called, e.DestCallerIDNum, e.DestExten)
		leg.Ringing, leg.Outcome = false, cmp.Or(e.DialStatus, "over")
	case stageHangup:
		var doc factDoc[pbx.Hangup]
		if err := unmarshal(i, &doc); err != nil {
			return err
		}
		f.hungUp[doc.Event.UniqueID] = &hangup{caller: doc.Event.CallerIDNum, at: doc.Received}
	}
	return nil
}

// leg finds the leg of a call that rings a channel, or makes it.
func (f *liveFold) leg(uniqueID, caller, channel string, received time.Time) *LiveLeg {
	call := f.calls[uniqueID]
	if call == nil {
		call = &LiveCall{MAC: f.mac, UniqueID: uniqueID, State: CallBegun}
		f.calls[uniqueID] = call
	}
	call.Caller = cmp.Or(call.Caller, caller)
	call.see(received)
	i := slices.IndexFunc(call.Legs, func(l LiveLeg) bool { return l.Channel == channel })
	if i < 0 {
		i = len(call.Legs)
		call.Legs = append(call.Legs, LiveLeg{Channel: channel})
	}
	return &call.Legs[i]
}

// answer gives each call its state. A channel that was hung up and belongs to no call
// that was seen to begin is a call that has ended.
func (f *liveFold) answer() []LiveCall {
	for _, call := range f.calls {
		f.settle(call)
	}
	for id, h := range f.hungUp {
		if h.known {
			continue
		}
		f.calls[id] = &LiveCall{MAC: f.mac, UniqueID: id, State: CallEnded, Caller: h.caller, Seen: h.at}
	}
	calls := make([]LiveCall, 0, len(f.calls))
	for _, call := range f.calls {
		calls = append(calls, *call)
	}
	slices.SortFunc(calls, func(a, b LiveCall) int {
		return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.UniqueID, b.UniqueID))
	})
	return calls
}

// settle applies the hangups to a call. One of them may name either channel: it ends
// the call where it names the caller's, the one that answered, or the only one.
func (f *liveFold) settle(call *LiveCall) {
	ended := f.hangUp(call, call.UniqueID)
	for i := range call.Legs {
		leg := &call.Legs[i]
		if f.hangUp(call, leg.uniqueID) {
			leg.Ringing = false
			ended = ended || len(call.Legs) == 1 || strings.EqualFold(leg.Outcome, "ANSWER")
		}
		if leg.Ringing {
			call.State = CallRinging
		}
	}
	if ended {
		call.State = CallEnded
	}
	for i := range call.Legs {
		call.Legs[i].Ringing = call.Legs[i].Ringing && !ended
	}
	slices.SortFunc(call.Legs, func(a, b LiveLeg) int { return cmp.Compare(a.Channel, b.Channel) })
}

// hangUp tells whether a channel of the call was hung up.
func (f *liveFold) hangUp(call *LiveCall, uniqueID string) bool {
	h, ok := f.hungUp[uniqueID]
	if ok {
		call.see(h.at)
		h.known = true
	}
	return ok
}

func (c *LiveCall) see(at time.Time) {
	if at.After(c.Seen) {
		c.Seen = at
	}
}
