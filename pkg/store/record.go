package store

import (
	"cmp"
	"context"
	"encoding/json"
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
	lastEvents *cache.Cache[Key, struct{}]      // what need not be written again for a while of when PBXs were heard
	listed     *cache.Cache[pbx.MAC, time.Time] // since when PBXs are on the fleet list, at the latest
}

// rememberedAtMost is for how many PBXs a writer remembers what it has written.
const rememberedAtMost = 10_000

// New makes a Store over a table, which keeps the records of calls for ever.
func New(table Table, now func() time.Time) *Store {
	b := &base{table: table, now: now}
	return &Store{
		base:       b,
		figures:    &Figures{base: b, marked: cache.New[Key, struct{}](rememberedAtMost)},
		lastEvents: cache.New[Key, struct{}](rememberedAtMost),
		listed:     cache.New[pbx.MAC, time.Time](rememberedAtMost),
	}
}

// Figures returns what keeps the figures of the fleet's days, in the same Table.
func (s *Store) Figures() *Figures { return s.figures }

// Receipt says how an event was received.
type Receipt struct {
	MAC   pbx.MAC   // of the URL
	KID   string    // the id of the key that signed the URL; empty where it is not known
	At    time.Time // by the receiver's own clock, kept to the millisecond
	Index int       // the event's place in its array, from 0
	Zone  pbx.Zone  // that the operator has set for the PBX
}

// Record keeps what the event says. When it returns nil, that is durable. Kinds that
// are not recognised leave no record.
//
// Before a record is written whose day is over by now, the days that it changes are marked
// as due; and the PBX is on the fleet list before its first record. What would have expired by
// now is not written. Sealed reports whether the event came too late for the figures of a day,
// since that is sealed; the event is recorded all the same.
func (s *Store) Record(ctx context.Context, r Receipt, e pbx.Event) (sealed bool, err error) {
	sealed, err = s.record(ctx, r, e)
	return sealed, wrap(err, "record %s", e.Kind())
}

func (s *Store) record(ctx context.Context, r Receipt, e pbx.Event) (sealed bool, err error) {
	writes, err := s.writesFor(r, e)
	if err != nil {
		return false, err
	}
	if err := s.Register(ctx, r.MAC, r.At); err != nil {
		return false, err
	}
	if err := s.keepLastEvent(ctx, r); err != nil {
		return false, err
	}
	writes = slices.DeleteFunc(writes, func(w write) bool { return s.expired(w.Item) })
	if len(writes) == 0 {
		return false, nil
	}
	if sealed, err = s.markChanged(ctx, r, e); err != nil {
		return sealed, err
	}
	for _, w := range writes {
		if err := orThere(s.table.Put(ctx, w.Item, w.Condition)); err != nil {
			return sealed, err
		}
	}
	return sealed, nil
}

// markChanged has the days marked as due that an event changes, and reports whether any of
// them is sealed, and so is not.
func (s *Store) markChanged(ctx context.Context, r Receipt, event pbx.Event) (sealed bool, err error) {
	for _, day := range changedDays(r, event, s.now()) {
		marked, err := s.figures.markOverdue(ctx, r.MAC, day)
		if err != nil {
			return sealed, err
		}
		sealed = sealed || !marked
	}
	return sealed, nil
}

// moment is when something that a day's figures are made of began, and what it is named by.
type moment struct {
	id    string
	start pbx.LocalTime // unknown: no figures are made of it
	inUTC bool
}

// beginning is the moment of an event. An agent's sign has that of its receipt.
func beginning(r Receipt, event pbx.Event) moment {
	switch e := event.(type) {
	case *pbx.CallRecord:
		return moment{e.UUID, e.Start, e.InUTC}
	case *pbx.CDR:
		return moment{e.UniqueID, e.Start, e.InUTC}
	case *pbx.IVRStep:
		return moment{e.UUID, e.Start, e.InUTC}
	case *pbx.AgentLogin, *pbx.AgentLogoff:
		return moment{"", pbx.LocalTimeOf(r.At.UTC()), true}
	}
	return moment{}
}

