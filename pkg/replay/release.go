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

// Release records and archives a quarantined object as if it had been accepted when it was
// received, and removes it from quarantine. Events of an array that can't be recorded stay in
// quarantine, each by itself. If no event can be recorded, the object stays as it is, and the error
// wraps ErrHeld.
func Release(ctx context.Context, s *store.Store, k archive.Keeper, b archive.Bucket, name string) error {
	object, err := b.Get(ctx, name)
	if err != nil {
		return err
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHeld, err)
	}
	return release(ctx, s, k, b, name, receipt)
}

func release(ctx context.Context, s *store.Store, k archive.Keeper, b archive.Bucket, name string, receipt archive.Receipt) error {
	device, err := s.Device(ctx, receipt.MAC)
	if err != nil {
		return err
	}
	parts, err := partsOf(receipt, device)
	if err != nil {
		return err
	}
	if err := keepParts(ctx, k, b, parts); err != nil {
		return err
	}
	events := each.Loop[part]{Of: "quarantined events", Name: func(p part) string { return fmt.Sprintf("event %d of %s", p.Index, name) }}
	err = events.Do(ctx, each.Of(parts...), func(ctx context.Context, p part) error {
		if p.Reason != "" {
			return nil
		}
		_, err := s.Record(ctx, origin(p.Receipt, device.Zone), p.event)
		return err
	})
	if err != nil {
		return err
	}
	return b.Delete(ctx, name)
}

// keepParts archives the events that can be recorded, those of each kind at once, and puts each of
// the others into quarantine.
func keepParts(ctx context.Context, k archive.Keeper, b archive.Bucket, parts []part) error {
	envelopes := make([]archive.Envelope, len(parts))
	for i, p := range parts {
		envelopes[i] = p.Envelope(p.event)
	}
	groups := each.Loop[[]archive.Envelope]{Of: "archived events of the quarantine", Name: func(all []archive.Envelope) string { return all[0].ID() }}
	return groups.Do(ctx, each.Of(archive.Groups(envelopes)...), func(ctx context.Context, all []archive.Envelope) error {
		return archive.KeepGroup(ctx, k, b, all)
	})
}

// part is one event of a refused body, with a receipt of its own.
type part struct {
	archive.Receipt
	event pbx.Event // nil if it can't be read
}

// partsOf returns the events of a refused body. If none can be recorded, the error wraps ErrHeld.
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

// restOfArray decodes the rest of an array that could not be read to its end. The text after the
// last event that was read was refused as a whole, without the opening bracket.
func restOfArray(receipt archive.Receipt) zycoo.Body {
	if receipt.Index == 0 {
		return zycoo.Body{}
	}
	rest := strings.TrimPrefix(strings.TrimSpace(string(receipt.Body)), ",")
	body, _ := zycoo.Decode([]byte("[" + rest)) // a body that is too large has no elements
	return body
}

// split returns the elements of a body, each with its place in the array. It reports whether any
// can be recorded.
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
