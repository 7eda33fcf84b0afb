package devices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Member is a PBX of the fleet.
type Member struct {
	MAC pbx.MAC `json:"mac"`
	store.Device
	Inferred  pbx.Zone  `json:"inferred_zone,omitzero"`
	LastEvent time.Time `json:"last_heard,omitzero"`
	KID       string    `json:"kid,omitempty"`
	// Unreadable has the members that can't be read, by their names.
	Unreadable store.UnreadableMembers `json:"unreadable,omitempty"`
}

// The JSON names of what is known of a PBX beside its settings.
const (
	memberSettings = "settings"
	memberInferred = "inferred_zone"
	memberHeard    = "last_heard"
)

// Read reads what is known of a PBX. Unreadable members are in the Member. Read fails only if the records
// can't be reached.
func Read(ctx context.Context, s *store.Store, mac pbx.MAC) (m Member, err error) {
	m.MAC = mac
	m.Device, err = s.Device(ctx, mac)
	m.Unreadable = maps.Clone(m.Device.Unreadable)
	if err := m.tolerate(memberSettings, err); err != nil {
		return m, err
	}
	seen, err := s.Seen(ctx, mac)
	if err := m.tolerate(memberInferred, err); err != nil {
		return m, err
	}
	heard, err := s.LastEvent(ctx, mac)
	m.Inferred, m.LastEvent, m.KID = seen.Zone, heard.Last, heard.KID
	return m, m.tolerate(memberHeard, err)
}

// tolerate notes in the Member that something can't be read. It returns any other error.
func (m *Member) tolerate(what string, err error) error {
	if !errors.Is(err, store.ErrNotUnderstood) {
		return err
	}
	text, err := json.Marshal(err.Error())
	if m.Unreadable == nil {
		m.Unreadable = store.UnreadableMembers{}
	}
	m.Unreadable[what] = text
	return err
}

// Waiting reports whether a PBX may send events, and has never sent one.
func (m Member) Waiting() bool {
	_, unknown := m.Unreadable[memberHeard]
	return m.LastEvent.IsZero() && !unknown && !m.Disabled
}

// SettingsError returns why no setting can be read; empty if settings can be read.
func (m Member) SettingsError() string { return m.Unreadable.Text(memberSettings) }

// ClockZone returns the zone of a PBX's clock, as far as it is known; else the fallback. A zone that was set
// or inferred and can't be read is an error. Otherwise days would be those of another zone.
func (m Member) ClockZone(fallback pbx.Zone) (pbx.Zone, error) {
	needed := []string{memberSettings, "zone"}
	if !m.Zone.Known() {
		needed = append(needed, memberInferred)
	}
	for _, name := range needed {
		if _, bad := m.Unreadable[name]; bad {
			return pbx.Zone{}, fmt.Errorf("the zone of %s can't be read (%s): set it again with pbxctl device set --zone", m.MAC, m.Unreadable.Text(name))
		}
	}
	return store.ClockZone(m.Device, store.Seen{Zone: m.Inferred}, fallback), nil
}

// CheckListed refuses a PBX that is not on the fleet list. A mistyped MAC would otherwise create a PBX that
// does not exist, and not change the right one.
func CheckListed(ctx context.Context, s *store.Store, mac pbx.MAC) error {
	listed, err := s.Listed(ctx, mac)
	if err != nil {
		return err
	}
	if !listed {
		return fmt.Errorf("%s is not in the fleet: see pbxctl device list for its MAC, or say --new to put it there", mac)
	}
	return nil
}
