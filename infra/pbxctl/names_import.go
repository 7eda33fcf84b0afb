package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

type namesImportCommand struct{ importFlags }

// Help is the long form of the command's help.
func (namesImportCommand) Help() string {
	return `The first line names the columns, in any order: mac, kind (queue, agent or did) and id, and any
of name, opens, target_percent and target_seconds, of which the last three are of queues.

  mac,kind,id,name,opens,target_percent,target_seconds
  68:69:2e:0b:00:01,queue,630,Support,Mo-Fr 08:00-18:00; Sa 09:00-13:00,80,20
  68:69:2e:0b:00:01,agent,800,Ana Silva,,,

An empty cell unsets its value, and a row of which nothing is left takes the name away. A PBX has
to be in the fleet, and has at most 1000 names. Of files and mistakes see pbxctl device import;
of opening hours see pbxctl names set.

Examples:
  pbxctl names import names.csv --dry-run --data ./data
  pbxctl names import - --stack trunkline < names.csv`
}

// Run implements the command.
func (c *namesImportCommand) Run(p *program) error {
	file, err := readSheet(c.File, nameHeads())
	if err != nil {
		return err
	}
	file.needs("mac", "kind", "id")
	if file.has("target_percent") || file.has("target_seconds") {
		file.needs("target_percent", "target_seconds")
	}
	return c.run(p, file, nameEdits(file))
}

// nameEdits checks the rows of a file, and puts those of a PBX together.
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

// thingOf is the kind and ID of a row.
func thingOf(row sheetRow) store.Name {
	return store.Name{Kind: store.Kind(strings.ToLower(row.cells["kind"])), ID: row.cells["id"]}
}

// checkName notes what is wrong with a row.
func checkName(file *sheet, row sheetRow) {
	before, name := len(file.wrong), thingOf(row)
	file.note(row, "kind", name.Kind.Check())
	file.note(row, "id", store.CheckID(name.ID))
	set(nameFields, &name, file, row)
	if (row.cells["target_percent"] == "") != (row.cells["target_seconds"] == "") {
		file.note(row, "target_percent", errors.New("a target needs both a percentage and seconds"))
	} else {
		file.note(row, "target_percent", name.Target.Check())
	}
	if len(file.wrong) == before {
		file.note(row, "kind", name.Check())
	}
}

// nameEdit is what rows say of one PBX.
func nameEdit(file *sheet, rows []sheetRow) edit {
	mac := rows[0].mac
	apply := func(names store.Names) (store.Names, error) {
		for _, row := range rows {
			thing := thingOf(row)
			name := names.Find(thing.Kind, thing.ID)
			set(nameFields, &name, file, row) // it was found good
			names = names.With(name)
		}
		return names, names.Check()
	}
	return edit{
		row: rows[0],
		plan: func(ctx context.Context, s *store.Store, known bool) (planned plan, err error) {
			if !known {
				return plan{}, mistake{err: fmt.Errorf("%s is not in the fleet: put it there with pbxctl device import, or add", mac)}
			}
			before, err := s.Names(ctx, mac)
			if err != nil {
				return plan{}, err
			}
			after, err := apply(before)
			if err != nil {
				return plan{}, mistake{err: err}
			}
			for _, row := range rows {
				thing := thingOf(row)
				planned.changes = append(planned.changes, differences(nameFields, before.Find(thing.Kind, thing.ID), after.Find(thing.Kind, thing.ID),
					changed{MAC: mac, Kind: thing.Kind, ID: thing.ID})...)
			}
			return planned, nil
		},
		write: func(ctx context.Context, s *store.Store) error {
			_, err := s.ChangeNames(ctx, mac, apply)
			return err
		},
	}
}

type namesExportCommand struct{ exportFlags }

// Help is the long form of the command's help.
func (namesExportCommand) Help() string {
	return `Prints what pbxctl names import reads. Cells that a spreadsheet would take for a formula or a
number begin with an apostrophe.

Example:
  pbxctl names export --data ./data > names.csv`
}

// Run implements the command.
func (c *namesExportCommand) Run(p *program) error {
	return c.run(p, nameHeads(), func(s *store.Store, add adder) error {
		return rows(p.ctx, eachName(p.ctx, s, ""), func(n namedOf) error {
			return add(n.MAC, append([]string{string(n.Kind), n.ID}, cellsOf(nameFields, n.Name)...)...)
		})
	})
}
