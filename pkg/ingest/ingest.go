package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/zycoo"
)

// Tokens tells what a URL proves. Its errors are token.ErrInvalid, or mean that it
// can't be told now.
type Tokens interface {
	Verify(ctx context.Context, mac pbx.MAC, token string) (token.Proof, error)
}

// Records keeps what events say, and what was set for a PBX.
type Records interface {
	// Record keeps what an event says, and reports whether it came too late for its day's figures.
	Record(context.Context, store.Receipt, pbx.Event) (sealed bool, err error)
	Device(context.Context, pbx.MAC) (store.Device, error)
	// Spill keeps envelopes that the archive could not take.
	Spill(ctx context.Context, mac pbx.MAC, received time.Time, lines []byte) error
}

const (
	// storeWithin is the time that the stores have for a delivery, all retries in it;
	// spillWithin what the one has then to stand in for the other. With the time for the
	// settings, the answer is there in 3 seconds, whichever store hangs.
	storeWithin = 1700 * time.Millisecond
	spillWithin = 900 * time.Millisecond
	// atOnce is how many events of an array are on their way to one store.
	atOnce = 32
)

// Ingest takes events in. It is safe for concurrent use.
type Ingest struct {
	tokens   Tokens
	settings *settings
	records  Records
	archive  archive.Bucket
	now      func() time.Time
}

// New makes an Ingest.
func New(tokens Tokens, records Records, bucket archive.Bucket, now func() time.Time) *Ingest {
	return &Ingest{tokens, newSettings(records, now), records, bucket, now}
}

// Admission is what a URL proves, and what the operator has set for its PBX.
type Admission struct {
	MAC    pbx.MAC
	KID    string       // the id of the key that signed the URL
	Device store.Device // the zero Device where the settings can't be read
}

// Delivery is what a PBX sent.
type Delivery struct {
	Remote string // the address that it came from
	Coding string // the Content-Encoding
	Body   []byte // as received: in that coding
}

// Report is what became of a delivery.
type Report struct {
	Outcome Outcome
	MAC     pbx.MAC // that the URL names; nothing proves it where the PBX was not admitted
	Spilled int     // events that one store keeps for the other, which failed
	Sealed  int     // events that are recorded, but came too late for figures: their day is sealed
	Array   bool
	Events  []Result      // one for each element of the body, none where it was not read
	Err     error         // what failed, for the operator; holds neither token nor body
	Took    time.Duration // until the answer was known
}

// Result is what became of one event.
type Result struct {
	Outcome Outcome
	Kind    pbx.Kind
	Name    string       // of an unrecognised event: zycoo.KnownName of what the PBX wrote
	Err     *zycoo.Error // of an undecodable event
}

// Admit verifies the URL of this MAC and token. An outcome other than Admitted says why events
// of that URL are refused; only Unavailable has an error.
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
	a.Device = in.settings.of(ctx, mac)
	switch {
	case a.Device.Disabled:
		return a, Disabled, nil
	case uint32(proof.Generation) < a.Device.MinGeneration:
		return a, Unauthorised, nil
	}
	return a, Admitted, nil
}

// Receive decodes, archives and records a delivery of an admitted PBX. When it returns, what it reports
// as stored is durable, and nothing is still under way.
func (in *Ingest) Receive(ctx context.Context, a Admission, d Delivery) Report {
	body, err := d.read()
	if err != nil {
		return Report{Outcome: TooLarge, MAC: a.MAC}
	}
	items := in.items(a, d, body)
	in.store(ctx, items)
	in.spill(ctx, a.MAC, items)
	return report(a.MAC, body, items)
}

// store archives and records items side by side.
func (in *Ingest) store(ctx context.Context, items []item) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() {
		each.Concurrently(atOnce, len(items), func(i int) { items[i].archiveErr = archive.Keep(ctx, in.archive, items[i].Envelope) })
	})
	each.Concurrently(atOnce, len(items), func(i int) {
		p := &items[i]
		if p.outcome == Stored {
			p.sealed, p.recordErr = in.records.Record(ctx, p.receipt, p.Event)
		}
	})
	both.Wait()
}

// spill has each store keep what the other one could not. Where both have failed at a
// item, the whole delivery is to be sent again, and nothing need be kept.
func (in *Ingest) spill(ctx context.Context, mac pbx.MAC, items []item) {
	var unarchived, unrecorded []archive.Envelope
	for i := range items {
		switch p := &items[i]; {
		case p.archiveErr != nil && p.recordErr != nil:
			return
		case p.archiveErr != nil:
			unarchived = append(unarchived, p.Envelope)
		case p.recordErr != nil:
			unrecorded = append(unrecorded, p.Envelope)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, spillWithin)
	defer cancel()
	var both sync.WaitGroup
	var archiveErr, recordErr error
	if len(unarchived) > 0 {
		both.Go(func() {
			var lines []byte
			if lines, archiveErr = archive.Lines(unarchived); archiveErr == nil {
				archiveErr = in.records.Spill(ctx, mac, unarchived[0].Received, lines)
			}
		})
	}
	if len(unrecorded) > 0 {
		recordErr = archive.Spill(ctx, in.archive, unrecorded)
	}
	both.Wait()
	for i := range items {
		p := &items[i]
		p.spilled = p.archiveErr != nil && archiveErr == nil || p.recordErr != nil && recordErr == nil
	}
}

// item is one element of a body on its way to the stores.
type item struct {
	archive.Envelope
	receipt               store.Receipt
	outcome               Outcome
	archiveErr, recordErr error
	spilled               bool // the store that did not fail has taken it all
	sealed                bool // it came too late for its day's figures
}

// items decides for each element of the body where it goes.
func (in *Ingest) items(a Admission, d Delivery, body zycoo.Body) []item {
	received := in.now().UTC().Truncate(time.Millisecond)
	items := make([]item, len(body.Elements))
	for i, element := range body.Elements {
		p := &items[i]
		p.Envelope = archive.Envelope{
			MAC: a.MAC, KID: a.KID, Received: received, Remote: d.Remote, Index: i, Event: element.Event, Body: d.Body,
		}
		p.receipt = store.Receipt{MAC: a.MAC, KID: a.KID, At: received, Index: i, Zone: a.Device.Zone}
		if body.Array {
			p.Body = []byte(element.Text)
		}
		p.judge(d, a.Device, element)
	}
	return items
}

// judge decides where an element goes.
func (p *item) judge(d Delivery, device store.Device, element zycoo.Element) {
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

// report says what became of the items. One that could not be stored makes the
// whole delivery one that the PBX should send again: what was stored of it already
// will not be doubled.
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
