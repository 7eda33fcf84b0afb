package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// ErrHeld is wrapped by errors that say why an event can't be recorded: its body is no
// event, or another PBX's. Trying again won't help.
var ErrHeld = errors.New("can't be recorded")

// Recorder records what receipts say. It is safe for concurrent use.
type Recorder struct {
	store   *store.Store
	atOnce  int // lines of an object
	mu      sync.Mutex
	devices map[pbx.MAC]store.Device
}

// NewRecorder makes a Recorder, which remembers the settings of PBXs.
func NewRecorder(s *store.Store) *Recorder {
	return &Recorder{store: s, devices: map[pbx.MAC]store.Device{}, atOnce: atOnce}
}

// Record decodes the receipt's body and records what it says. It returns the event.
func (r *Recorder) Record(ctx context.Context, receipt archive.Receipt) (pbx.Event, error) {
	device, err := r.device(ctx, receipt.MAC)
	if err != nil {
		return nil, err
	}
	event, err := Decode(receipt, device)
	if err != nil {
		return nil, err
	}
	_, err = r.store.Record(ctx, recordReceipt(receipt, device.Zone), event)
	return event, err
}

// recordReceipt is a receipt as records know it.
func recordReceipt(r archive.Receipt, zone pbx.Zone) store.Receipt {
	return store.Receipt{MAC: r.MAC, KID: r.KID, At: r.Received, Index: r.Index, Zone: zone}
}

// held is the error for a receipt whose event can't be recorded. It is an ErrHeld.
type held struct {
	id, why string
	event   pbx.Event // another PBX's; nil where it can't be read
}

// Error implements error.
func (h held) Error() string { return fmt.Sprintf("%s %v: %s", h.id, ErrHeld, h.why) }

// Unwrap has errors.Is know it.
func (h held) Unwrap() error { return ErrHeld }

// Decode reads the event in a receipt's body. Its errors wrap ErrHeld.
func Decode(receipt archive.Receipt, device store.Device) (pbx.Event, error) {
	body, err := zycoo.Decode(receipt.Body)
	if err != nil {
		return nil, held{id: receipt.ID, why: err.Error()}
	}
	if len(body.Elements) != 1 {
		return nil, held{id: receipt.ID, why: fmt.Sprintf("its body is %d events", len(body.Elements))}
	}
	if why := refusal(receipt.MAC, body.Elements[0], device); why != "" {
		return nil, held{receipt.ID, why, body.Elements[0].Event}
	}
	return body.Elements[0].Event, nil
}

// refusal is why an element is no event of a PBX; empty where it is one.
func refusal(mac pbx.MAC, element zycoo.Element, device store.Device) string {
	if element.Err != nil {
		return element.Err.Error()
	}
	return device.Disowns(mac, element.Event.ClaimedMAC())
}

func (r *Recorder) device(ctx context.Context, mac pbx.MAC) (store.Device, error) {
	r.mu.Lock()
	device, known := r.devices[mac]
	r.mu.Unlock()
	if known {
		return device, nil
	}
	device, err := r.store.Device(ctx, mac)
	if err == nil {
		r.mu.Lock()
		r.devices[mac] = device
		r.mu.Unlock()
	}
	return device, err
}
