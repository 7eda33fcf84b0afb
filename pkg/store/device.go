package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"trunkline/pkg/pbx"
)

// Device holds the settings of a PBX, which the operator makes. In the zero Device nothing is set.
//
// Members are read one by one, so that an unreadable one does not affect the others. Disabled is
// written only for a PBX that was disabled, and MinGeneration only if a URL was revoked. So if one
// of them exists and can't be read, the PBX counts as disabled, or no URL is valid.
type Device struct {
	Name     string   `json:"name,omitempty"`
	Site     string   `json:"site,omitempty"`
	Zone     pbx.Zone `json:"zone,omitzero"`      // of its clock
	Disabled bool     `json:"disabled,omitempty"` // its events are refused
	// Aliases are other MACs that its events may name, such as that of the PBX it replaced.
	Aliases []pbx.MAC `json:"aliases,omitempty"`
	// MinGeneration is the lowest generation of a URL that is valid; 0: all are.
	MinGeneration uint32 `json:"min_generation,omitempty"`
	// Thresholds in seconds, from 0; unknown: the default.
	ServiceLevel     pbx.Int `json:"sla_threshold_seconds,omitzero"` // within which a call should be answered
	ShortAbandon     pbx.Int `json:"short_abandon_seconds,omitzero"` // before which an abandoned call is short
	TalkIncludesHold bool    `json:"talk_includes_hold,omitempty"`   // in the PBX's records
	// Replaces is the PBX that this one replaced, on the day ReplacesFrom by its clock.
	Replaces     pbx.MAC `json:"replaces,omitempty"`
	ReplacesFrom pbx.Day `json:"replaces_from,omitzero"`

	Unreadable UnreadableMembers `json:"-"`
}

// The names of some members of a Device.
const (
	memberDisabled   = "disabled"
	memberGeneration = "min_generation"
)

// Check reports the first of the named JSON members that can't be read. Its error is an
// ErrNotUnderstood.
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

// Sends reports whether an event from the PBX may name this MAC. An empty name is allowed.
func (d Device) Sends(mac, named pbx.MAC) bool {
	return named == "" || named == mac || slices.Contains(d.Aliases, named)
}

// Disowns returns why an event from the PBX may not name this MAC; empty if it may.
func (d Device) Disowns(mac, named pbx.MAC) string {
	if d.Sends(mac, named) {
		return ""
	}
	return fmt.Sprintf("the body names the MAC %s", named)
}

// Device reads the settings of a PBX. If the document is not a JSON object, the error is an
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

// ChangeDevice calls apply to change the settings of a PBX, puts the PBX on the fleet list, and
// returns the new settings. If another writer was faster, it calls apply again, so that no
// concurrent change is lost. If apply fails, nothing is written.
func (s *Store) ChangeDevice(ctx context.Context, mac pbx.MAC, apply func(*Device) error) (Device, error) {
	d, err := change(ctx, s, mac, deviceKey(mac), "settings", func(d *deviceDoc) error { return apply(&d.Device) })
	return d.Device, err
}
