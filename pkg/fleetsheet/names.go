package fleetsheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"trunkline/pkg/devices"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// ReadNames reads and checks a file of names. Errors call it name. The error lists the mistakes, each with
// its line and column.
func ReadNames(in io.Reader, name string) (*Import, error) {
	file, err := readSheet(in, name, nameHeads())
	if err != nil {
		return nil, err
	}
	file.needs("mac", "kind", "id")
	if file.has("target_percent") || file.has("target_seconds") {
		file.needs("target_percent", "target_seconds")
	}
	return newImport(file, nameEdits(file))
}

func nameHeads() []string {
	return append([]string{"mac", "kind", "id"}, devices.NameFields().Names()...)
}

// nameEdits checks the rows of a file, and groups them by PBX.
func nameEdits(file *sheet) (edits []edit) {
	lines, of := map[[3]string]int{}, map[pbx.MAC][]sheetRow{}
	var macs []pbx.MAC
	for _, row := range file.rows {
		checkName(file, row)
		thing := thingOf(row)
		key := [...]string{string(row.mac), string(thing.Kind), thing.ID}
		if line, twice := lines[key]; twice && row.mac != "" {
			file.note(row, "id", fmt.Errorf("%s %s of %s is in line %d already", thing.Kind, thing.ID, row.mac, line))
		} else {
			lines[key] = row.line
		}
		if len(of[row.mac]) == 0 {
			macs = append(macs, row.mac)
		}
		of[row.mac] = append(of[row.mac], row)
	}
	for _, mac := range macs {
		edits = append(edits, nameEdit(file, of[mac]))
	}
	return edits
}

// thingOf returns the kind and ID of a row.
func thingOf(row sheetRow) store.Name {
	return store.Name{Kind: naming.Kind(strings.ToLower(row.cells["kind"])), ID: row.cells["id"]}
}

// checkName notes what is wrong with a row.
func checkName(file *sheet, row sheetRow) {
	before, name := len(file.wrong), thingOf(row)
	file.note(row, "kind", name.Kind.Check())
	file.note(row, "id", naming.CheckID(name.ID))
	set(devices.NameFields(), &name, file, row)
	if (row.cells["target_percent"] == "") != (row.cells["target_seconds"] == "") {
		file.note(row, "target_percent", errors.New("a target needs both a percentage and seconds"))
	} else {
		file.note(row, "target_percent", name.Target.Check())
	}
	if len(file.wrong) == before {
		file.note(row, "kind", name.Check())
	}
}

// nameEdit returns the edit of one PBX's rows.
func nameEdit(file *sheet, rows []sheetRow) edit {
	mac := rows[0].mac
	apply := func(names store.Names) (store.Names, error) {
		for _, row := range rows {
			thing := thingOf(row)
			name := names.Find(thing.Kind, thing.ID)
			set(devices.NameFields(), &name, file, row) // it was checked before
			names = names.With(name)
		}
		return names, names.Check()
	}
	return edit{
		row: rows[0],
		plan: func(ctx context.Context, s *store.Store, known bool) (planned Plan, err error) {
			if !known {
				return Plan{}, mistake{err: fmt.Errorf("%s is not in the fleet: put it there with pbxctl device import, or add", mac)}
			}
			before, err := s.Names(ctx, mac)
			if err != nil {
				return Plan{}, err
			}
			after, err := apply(before)
			if err != nil {
				return Plan{}, mistake{err: err}
			}
			for _, row := range rows {
				thing := thingOf(row)
				planned.Changes = append(planned.Changes, differences(devices.NameFields(), before.Find(thing.Kind, thing.ID), after.Find(thing.Kind, thing.ID),
					Change{MAC: mac, Kind: thing.Kind, ID: thing.ID})...)
			}
			return planned, nil
		},
		write: func(ctx context.Context, s *store.Store) error {
			_, err := s.ChangeNames(ctx, mac, apply)
			return err
		},
	}
}

// WriteNames writes a file of the names that list adds, which ReadNames reads.
func WriteNames(out io.Writer, list func(add func(devices.Name) error) error) error {
	return Write(out, nameHeads(), func(add Adder) error {
		return list(func(n devices.Name) error {
			return add(n.MAC, append([]string{string(n.Kind), n.ID}, devices.NameFields().Texts(n.Name)...)...)
		})
	})
}
