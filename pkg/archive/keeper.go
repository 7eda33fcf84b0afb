package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"trunkline/pkg/pbx"
)

// Keeper keeps accepted envelopes in raw/. It is safe for concurrent use.
type Keeper interface {
	// Keep keeps the accepted envelopes of one delivery and kind; there is at least one. When it
	// returns nil, all of them are durable. When it fails, some or all of them may be kept. The
	// same envelopes may be kept again: readers drop repeated IDs.
	Keep(ctx context.Context, envelopes []Envelope) error
}

// DeliveryMargin is how much longer than its buffer a delivery stream may take until readers find what
// it was given.
const DeliveryMargin = time.Minute

// Direct is a Keeper that puts each delivery into an object of its own: <id>.json for a single
// envelope, and <mac>-<received>-<hash of all ids>.ndjson for several ones.
type Direct struct{ bucket Bucket }

// NewDirect makes a Direct over a bucket.
func NewDirect(b Bucket) Direct { return Direct{b} }

// Keep implements Keeper.
func (d Direct) Keep(ctx context.Context, envelopes []Envelope) error {
	if len(envelopes) == 1 {
		return Keep(ctx, d.bucket, envelopes[0])
	}
	first := envelopes[0]
	lines, err := Lines(envelopes)
	if err != nil {
		return fmt.Errorf("archive %s: %w", first.ID(), err)
	}
	ids := make([]string, len(envelopes))
	for i, e := range envelopes {
		ids[i] = e.ID()
	}
	if err := d.bucket.Put(ctx, DeliveryName(first.Kind(), first.MAC, first.Received, ids), lines); err != nil {
		return fmt.Errorf("archive %d events from %s on: %w", len(envelopes), first.ID(), err)
	}
	return nil
}

// DeliveryName returns the name of the object of several envelopes of one delivery and kind. The
// same IDs have the same name. It has a hash of all of them, since two deliveries of one
// millisecond may begin with the same envelope.
func DeliveryName(kind pbx.Kind, mac pbx.MAC, received time.Time, ids []string) string {
	h := sha256.New()
	for _, id := range ids {
		fmt.Fprintln(h, id)
	}
	return fmt.Sprintf("%s%s-%013d-%s%s", RawFolder(kind, pbx.UTCDay(received)), mac, received.UnixMilli(), hex.EncodeToString(h.Sum(nil)[:16]), deliverySuffix)
}

// deliverySuffix ends the names of objects that have several envelopes of one delivery.
const deliverySuffix = ".ndjson"

// Groups groups envelopes for KeepGroup, in the order of their first ones: accepted ones by PBX, time
// of receipt and kind, and each refused one by itself.
func Groups[T interface{ group() group }](all []T) (groups [][]T) {
	at := map[group]int{}
	for _, one := range all {
		key := one.group()
		place, known := at[key]
		if !known {
			place = len(groups)
			at[key], groups = place, append(groups, nil)
		}
		groups[place] = append(groups[place], one)
	}
	return groups
}

// group is what the envelopes of a group have in common.
type group struct {
	mac      pbx.MAC
	received int64 // in milliseconds
	kind     pbx.Kind
	refused  string // the ID
}

func (e Envelope) group() group {
	g := group{mac: e.MAC, received: e.Received.UnixMilli(), kind: e.Kind()}
	if e.Reason != "" {
		g.refused = e.ID()
	}
	return g
}

// KeepGroup keeps the envelopes of one group: accepted ones by the keeper, and a refused one in the
// bucket's quarantine.
func KeepGroup(ctx context.Context, k Keeper, b Bucket, envelopes []Envelope) error {
	if envelopes[0].Reason != "" {
		return Keep(ctx, b, envelopes[0])
	}
	return k.Keep(ctx, envelopes)
}
