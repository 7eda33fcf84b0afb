package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"trunkline/pkg/pbx"
)

// Device is what the operator has set for a PBX. The zero Device is one of which
// nothing was set.
//
// Its members are read one by one, so that one that can't be read says nothing of the others.
// Disabled and MinGeneration are written only for a PBX that was disabled, or whose URL was
// revoked. So where they are there and can't be read, it is disabled, and no URL opens: a PBX
// that was never shut is not refused, and one that was shut stays so.
type Device struct {
	Name     string   `json:"name,omitempty"`
	Site     string   `json:"site,omitempty"`
	Zone     pbx.Zone `json:"zone,omitzero"`      // where its clock stands
	Disabled bool     `json:"disabled,omitempty"` // its events are refused
	// Aliases are MACs that its events may name, too: those of a PBX whose place it took.
	Aliases []pbx.MAC `json:"aliases,omitempty"`
	// MinGeneration is the least generation of a URL that still opens; 0: all do.
	MinGeneration uint32 `json:"min_generation,omitempty"`
	// Thresholds in seconds, from 0. Unknown: the default.
	ServiceLevel     pbx.Int `json:"sla_threshold_seconds,omitzero"` // within which a call should be answered
	ShortAbandon     pbx.Int `json:"short_abandon_seconds,omitzero"` // before which an abandoned call is short
	TalkIncludesHold bool    `json:"talk_includes_hold,omitempty"`   // in the PBX's records
	// Replaces is the PBX whose place this one took, on the day ReplacesFrom by its clock.
	Replaces     pbx.MAC `json:"replaces,omitempty"`
	ReplacesFrom pbx.Day `json:"replaces_from,omitzero"`

	Unreadable UnreadableMembers `json:"-"`
}

// The names of some members of a Device.
const (
	memberDisabled   = "disabled"
	memberGeneration = "min_generation"
)

// Check tells the first of some members, by their names in JSON, that can't be read. Its error
// is an ErrNotUnderstood.
func (d Device) Check(members ...string) error { return d.Unreadable.check(members...) }

// deviceDoc is the document of a Device.
type deviceDoc struct{ Device }

// UnmarshalJSON implements json.Unmarshaler.
func (d *deviceDoc) UnmarshalJSON(text []byte) (err error) {
	d.Device = Device{}
	d.Unreadable, err = readMembers(text, &d.Device)
	d.Aliases = slices.DeleteFunc(d.Aliases, func(alias pbx.MAC) bool { return alias == "" })
	if d.Check(memberDisabled) != nil {
		d.Disabled = true
	}
	if d.Check(memberGeneration) != nil {
		d.MinGeneration = math.MaxUint32
	}
	return err
}

// MarshalJSON implements json.Marshaler.
func (d deviceDoc) MarshalJSON() ([]byte, error) { return writeMembers(d.Device, d.Unreadable) }

// Sends tells whether an event that names a MAC, or none, may be that of the PBX of these
// settings.
func (d Device) Sends(mac, named pbx.MAC) bool {
	return named == "" || named == mac || slices.Contains(d.Aliases, named)
}

// Disowns says why an event that names a MAC can't be that of the PBX of these settings; empty
// where it may be.
func (d Device) Disowns(mac, named pbx.MAC) string {
	if d.Sends(mac, named) {
		return ""
	}
	return fmt.Sprintf("the body names the MAC %s", named)
}

// Device reads the settings of a PBX. Where the document is none at all, the error is an
// ErrNotUnderstood.
func (s *Store) Device(ctx context.Context, mac pbx.MAC) (Device, error) {
	var d deviceDoc
	if _, err := s.load(ctx, deviceKey(mac), &d); err != nil {
		return Device{}, fmt.Errorf("read the settings of %s: %w", mac, err)
	}
	return d.Device, nil
}

// SetDevice replaces the settings of a PBX, and puts it on the fleet list.
func (s *Store) SetDevice(ctx context.Context, mac pbx.MAC, d Device) error {
	_, err := s.ChangeDevice(ctx, mac, func(set *Device) error {
		*set = d
		return nil
	})
	return err
}

// ChangeDevice has apply change the settings of a PBX, puts it on the fleet list, and returns
// what is set then. No change that is made at the same time is lost: apply is called again
// where another writer was faster. Where apply fails, nothing is written.
func (s *Store) ChangeDevice(ctx context.Context, mac pbx.MAC, apply func(*Device) error) (Device, error) {
	d, err := change(ctx, s, mac, deviceKey(mac), "settings", func(d *deviceDoc) error { return apply(&d.Device) })
	return d.Device, err
}
