package tables

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/listing"
	"trunkline/pkg/token"
)

// Devices shows the PBXs of a fleet, with their settings.
func Devices() listing.Columns[devices.Member] {
	return listing.Columns[devices.Member]{
		Heads: []string{"MAC", "NAME", "SITE", "ZONE", "SLA", "SHORT", "TALK INCLUDES HOLD", "STATE", "GENERATION", "HEARD", "KEY"},
		Cells: func(m devices.Member) []string {
			zone, state, heard := devices.Setting("zone").Get(m.Device), "enabled", "-"
			if zone == "" && m.Inferred.Known() {
				zone = "(" + m.Inferred.String() + ")"
			}
			if m.Disabled {
				state = "disabled"
			}
			if !m.LastEvent.IsZero() {
				heard = Clock(m.LastEvent)
			}
			cell := func(head string) string { return devices.Setting(head).Get(m.Device) }
			return []string{string(m.MAC), cell("name"), cell("site"), zone, cell("sla_threshold_seconds"), cell("short_abandon_seconds"),
				cell("talk_includes_hold"), state, cmp.Or(cell("min_generation"), "1"), heard, cmp.Or(m.KID, "-")}
		},
	}
}

// Aliases shows the other MACs that a PBX's events may name.
func Aliases() listing.Columns[devices.Aliased] {
	return listing.Columns[devices.Aliased]{
		Heads: []string{"MAC", "ALIASES"},
		Cells: func(a devices.Aliased) []string {
			texts := make([]string, len(a.Aliases))
			for i, alias := range a.Aliases {
				texts[i] = string(alias)
			}
			return []string{string(a.MAC), strings.Join(texts, " ")}
		},
	}
}

// Names shows names, opening hours and targets.
func Names() listing.Columns[devices.Name] {
	return listing.Columns[devices.Name]{
		Heads: []string{"MAC", "KIND", "ID", "NAME", "OPENS", "TARGET"},
		Cells: func(n devices.Name) []string {
			cell := func(member, text string) string { return cmp.Or(n.Unreadable.Text(member), text) }
			return []string{string(n.MAC), cell("kind", string(n.Kind)), cell("id", n.ID), cell("name", n.Name.Name),
				cell("opens", n.Opens.String()), cell("target", n.Target.String())}
		},
	}
}

// Keys shows the ids of keys.
func Keys() listing.Columns[token.ListedKey] {
	return listing.Columns[token.ListedKey]{
		Heads: []string{"KEY", "ITS URLS"},
		Cells: func(k token.ListedKey) []string {
			if k.Signs {
				return []string{k.KID, "valid; new ones are signed by it"}
			}
			return []string{k.KID, "valid"}
		},
	}
}

// planned shows what a file changes.
func planned() listing.Columns[fleetsheet.Change] {
	return listing.Columns[fleetsheet.Change]{
		Heads: []string{"MAC", "KIND", "ID", "COLUMN", "BEFORE", "AFTER"},
		Cells: func(d fleetsheet.Change) []string {
			return []string{string(d.MAC), string(d.Kind), d.ID, d.Column, d.Before, d.After}
		},
	}
}

// PrintUnreadable lists for people the settings of PBXs that can't be read.
func PrintUnreadable(out io.Writer, all []devices.Member) {
	var lines []string
	for _, m := range all {
		for _, name := range slices.Sorted(maps.Keys(m.Unreadable)) {
			lines = append(lines, fmt.Sprintf("  %s  %s: %s\n", m.MAC, listing.Plain(name), listing.Plain(m.Unreadable.Text(name))))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(out, "These settings can't be read, or another version wrote them. Set them again with pbxctl device set (or enable, revoke, alias):\n%s", strings.Join(lines, ""))
	}
}

// PrintShut names the PBXs that stay disabled or revoked, although the file of an import says
// otherwise.
func PrintShut(out io.Writer, plans []fleetsheet.Plan) {
	var lines []string
	for _, plan := range plans {
		if len(plan.Shut) > 0 {
			lines = append(lines, fmt.Sprintf("  %s  %s\n", plan.MAC, strings.Join(plan.Shut, ", ")))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(out, "These PBXs stay disabled or revoked, whatever the file says; --reopen follows the file:\n%s", strings.Join(lines, ""))
	}
}

// PrintPlans prints what an import changed, or would change.
func PrintPlans(ctx context.Context, out io.Writer, plans []fleetsheet.Plan, dryRun bool) error {
	changed, joined := 0, 0
	for _, plan := range plans {
		changed += min(1, len(plan.Changes))
		if plan.IsNew {
			joined++
		}
	}
	if changed > 0 {
		if err := listing.Table(ctx, out, each.Of(fleetsheet.Changes(plans)...), planned(), ""); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	did, fresh := "changed", ""
	if dryRun {
		did = "would change"
	}
	if joined > 0 {
		fresh = fmt.Sprintf(", of which %d are new to the fleet", joined)
	}
	_, err := fmt.Fprintf(out, "%d of %d PBXs %s%s.\n", changed, len(plans), did, fresh)
	return err
}
