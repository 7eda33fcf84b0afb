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
	mu      sync.Mutex
	devices map[pbx.MAC]store.Device
}

// NewRecorder makes a Recorder, which remembers the settings of PBXs.
func NewRecorder(s *store.Store) *Recorder {
	return &Recorder{store: s, devices: map[pbx.MAC]store.Device{}}
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
	return event, r.store.Record(ctx, store.Receipt{MAC: receipt.MAC, KID: receipt.KID, At: receipt.Received, Index: receipt.Index, Zone: device.Zone}, event)
}

// Decode reads the event in a receipt's body. Its errors wrap ErrHeld.
func Decode(receipt archive.Receipt, device store.Device) (pbx.Event, error) {
	body, err := zycoo.Decode(receipt.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", receipt.ID, ErrHeld, err)
	}
	if len(body.Elements) != 1 {
		return nil, fmt.Errorf("%s %w: its body is %d events", receipt.ID, ErrHeld, len(body.Elements))
	}
	element := body.Elements[0]
	if element.Err != nil {
		return nil, fmt.Errorf("%s %w: %w", receipt.ID, ErrHeld, element.Err)
	}
	if claimed := element.Event.ClaimedMAC(); !device.Sends(receipt.MAC, claimed) {
		return nil, fmt.Errorf("%s %w: the body names the MAC %s", receipt.ID, ErrHeld, claimed)
	}
	return element.Event, nil
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

// Release records an event that was quarantined, has it in the archive with the others, and
// takes it out of the quarantine. Its error wraps ErrHeld where the event is no better than
// it was.
func Release(ctx context.Context, s *store.Store, b archive.Bucket, name string) (pbx.Event, error) {
	object, err := b.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return nil, err
	}
	device, err := s.Device(ctx, receipt.MAC)
	if err != nil {
		return nil, err
	}
	event, err := Decode(receipt, device)
	if err != nil {
		return nil, err
	}
	err = archive.New(b).Keep(ctx, archive.Envelope{
		MAC: receipt.MAC, Received: receipt.Received, Remote: receipt.Remote, Index: receipt.Index, Event: event, Body: receipt.Body,
	})
	if err == nil {
		err = s.Record(ctx, store.Receipt{MAC: receipt.MAC, KID: receipt.KID, At: receipt.Received, Index: receipt.Index, Zone: device.Zone}, event)
	}
	if err == nil {
		err = b.Delete(ctx, name)
	}
	return event, err
}
