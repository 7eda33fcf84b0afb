package store

import (
	"context"
	"iter"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Record is what is known of one thing that a PBX reported.
type Record[E pbx.Event] struct {
	MAC      pbx.MAC   `json:"mac"`
	Kind     pbx.Kind  `json:"kind"`
	Received time.Time `json:"received"` // when the current version was first received
	// Restatements is how many other versions the PBX sent; all were received earlier.
	Restatements int `json:"restatements"`
	Event        E   `json:"event"`
	Index        int `json:"-"` // the current version's place in its array, from 0
	// InUTC reports whether the PBX sent instants. Then the event's times are computed with a zone,
	// and do not show which zone the PBX is in.
	InUTC bool `json:"-"`
	// Hash is the hash of the event's content.
	Hash string `json:"-"`
}

// Span is the time [From, To) by a PBX's clock. An unknown end leaves the span open.
type Span struct{ From, To pbx.LocalTime }

// Days returns the span of the days from first to last, both included. An unknown day leaves it open.
func Days(first, last pbx.Day) Span {
	span := Span{From: first.Start()}
	if last != 0 {
		span.To = (last + 1).Start()
	}
	return span
}

// CallRecords yields the current contact-centre records of the calls that began in a span of time, by
// the clock of the PBX's zone. They are in the order of their beginnings; those that the PBX sent in
// UTC come last, in the same order.
//
// Any error ends the sequence, even that of an unreadable record: figures need all records of a day.
func (s *Store) CallRecords(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[Record[*pbx.CallRecord], error] {
	return records[*pbx.CallRecord](ctx, s, mac, callPrefix, zone, span)
}

// CDRs is CallRecords for the plain call detail records.
func (s *Store) CDRs(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[Record[*pbx.CDR], error] {
	return records[*pbx.CDR](ctx, s, mac, cdrPrefix, zone, span)
}

// IVRSteps is CallRecords for the menus that callers heard.
func (s *Store) IVRSteps(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[Record[*pbx.IVRStep], error] {
	return records[*pbx.IVRStep](ctx, s, mac, ivrPrefix, zone, span)
}

// clocked is an event whose times may be in UTC.
type clocked[E any] interface {
	pbx.Event
	In(pbx.Zone) E
}

// records yields the records of one kind by the PBX's clock.
func records[E clocked[E]](ctx context.Context, s *Store, mac pbx.MAC, prefix string, zone pbx.Zone, span Span) iter.Seq2[Record[E], error] {
	return func(yield func(Record[E], error) bool) {
		for _, inUTC := range []bool{false, true} {
			clock := clockOf(zone, inUTC)
			for r, err := range fold[E](s.query(ctx, within(mac, timed(prefix, inUTC), clock.keys(span)))) {
				if err == nil {
					r.Event, r.InUTC = r.Event.In(clock.zone), inUTC
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}

// Sign is a login or logoff of an agent.
type Sign struct {
	Agent string
	Login bool
	At    time.Time // of receipt, since it has no time of its own
	Hash  string    // of its content
}

// Signs yields the signs of a PBX's agents received in [from, to), in the order of their receipt. An
// error ends the sequence.
func (s *Store) Signs(ctx context.Context, mac pbx.MAC, from, to time.Time) iter.Seq2[Sign, error] {
	return func(yield func(Sign, error) bool) {
		for item, err := range s.query(ctx, signsOf(mac, from, to)) {
			if err != nil {
				yield(Sign{}, err)
				return
			}
			sign, err := signOf(item)
			if !yield(sign, err) || err != nil {
				return
			}
		}
	}
}

func signOf(i Item) (Sign, error) {
	doc, err := factOf[pbx.Sign](i)
	if err != nil {
		return Sign{}, err
	}
	return Sign{doc.Event.Agent, lastPart(i.SK) == signLogin, doc.Received, i.Version[strings.LastIndexByte(i.Version, '.')+1:]}, nil
}

// Extensions yields the latest state of each extension, by extension. One that can't be read is an
// *each.Bad. Any other error ends the sequence.
func (s *Store) Extensions(ctx context.Context, mac pbx.MAC) iter.Seq2[Record[*pbx.ExtensionStatus], error] {
	return decoded(ctx, s.query(ctx, Prefix(string(mac), extPrefix+"#")), recordOf[*pbx.ExtensionStatus])
}

// ExtensionLog yields the states that an extension had in the last 30 days, the latest first. One that
// can't be read is an *each.Bad. Any other error ends the sequence.
func (s *Store) ExtensionLog(ctx context.Context, mac pbx.MAC, exten string) iter.Seq2[Record[*pbx.ExtensionStatus], error] {
	r := Prefix(string(mac), join(extLogPrefix, exten)+"#")
	r.Reverse = true
	return decoded(ctx, s.query(ctx, r), recordOf[*pbx.ExtensionStatus])
}

// fold yields one record for all facts of one identity. Their keys differ only in the hash at the end,
// so they are adjacent.
func fold[E pbx.Event](facts iter.Seq2[Item, error]) iter.Seq2[Record[E], error] {
	return func(yield func(Record[E], error) bool) {
		var current Item
		versions := 0
		emit := func() bool {
			if versions == 0 {
				return true
			}
			record, err := recordOf[E](current)
			record.Restatements = versions - 1
			return yield(record, err) && err == nil
		}
		for item, err := range facts {
			if err != nil {
				yield(Record[E]{}, err)
				return
			}
			if versions > 0 && identity(item) != identity(current) {
				if !emit() {
					return
				}
				versions = 0
			}
			if versions == 0 || restates(item, current) {
				current = item
			}
			versions++
		}
		emit()
	}
}

// restates reports whether a fact is current rather than another one of its identity. It is if it was
// received later. Two facts of one receipt are readings of the same event by two decoders. Then the
// reading that leaves fewer members unread is current, so that a newer decoder corrects an older one.
func restates(a, b Item) bool {
	if receiptOf(a) == receiptOf(b) {
		if m, n := unreadMembers(a), unreadMembers(b); m != n {
			return m < n
		}
	}
	return a.Version > b.Version
}

// receiptOf returns the version of a fact without the hash at its end.
func receiptOf(i Item) string { return i.Version[:strings.LastIndexByte(i.Version, '.')+1] }

// unreadMembers returns how many members of a fact's event the decoder did not know or could not read.
// It is -1 if the document can't be read. Then that fact is current, so that the error is noticed.
func unreadMembers(i Item) int {
	doc, err := factOf[*pbx.Common](i)
	if err != nil || doc.Event == nil {
		return -1
	}
	return len(doc.Event.Extra) + len(doc.Event.Unreadable)
}

// lastPart returns the last part of a sort key, which is the hash in a fact's key.
func lastPart(sk string) string { return sk[strings.LastIndexByte(sk, '#')+1:] }

// identity returns the key of a fact without the hash at its end.
func identity(i Item) string { return i.SK[:strings.LastIndexByte(i.SK, '#')] }

func recordOf[E pbx.Event](i Item) (Record[E], error) {
	doc, err := factOf[E](i)
	if err != nil {
		return Record[E]{}, err
	}
	return Record[E]{MAC: pbx.MAC(i.PK), Kind: doc.Event.Kind(), Received: doc.Received, Index: doc.Index, Event: doc.Event, Hash: lastPart(i.SK)}, nil
}
