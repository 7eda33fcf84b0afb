package ingest

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/store"
)

// noteWithin is how much longer a note may take than the events beside which it is written.
const noteWithin = 50 * time.Millisecond

// note is the note that a PBX sent an event, which keeps it on the fleet list. It is written beside the
// events, and only if the last event that was read does not cover this one. So it neither delays nor
// fails a record. If it is not written, the next event of the PBX tries again.
type note struct {
	ingest *Ingest
	last   store.LastEvent
	event  *item // the first to be recorded; nil: there is nothing to note
	giveUp context.CancelFunc
	ended  chan error // nil: not begun
}

// begin begins a note, unless the table has not answered lately.
func (in *Ingest) begin(ctx context.Context, a Admission, items []item) *note {
	n := &note{ingest: in, last: a.last}
	for i := range items {
		if items[i].outcome == Stored {
			n.event = &items[i]
			break
		}
	}
	if n.event != nil && a.last.Covers(n.event.origin) {
		n.event = nil
	}
	if n.event != nil && in.table.IsClosed() {
		n.write(ctx)
	}
	return n
}

func (n *note) write(ctx context.Context) {
	ctx, n.giveUp = context.WithCancel(ctx)
	n.ended = make(chan error, 1)
	go func() {
		last, err := n.ingest.records.Note(ctx, n.event.origin, n.last)
		if err == nil {
			n.ingest.settings.noted(n.event.MAC, last)
		}
		n.ended <- err
	}()
}

// end ends the note, after the events. Its error says why it was not written.
func (n *note) end(ctx context.Context) error {
	if n.event == nil {
		return nil
	}
	if n.ended == nil { // the table did not answer, but may have done so by now
		if !n.ingest.table.IsClosed() {
			return nil
		}
		n.write(ctx)
	}
	defer n.giveUp()
	defer time.AfterFunc(noteWithin, n.giveUp).Stop()
	err := <-n.ended
	if errors.Is(err, store.ErrUnlisted) && n.last.Last.IsZero() && n.event.recordErr == nil {
		n.spill(ctx)
	}
	return err
}

// spill spills an event that is recorded already: redriving it puts the PBX on the fleet list. So even
// the only event of a PBX counts in figures. It may fail: then the next event of the PBX does that.
func (n *note) spill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, spillWithin)
	defer cancel()
	archive.Spill(ctx, n.ingest.bucket, []archive.Envelope{n.event.Envelope})
}
