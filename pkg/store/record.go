package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/pkg/cache"
	"trunkline/pkg/pbx"
)

// Store keeps the records and settings of a fleet in a Table.
type Store struct {
	*base
	figures    *Figures
	lastEvents *cache.Cache[Key, struct{}]      // recent last events, which need not be written again
	listed     *cache.Cache[pbx.MAC, time.Time] // PBXs that are on the fleet list, and since when
}

// rememberedAtMost is for how many PBXs a writer remembers its writes.
const rememberedAtMost = 10_000

// New returns a Store over a table. It keeps records of calls forever, unless Keeping says otherwise.
func New(table Table, now func() time.Time) *Store {
	b := &base{table: table, now: now}
	return &Store{
		base:       b,
		figures:    &Figures{base: b, marked: cache.New[Key, struct{}](rememberedAtMost)},
		lastEvents: cache.New[Key, struct{}](rememberedAtMost),
		listed:     cache.New[pbx.MAC, time.Time](rememberedAtMost),
	}
}

// Figures returns the figures of the fleet's days, which are in the same Table.
func (s *Store) Figures() *Figures { return s.figures }

// Origin says where an event came from, and when.
type Origin struct {
	MAC   pbx.MAC   // of the URL
	KID   string    // the id of the key that signed the URL; empty: unknown
	At    time.Time // by the receiver's own clock, kept to the millisecond
	Index int       // the event's place in its array, from 0
	Zone  pbx.Zone  // that the operator set for the PBX
}

// Record keeps an event. When it returns nil, the record is durable. Unrecognised kinds of events have
// no record.
//
// It puts the PBX on the fleet list first, and keeps its last event. Then it does what RecordOnly does.
func (s *Store) Record(ctx context.Context, o Origin, e pbx.Event) (sealed bool, err error) {
	if err := s.Register(ctx, o.MAC, o.At); err != nil {
		return false, wrap(err, "record %s", e.Kind())
	}
	if err := s.keepLastEvent(ctx, o); err != nil {
		return false, wrap(err, "record %s", e.Kind())
	}
	return s.RecordOnly(ctx, o, e)
}

// RecordOnly is Record without the fleet list and the last event: the caller calls Note beside it.
//
// If the day of the record is over, it first marks the days that the record changes as due. It does
// not write what would have expired by now. Sealed reports whether the event came too late for the
// figures of a day, since that day is sealed; the event is recorded anyway.
func (s *Store) RecordOnly(ctx context.Context, o Origin, e pbx.Event) (sealed bool, err error) {
	sealed, err = s.record(ctx, o, e)
	return sealed, wrap(err, "record %s", e.Kind())
}

func (s *Store) record(ctx context.Context, o Origin, e pbx.Event) (sealed bool, err error) {
	writes, err := s.writesFor(o, e)
	if err != nil {
		return false, err
	}
	writes = slices.DeleteFunc(writes, func(w write) bool { return s.expired(w.Item) })
	if len(writes) == 0 {
		return false, nil
	}
	if sealed, err = s.markChanged(ctx, o, e); err != nil {
		return sealed, err
	}
	for _, w := range writes {
		if err := orThere(s.table.Put(ctx, w.Item, w.Condition)); err != nil {
			return sealed, err
		}
	}
	return sealed, nil
}

// markChanged marks the days that an event changes as due. It reports whether any of them is sealed,
// and so not marked.
func (s *Store) markChanged(ctx context.Context, o Origin, event pbx.Event) (sealed bool, err error) {
	for _, day := range changedDays(o, event, s.now()) {
		marked, err := s.figures.markOverdue(ctx, o.MAC, day)
		if err != nil {
			return sealed, err
		}
		sealed = sealed || !marked
	}
	return sealed, nil
}

// moment is when something that figures are made of began, and its ID.
type moment struct {
	id    string
	start pbx.LocalTime // unknown: it is in no figures
	inUTC bool
}

// beginning returns the moment of an event. For an agent's login or logoff, it is the receipt.
func beginning(o Origin, event pbx.Event) moment {
	switch e := event.(type) {
	case *pbx.CallRecord:
		return moment{e.UUID, e.Start, e.InUTC}
	case *pbx.CDR:
		return moment{e.UniqueID, e.Start, e.InUTC}
	case *pbx.IVRStep:
		return moment{e.UUID, e.Start, e.InUTC}
	case *pbx.AgentLogin, *pbx.AgentLogoff:
		return moment{"", pbx.LocalTimeOf(o.At.UTC()), true}
	}
	return moment{}
}

type write struct {
	Item
	Condition
}

// writesFor returns the records of an event, by its kind.
func (s *Store) writesFor(o Origin, event pbx.Event) ([]write, error) {
	f, err := newFact(o, event)
	if err != nil {
		return nil, err
	}
	switch e := event.(type) {
	case *pbx.CallRecord:
		return []write{f.at(callRecordKey(o.MAC, e, f.hash)).until(s.expires(e.Start, o))}, nil
	case *pbx.CDR:
		return []write{f.at(cdrKey(o.MAC, e, f.hash)).until(s.expires(e.Start, o))}, nil
	case *pbx.IVRStep:
		return []write{f.at(ivrKey(o.MAC, e, f.hash)).until(s.expires(e.Start, o))}, nil
	case *pbx.DialBegin:
		leg := cmp.Or(e.DestUniqueID, e.DestChannel, f.hash)
		return []write{f.at(liveKey(o.MAC, e.UniqueID, stageBegin, leg)).until(expiring(o, liveFor))}, nil
	case *pbx.DialEnd:
		leg := cmp.Or(e.DestChannel, e.DestUniqueID, f.hash)
		return []write{f.at(liveKey(o.MAC, e.UniqueID, stageEnd, leg)).until(expiring(o, liveFor))}, nil
	case *pbx.Hangup:
		return []write{f.at(liveKey(o.MAC, e.UniqueID, stageHangup, "")).until(expiring(o, liveFor))}, nil
	case *pbx.BridgeEnter:
		return []write{f.at(liveKey(o.MAC, e.UniqueID, stageBridge, "")).until(expiring(o, liveFor))}, nil
	case *pbx.AgentLogin:
		return []write{f.at(signKey(o.MAC, f.received, e.Agent, signLogin)).until(s.expires(0, o))}, nil
	case *pbx.AgentLogoff:
		return []write{f.at(signKey(o.MAC, f.received, e.Agent, signLogoff)).until(s.expires(0, o))}, nil
	case *pbx.ExtensionStatus:
		state := f.at(extensionKey(o.MAC, e.Exten))
		state.Condition = Newer()
		change := f.at(extensionLogKey(o.MAC, e.Exten, f.received, f.hash))
		return []write{state, change.until(expiring(o, extensionLogFor))}, nil
	case *pbx.Unrecognised:
		return nil, nil
	}
	return nil, fmt.Errorf("no record is defined for %T", event)
}

// at returns the write of the fact under a key, which keeps the earliest receipt.
func (f fact) at(k Key) write {
	return write{Item{Key: k, Version: f.version, Doc: f.doc}, Older()}
}

func (w write) until(expires time.Time) write {
	w.Expires = expires
	return w
}
