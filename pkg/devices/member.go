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
	// Unreadable is what can't be read of all this, by the name of its member.
	Unreadable store.UnreadableMembers `json:"unreadable,omitempty"`
}

// The names of what is known of a PBX beside its settings, in JSON.
const (
	memberSettings = "settings"
	memberInferred = "inferred_zone"
	memberHeard    = "last_heard"
)

// Read is what is known of a PBX. It tells what can't be read, and fails only where the
// records can't be reached.
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

// tolerate notes that something can't be read. Any other error stays.
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

// Waiting reports whether a PBX may send, and has never sent anything.
func (m Member) Waiting() bool {
	_, unknown := m.Unreadable[memberHeard]
	return m.LastEvent.IsZero() && !unknown && !m.Disabled
}

// SettingsError is the text of the error that keeps all settings from being read; empty where they
// can be read.
func (m Member) SettingsError() string { return m.Unreadable.Text(memberSettings) }

// ClockZone is where the clock of a PBX stands, as far as is known; else the fallback. Where its zone
// was set or learnt, and can't be read, that is an error: days would be those of another zone.
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

// CheckListed refuses a PBX that is not on the fleet list: a mistyped MAC would make a PBX that does
// not exist, and leave the one that was meant as it is.
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
