package ingest

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/breaker"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/zycoo"
)

// Tokens verifies the token in a URL. Its error is token.ErrInvalid for a bad token. Any other
// error means that the token can't be verified now.
type Tokens interface {
	Verify(ctx context.Context, mac pbx.MAC, token string) (token.Proof, error)
}

// Records stores events and the settings of PBXs.
type Records interface {
	// RecordOnly stores an event, and reports whether the figures of its day are sealed.
	RecordOnly(context.Context, store.Origin, pbx.Event) (sealed bool, err error)
	// Sender reads the settings and the last event of a PBX.
	Sender(context.Context, pbx.MAC) (store.Sender, error)
	// Note notes an event that the last one does not cover: see store.Store.
	Note(ctx context.Context, o store.Origin, last store.LastEvent) (store.LastEvent, error)
	// Spill stores envelopes that the archive could not take.
	Spill(ctx context.Context, mac pbx.MAC, received time.Time, lines []byte) error
}

const (
	// storeWithin limits the writes of a delivery to both stores, with all retries. spillWithin
	// limits the spill into the store that works, which begins before or then. With settingsWithin,
	// the answer takes at most 3 seconds, whichever store hangs.
	storeWithin = 1700 * time.Millisecond
	spillWithin = 900 * time.Millisecond
	// atOnce is how many events of an array are recorded concurrently.
	atOnce = 32
)

// Ingest verifies and stores events. It is safe for concurrent use.
type Ingest struct {
	tokens   Tokens
	settings *settings
	records  Records
	keeper   archive.Keeper
	bucket   archive.Bucket // for what was refused, and what the records could not take
	now      func() time.Time

	table, archive *breaker.Breaker
}

// New returns an Ingest. Accepted events go to the keeper, all others to the bucket.
func New(tokens Tokens, records Records, keeper archive.Keeper, bucket archive.Bucket, now func() time.Time) *Ingest {
	table := breaker.New(now)
	return &Ingest{tokens, newSettings(records, table, now), records, keeper, bucket, now, table, breaker.New(now)}
}

// Admission is the PBX that a URL belongs to, and the settings of that PBX.
type Admission struct {
	MAC    pbx.MAC
	KID    string       // the id of the key that signed the URL
	Device store.Device // zero if the settings can't be read
	last   store.LastEvent
}

// Delivery is what a PBX sent.
type Delivery struct {
	Remote string // the sender's address
	Coding string // the Content-Encoding
	Body   []byte // as received: in that coding
}

// Report is the result of a delivery.
type Report struct {
	Outcome Outcome
	MAC     pbx.MAC // from the URL; not verified unless the PBX was admitted
	Spilled int     // events that one store keeps because the other failed
	Sealed  int     // events that are recorded, but whose day is sealed: no figure counts them
	Array   bool
	Events  []Result      // one for each element of the body; empty if the body was not read
	Err     error         // what failed, for the operator; contains neither token nor body
	Took    time.Duration // time until the outcome was known
}

// Result is the result of one event.
type Result struct {
	Outcome Outcome
	Kind    pbx.Kind
	Name    string       // of an unrecognised event: zycoo.KnownName of what the PBX wrote
	Err     *zycoo.Error // of an undecodable event
}

