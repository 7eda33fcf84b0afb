package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/cache"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// ErrHeld is wrapped by errors that say why an event can't be recorded: its body is not an event,
// or is the event of another PBX. A retry won't help.
var ErrHeld = errors.New("the event can't be recorded")

const (
	devicesAtMost = 4096        // whose settings a Recorder remembers
	deviceFor     = time.Minute // how long settings are used before they are read again
)

// Recorder records the events of receipts. It is safe for concurrent use.
type Recorder struct {
	store   *store.Store
	now     func() time.Time
	atOnce  int // lines of an object
	devices *cache.Cache[pbx.MAC, store.Device]
}

// NewRecorder makes a Recorder. It remembers the settings of a PBX for a minute.
func NewRecorder(s *store.Store, now func() time.Time) *Recorder {
	return &Recorder{store: s, now: now, atOnce: atOnce, devices: cache.New[pbx.MAC, store.Device](devicesAtMost)}
}

// Record decodes the receipt's body and records the event. It returns the event.
func (r *Recorder) Record(ctx context.Context, receipt archive.Receipt) (pbx.Event, error) {
	device, err := r.device(ctx, receipt.MAC)
	if err != nil {
		return nil, err
	}
	event, err := Decode(receipt, device)
	if err != nil {
		return nil, err
	}
	_, err = r.store.Record(ctx, origin(receipt, device.Zone), event)
	return event, err
}

// origin returns where and when a receipt says that its event came from.
func origin(r archive.Receipt, zone pbx.Zone) store.Origin {
	return store.Origin{MAC: r.MAC, KID: r.KID, At: r.Received, Index: r.Index, Zone: zone}
}

// held is the error for a receipt whose event can't be recorded. It wraps ErrHeld.
type held struct {
	id, why string
	event   pbx.Event // of another PBX; nil if the body can't be read
}

// Error implements error.
func (h held) Error() string { return fmt.Sprintf("%s: %v: %s", h.id, ErrHeld, h.why) }

// Unwrap returns ErrHeld.
func (h held) Unwrap() error { return ErrHeld }

// Decode reads the event in a receipt's body. Its errors wrap ErrHeld.
func Decode(receipt archive.Receipt, device store.Device) (pbx.Event, error) {
	body, err := zycoo.Decode(receipt.Body)
	if err != nil {
		return nil, held{id: receipt.ID, why: err.Error()}
	}
	if len(body.Elements) != 1 {
		return nil, held{id: receipt.ID, why: fmt.Sprintf("the body has %d events, not one", len(body.Elements))}
	}
	if why := refusal(receipt.MAC, body.Elements[0], device); why != "" {
		return nil, held{receipt.ID, why, body.Elements[0].Event}
	}
	return body.Elements[0].Event, nil
}

// refusal returns why an element is not an event of a PBX. It is empty if it is one.
func refusal(mac pbx.MAC, element zycoo.Element, device store.Device) string {
	if element.Err != nil {
		return element.Err.Error()
	}
	return device.Disowns(mac, element.Event.ClaimedMAC())
}

func (r *Recorder) device(ctx context.Context, mac pbx.MAC) (store.Device, error) {
	now := r.now()
	if device, known := r.devices.Get(mac, now); known {
		return device, nil
	}
	device, err := r.store.Device(ctx, mac)
	if err == nil {
		r.devices.Put(mac, device, now.Add(deviceFor))
	}
	return device, err
}
