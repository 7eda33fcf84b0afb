package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// LiveCall is a call of the last day, as its legs describe it.
type LiveCall struct {
	MAC      pbx.MAC   `json:"mac"`
	UniqueID string    `json:"uniqueid"` // of its first channel
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

// A call begins with its first event. It rings while any of its legs rings. It is answered once a leg
// is answered, or one of its channels is connected with another. It ends when it is hung up.
const (
	CallBegun    CallState = "begun"
	CallRinging  CallState = "ringing"
	CallAnswered CallState = "answered"
	CallEnded    CallState = "ended"
)

// LiveCalls returns the calls of the last day, the latest first.
func (s *Store) LiveCalls(ctx context.Context, mac pbx.MAC) ([]LiveCall, error) {
	f := liveFold{mac: mac, calls: map[string]*LiveCall{}, hungUp: map[string]*hangup{}, bridged: map[string]bool{}}
	for item, err := range s.query(ctx, Prefix(string(mac), livePrefix+"#")) {
		if err != nil {
			return nil, err
		}
		if err := f.add(item); err != nil {
			return nil, err
		}
	}
	return f.answer(), nil
}

// liveFold collects the legs of one PBX's calls.
type liveFold struct {
	mac     pbx.MAC
	calls   map[string]*LiveCall // by the uniqueids of their first channels
	hungUp  map[string]*hangup   // by the uniqueid of any channel
	bridged map[string]bool      // connected channels, and calls that have one
}

type hangup struct {
	call   string // as the PBX reported it
	caller string
	at     time.Time
	known  bool // the channel belongs to a call whose beginning was received
}

func (f *liveFold) add(i Item) error {
	parts := strings.Split(i.SK, "#")
	switch stage, name := parts[2], parts[3]; stage {
	case stageBegin:
		doc, err := factOf[pbx.DialBegin](i)
		if err != nil {
			return err
		}
		e := doc.Event
		leg := f.leg(&e.Leg, cmp.Or(e.DestChannel, name), doc.Received)
		leg.uniqueID, leg.Called = e.DestUniqueID, cmp.Or(e.DestCallerIDNum, e.DestExten)
		leg.Ringing = leg.Outcome == ""
	case stageEnd:
		doc, err := factOf[pbx.DialEnd](i)
		if err != nil {
			return err
		}
		e := doc.Event
		leg := f.leg(&e.Leg, cmp.Or(e.DestChannel, name), doc.Received)
		leg.Called = cmp.Or(leg.Called, e.DestCallerIDNum, e.DestExten)
		leg.Ringing, leg.Outcome = false, cmp.Or(e.DialStatus, "over")
	case stageHangup:
		doc, err := factOf[pbx.Hangup](i)
		if err != nil {
			return err
		}
		e := doc.Event
		f.hungUp[e.UniqueID] = &hangup{call: e.Call(), caller: e.CallerIDNum, at: doc.Received}
	case stageBridge:
		doc, err := factOf[pbx.BridgeEnter](i)
		if err != nil {
			return err
		}
		f.bridged[doc.Event.UniqueID], f.bridged[doc.Event.Call()] = true, true
		if doc.Event.LinkedID != "" {
			f.call(doc.Event.LinkedID).see(doc.Received)
		}
	}
	return nil
}

// call returns a call, and adds it if it is new.
func (f *liveFold) call(id string) *LiveCall {
	if f.calls[id] == nil {
		f.calls[id] = &LiveCall{MAC: f.mac, UniqueID: id, State: CallBegun}
	}
	return f.calls[id]
}

// leg returns the leg of a call that rings a channel, and adds it if it is new.
func (f *liveFold) leg(l *pbx.Leg, channel string, received time.Time) *LiveLeg {
	call := f.call(l.Call())
	if call.Caller == "" || l.UniqueID == call.UniqueID && l.CallerIDNum != "" {
		call.Caller = l.CallerIDNum
	}
	call.see(received)
	i := slices.IndexFunc(call.Legs, func(l LiveLeg) bool { return l.Channel == channel })
	if i < 0 {
		i = len(call.Legs)
		call.Legs = append(call.Legs, LiveLeg{Channel: channel})
	}
	return &call.Legs[i]
}

// answer gives each call its state. If a channel was hung up, and no call with it was received, the
// channel counts as a call that has ended.
func (f *liveFold) answer() []LiveCall {
	for _, call := range f.calls {
		f.applyHangups(call)
	}
	for id, h := range f.hungUp {
		call := f.calls[h.call]
		switch {
		case h.known:
		case call != nil:
			call.see(h.at)
		default:
			f.calls[id] = &LiveCall{MAC: f.mac, UniqueID: id, State: CallEnded, Caller: h.caller, Seen: h.at}
		}
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

// applyHangups applies to a call what happened to its channels. A hangup ends the call if the
// channel is the caller's, the one that answered, or the only one.
func (f *liveFold) applyHangups(call *LiveCall) {
	ended, answered := f.hangUp(call, call.UniqueID), f.bridged[call.UniqueID]
	for i := range call.Legs {
		leg := &call.Legs[i]
		if f.bridged[leg.uniqueID] && leg.Ringing {
			leg.Ringing, leg.Outcome = false, answeredLeg
		}
		won := strings.EqualFold(leg.Outcome, answeredLeg)
		if f.hangUp(call, leg.uniqueID) {
			leg.Ringing = false
			ended = ended || len(call.Legs) == 1 || won
		}
		answered = answered || won
		if leg.Ringing {
			call.State = CallRinging
		}
	}
	switch {
	case ended:
		call.State = CallEnded
	case answered:
		call.State = CallAnswered
	}
	for i := range call.Legs {
		call.Legs[i].Ringing = call.Legs[i].Ringing && !ended
	}
	slices.SortFunc(call.Legs, func(a, b LiveLeg) int { return cmp.Compare(a.Channel, b.Channel) })
}

// answeredLeg is the outcome of a leg that was answered.
const answeredLeg = "ANSWER"

// hangUp reports whether a channel of the call was hung up, and marks the hangup as known.
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