type write struct {
	Item
	Condition
}

// writesFor is where each kind of event leaves its records.
func (s *Store) writesFor(r Receipt, event pbx.Event) ([]write, error) {
	f, err := newFact(r, event)
	if err != nil {
		return nil, err
	}
	switch e := event.(type) {
	case *pbx.CallRecord:
		return []write{f.at(callRecordKey(r.MAC, e, f.hash)).until(s.expires(e.Start, r))}, nil
	case *pbx.CDR:
		return []write{f.at(cdrKey(r.MAC, e, f.hash)).until(s.expires(e.Start, r))}, nil
	case *pbx.IVRStep:
		return []write{f.at(ivrKey(r.MAC, e, f.hash)).until(s.expires(e.Start, r))}, nil
	case *pbx.DialBegin:
		leg := cmp.Or(e.DestUniqueID, e.DestChannel, f.hash)
		return []write{f.at(liveKey(r.MAC, e.UniqueID, stageBegin, leg)).until(expiring(r, liveFor))}, nil
	case *pbx.DialEnd:
		leg := cmp.Or(e.DestChannel, e.DestUniqueID, f.hash)
		return []write{f.at(liveKey(r.MAC, e.UniqueID, stageEnd, leg)).until(expiring(r, liveFor))}, nil
	case *pbx.Hangup:
		return []write{f.at(liveKey(r.MAC, e.UniqueID, stageHangup, "")).until(expiring(r, liveFor))}, nil
	case *pbx.BridgeEnter:
		return []write{f.at(liveKey(r.MAC, e.UniqueID, stageBridge, "")).until(expiring(r, liveFor))}, nil
	case *pbx.AgentLogin:
		return []write{f.at(signKey(r.MAC, f.received, e.Agent, signLogin)).until(s.expires(0, r))}, nil
	case *pbx.AgentLogoff:
		return []write{f.at(signKey(r.MAC, f.received, e.Agent, signLogoff)).until(s.expires(0, r))}, nil
	case *pbx.ExtensionStatus:
		state := f.at(extensionKey(r.MAC, e.Exten))
		state.Condition = Newer()
		change := f.at(extensionLogKey(r.MAC, e.Exten, f.received, f.hash))
		return []write{state, change.until(expiring(r, extensionLogFor))}, nil
	case *pbx.Unrecognised:
		return nil, nil
	}
	panic(fmt.Sprintf("no place for the records of %T", event))
}

// fact is what an event says, ready to be stored.
type fact struct {
	hash     string // of the content, not of the receipt
	received string // in milliseconds, of a width that sorts
	version  string
	doc      []byte
}

// factDoc is the form of a fact's document.
type factDoc[E any] struct {
	Event    E         `json:"event"`
	Index    int       `json:"index"`
	Received time.Time `json:"received"`
}

func newFact(r Receipt, e pbx.Event) (fact, error) {
	content, err := marshal(e)
	if err != nil {
		return fact{}, err
	}
	if content, err = Canonical(content); err != nil {
		return fact{}, err
	}
	at := r.At.UTC().Truncate(time.Millisecond)
	f := fact{hash: hash(content), received: millis(at)}
	f.version = fmt.Sprintf("%s.%03d.%s", f.received, r.Index, f.hash)
	// The members of a factDoc stand in the order of their names.
	f.doc, err = marshal(factDoc[json.RawMessage]{content, r.Index, at})
	return f, err
}

// at is the write of the fact under a key, where its earliest receipt is kept.
func (f fact) at(k Key) write {
	return write{Item{Key: k, Version: f.version, Doc: f.doc}, Older()}
}

func (w write) until(expires time.Time) write {
	w.Expires = expires
	return w
}