// Admit verifies the MAC and the token of a URL. An outcome other than Admitted says why the URL
// is refused. Only Unavailable comes with an error.
func (in *Ingest) Admit(ctx context.Context, macText, tokenText string) (Admission, Outcome, error) {
	mac, err := pbx.ParseMAC(macText)
	if err != nil {
		return Admission{}, Unauthorised, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	proof, err := in.tokens.Verify(ctx, mac, tokenText)
	a := Admission{MAC: mac, KID: proof.KID}
	switch {
	case errors.Is(err, token.ErrInvalid):
		return a, Unauthorised, nil
	case err != nil:
		return a, Unavailable, err
	}
	sender := in.settings.of(ctx, mac)
	a.Device, a.last = sender.Device, sender.Last
	switch {
	case a.Device.Disabled:
		return a, Disabled, nil
	case uint32(proof.Generation) < a.Device.MinGeneration:
		return a, Unauthorised, nil
	}
	return a, Admitted, nil
}

// Receive decodes, archives and records a delivery of an admitted PBX. When it returns, every
// event that it reports as stored is durable, and no write is still running.
func (in *Ingest) Receive(ctx context.Context, a Admission, d Delivery) Report {
	body, err := d.read()
	if err != nil {
		return Report{Outcome: TooLarge, MAC: a.MAC}
	}
	items := in.items(a, d, body)
	ctx, cancel := context.WithTimeout(ctx, storeWithin+spillWithin)
	defer cancel()
	note := in.begin(ctx, a, items)
	writeBoth(ctx, in.toArchive(a.MAC, items), in.toRecords(items))
	noteErr := note.end(ctx)
	r := report(a.MAC, body, items)
	if r.Err == nil {
		r.Err = noteErr
	}
	return r
}

// toArchive archives items, those of each kind at once. The records keep what the archive does not take.
func (in *Ingest) toArchive(mac pbx.MAC, items []item) *side {
	all := make([]*item, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	return &side{
		breaker: in.archive, groups: archive.Groups(all), result: func(p *item) *error { return &p.archiveErr },
		write: func(ctx context.Context, group []*item) error {
			envelopes := make([]archive.Envelope, len(group))
			for i, p := range group {
				envelopes[i] = p.Envelope
			}
			return archive.KeepGroup(ctx, in.keeper, in.bucket, envelopes)
		},
		spill: func(ctx context.Context, unarchived []archive.Envelope) error {
			lines, err := archive.Lines(unarchived)
			if err != nil {
				return err
			}
			return in.records.Spill(ctx, mac, unarchived[0].Received, lines)
		},
	}
}

// toRecords records items. The bucket keeps what the records do not take.
func (in *Ingest) toRecords(items []item) *side {
	s := &side{
		breaker: in.table, result: func(p *item) *error { return &p.recordErr },
		write: func(ctx context.Context, one []*item) (err error) {
			one[0].sealed, err = in.records.RecordOnly(ctx, one[0].origin, one[0].Event)
			return err
		},
		spill: func(ctx context.Context, unrecorded []archive.Envelope) error {
			return archive.Spill(ctx, in.bucket, unrecorded)
		},
	}
	for i := range items {
		if items[i].outcome == Stored {
			s.groups = append(s.groups, []*item{&items[i]})
		}
	}
	return s
}

// item is one element of a body, and the results of storing it.
type item struct {
	archive.Envelope
	origin                store.Origin
	outcome               Outcome
	archiveErr, recordErr error
	spilled               bool // the store that works has taken it
	sealed                bool // its day is sealed: no figure counts it
}

// items makes an item of each element of the body.
func (in *Ingest) items(a Admission, d Delivery, body zycoo.Body) []item {
	received := in.now().UTC().Truncate(time.Millisecond)
	items := make([]item, len(body.Elements))
	for i, element := range body.Elements {
		p := &items[i]
		p.Envelope = archive.Envelope{
			MAC: a.MAC, KID: a.KID, Received: received, Remote: d.Remote, Index: i, Event: element.Event, Body: d.Body,
		}
		p.origin = store.Origin{MAC: a.MAC, KID: a.KID, At: received, Index: i, Zone: a.Device.Zone}
		if body.Array {
			p.Body = []byte(element.Text)
		}
		p.classify(d, a.Device, element)
	}
	return items
}

// classify sets the outcome of an element, and the reason if it is refused.
func (p *item) classify(d Delivery, device store.Device, element zycoo.Element) {
	if element.Err != nil {
		p.outcome, p.Reason = d.refusal(), reason(element.Err)
	} else if p.Reason = device.Disowns(p.MAC, element.Event.ClaimedMAC()); p.Reason != "" {
		p.outcome = Mismatch
	} else if element.Event.Kind() == pbx.KindUnrecognised {
		p.outcome = Unrecognised
	}
	if p.Reason != "" {
		p.Decoder = zycoo.Version
	}
}

// report returns the results of the items. If one could not be stored, the PBX should send the
// whole delivery again. Items that are stored already will not be duplicated.
func report(mac pbx.MAC, body zycoo.Body, items []item) Report {
	r := Report{MAC: mac, Array: body.Array, Events: make([]Result, len(items))}
	for i := range items {
		p := &items[i]
		if err := errors.Join(p.archiveErr, p.recordErr); err != nil {
			if p.spilled {
				r.Spilled++
			} else {
				p.outcome = Unavailable
			}
			if r.Err == nil {
				r.Err = err
			}
		}
		if p.sealed && p.recordErr == nil {
			r.Sealed++
		}
		r.Events[i] = Result{Outcome: p.outcome, Err: body.Elements[i].Err}
		if p.Event != nil {
			r.Events[i].Kind = p.Event.Kind()
			if e, ok := p.Event.(*pbx.Unrecognised); ok {
				r.Events[i].Name = zycoo.KnownName(e.Name)
			}
		}
		r.Outcome = worse(r.Outcome, p.outcome, body.Array)
	}
	return r
}
