package fleetsheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Devices says how files of settings are imported.
type Devices struct {
	// Reopen allows a file to enable PBXs, and to make revoked URLs valid.
	Reopen bool
	Now    func() time.Time
}

// Read reads and checks a file of settings. Errors call it name. The error lists the mistakes, each with its
// line and column.
func (d Devices) Read(in io.Reader, name string) (*Import, error) {
	file, err := readDevices(in, name)
	if err != nil {
		return nil, err
	}
	var edits []edit
	for _, row := range file.rows {
		edits = append(edits, d.edit(file, row))
	}
	return newImport(file, edits)
}

// ReadAddresses reads the PBXs of a file of settings, with their names and sites. It is as strict as
// Devices.Read.
func ReadAddresses(in io.Reader, name string) (all []devices.Address, err error) {
	file, err := readDevices(in, name)
	if err != nil {
		return nil, err
	}
	if err := file.err(); err != nil {
		return nil, err
	}
	for _, row := range file.rows {
		all = append(all, devices.Address{MAC: row.mac, Name: row.cells["name"], Site: row.cells["site"]})
	}
	return all, nil
}

// WriteURLs writes a CSV file of the URLs of PBXs, with the columns mac, name, site and url.
func WriteURLs(out io.Writer, all []devices.Address) error {
	return Write(out, []string{"mac", "name", "site", "url"}, func(add Adder) error {
		for _, a := range all {
			if err := add(a.MAC, a.Name, a.Site, a.URL); err != nil {
				return err
			}
		}
		return nil
	})
}

func deviceHeads() []string { return append([]string{"mac"}, devices.Settings().Names()...) }

// readDevices reads a file of settings, and notes its mistakes.
func readDevices(in io.Reader, name string) (*sheet, error) {
	file, err := readSheet(in, name, deviceHeads())
	if err != nil {
		return nil, err
	}
	file.needs("mac")
	lines := map[pbx.MAC]int{}
	for _, row := range file.rows {
		if line, twice := lines[row.mac]; twice && row.mac != "" {
			file.note(row, "mac", fmt.Errorf("%s is in line %d already", row.mac, line))
		} else {
			lines[row.mac] = row.line
		}
		set(devices.Settings(), &store.Device{}, file, row)
	}
	return file, nil
}

func (d Devices) edit(file *sheet, row sheetRow) edit {
	// apply sets the values of the row. It returns the settings that stay, against the row.
	apply := func(device *store.Device) []string {
		before := *device
		set(devices.Settings(), device, file, row) // it was checked before
		if d.Reopen {
			return nil
		}
		return keepShut(before, device)
	}
	return edit{
		row: row,
		plan: func(ctx context.Context, s *store.Store, known bool) (Plan, error) {
			before, err := s.Device(ctx, row.mac)
			if err != nil {
				return Plan{}, err
			}
			after := before
			plan := Plan{IsNew: !known, Shut: apply(&after)}
			if !known {
				plan.Changes = append(plan.Changes, Change{MAC: row.mac, Column: "mac", After: string(row.mac)})
			}
			if !known && after.Disabled && before.Disabled {
				plan.Shut = []string{"disabled"} // it was removed
			}
			plan.Changes = append(plan.Changes, differences(devices.Settings(), before, after, Change{MAC: row.mac})...)
			return plan, nil
		},
		write: func(ctx context.Context, s *store.Store) error {
			return devices.Change(ctx, s, row.mac, d.Now(), func(device *store.Device) error {
				apply(device)
				return nil
			})
		},
	}
}

// keepShut undoes changes that would admit a PBX that was refused. It returns the settings that stay.
func keepShut(before store.Device, d *store.Device) (stay []string) {
	if before.Disabled && !d.Disabled {
		d.Disabled, stay = true, append(stay, "disabled")
	}
	if before.MinGeneration > d.MinGeneration {
		d.MinGeneration, stay = before.MinGeneration, append(stay, "min_generation")
	}
	for _, member := range stay {
		d.Unreadable = d.Unreadable.With(member, before.Unreadable)
	}
	return stay
}

// WriteDevices writes a file of settings of the PBXs that list adds, which Devices.Read reads. It leaves out
// PBXs whose settings can't be read; the error names them.
func WriteDevices(out io.Writer, list func(add func(devices.Member) error) error) error {
	var left []error
	err := Write(out, deviceHeads(), func(add Adder) error {
		return list(func(m devices.Member) error {
			if why := m.SettingsError(); why != "" {
				left = append(left, fmt.Errorf("%s is left out: %s", m.MAC, why))
				return nil
			}
			return add(m.MAC, devices.Settings().Texts(m.Device)...)
		})
	})
	return errors.Join(append(left, err)...)
}
