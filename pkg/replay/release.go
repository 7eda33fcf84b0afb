package replay

import (
	"context"
	"fmt"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// Release takes in what was quarantined as if it had been accepted when it was received: it is
// recorded, goes to the archive with the others, and leaves the quarantine. Where it is an array,
// what can't be recorded of that stays in quarantine, each event by itself. The error wraps
// ErrHeld where nothing of it can be recorded; then it stays as it is.
func Release(ctx context.Context, s *store.Store, b archive.Bucket, name string) error {
	object, err := b.Get(ctx, name)
	if err != nil {
		return err
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHeld, err)
	}
	return release(ctx, s, b, name, receipt)
}

func release(ctx context.Context, s *store.Store, b archive.Bucket, name string, receipt archive.Receipt) error {
	device, err := s.Device(ctx, receipt.MAC)
	if err != nil {
		return err
	}
	parts, err := partsOf(receipt, device)
	if err != nil {
		return err
	}
	events := each.Loop[part]{Of: "quarantined events", Name: func(p part) string { return fmt.Sprintf("event %d of %s", p.Index, name) }}
	err = events.Do(ctx, each.Of(parts...), func(ctx context.Context, p part) error {
		if err := archive.Keep(ctx, b, p.Envelope(p.event)); err != nil || p.Reason != "" {
			return err
		}
		_, err := s.Record(ctx, recordReceipt(p.Receipt, device.Zone), p.event)
		return err
	})
	if err != nil {
		return err
	}
	return b.Delete(ctx, name)
}

// part is one event of what was refused, with the receipt of its own.
type part struct {
	archive.Receipt
	event pbx.Event // nil where it can't be read
}

// partsOf are the events of a body that was refused, at least one of which can be recorded;
// else the error wraps ErrHeld.
func partsOf(receipt archive.Receipt, device store.Device) ([]part, error) {
	body, err := zycoo.Decode(receipt.Body)
	if err != nil {
		return nil, held{id: receipt.ID, why: err.Error()}
	}
	parts, some := split(receipt, body, device)
	if some {
		return parts, nil
	}
	if rest, some := split(receipt, restOfArray(receipt), device); some {
		return rest, nil
	}
	return nil, held{receipt.ID, parts[0].Reason, parts[0].event}
}

// restOfArray is what a receipt holds where an array could not be read to its end: then what
// follows the last event that was read was refused as a whole, without the bracket that opens it.
func restOfArray(receipt archive.Receipt) zycoo.Body {
	if receipt.Index == 0 {
		return zycoo.Body{}
	}
	rest := strings.TrimPrefix(strings.TrimSpace(string(receipt.Body)), ",")
	body, _ := zycoo.Decode([]byte("[" + rest)) // one that is too large has no elements
	return body
}

// split gives each element of a body its place in the array, and reports whether any can be
// recorded.
func split(receipt archive.Receipt, body zycoo.Body, device store.Device) (parts []part, some bool) {
	for i, element := range body.Elements {
		p := part{receipt.Refused("", 0), element.Event}
		if body.Array {
			p.Index, p.Body = receipt.Index+i, []byte(element.Text)
		}
		if why := refusal(receipt.MAC, element, device); why != "" {
			p.Receipt = p.Refused(why, zycoo.Version)
		}
		parts, some = append(parts, p), some || p.Reason == ""
	}
	return parts, some
}
