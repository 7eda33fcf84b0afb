// Package fleetsheettest has a file of a fleet for tests.
package fleetsheettest

import (
	"testing"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Branches is a file of three PBXs, as people write it.
const Branches = `mac,name,site,zone,sla_threshold_seconds,short_abandon_seconds,talk_includes_hold
68:69:2e:0b:00:01,Reception,Berlin,Europe/Berlin,30,5,yes
68:69:2e:0b:00:02,"Müller, ""Söhne""",Köln,+05:45,,0,no
68:69:2e:0b:00:03,,,,,,
`

// Devices returns the settings in Branches.
func Devices(t testing.TB) map[pbx.MAC]store.Device {
	t.Helper()
	zone := func(name string) pbx.Zone {
		z, err := pbx.ParseZone(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	return map[pbx.MAC]store.Device{
		"68692e0b0001": {Name: "Reception", Site: "Berlin", Zone: zone("Europe/Berlin"), ServiceLevel: pbx.IntOf(30), ShortAbandon: pbx.IntOf(5), TalkIncludesHold: true},
		"68692e0b0002": {Name: `Müller, "Söhne"`, Site: "Köln", Zone: zone("+05:45"), ShortAbandon: pbx.IntOf(0)},
		"68692e0b0003": {},
	}
}
