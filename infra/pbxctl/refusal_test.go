package main

import "testing"

func TestARefusedCommandLineIsSaidInPlainWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                                     `expected one of "serve", "demo", "device", "names", "keys", ...; see pbxctl --help`,
		"device":                               `expected one of "add", "import", "export", "url", "set", ...; see pbxctl device --help`,
		"rollup":                               "missing flags: --day=DAYS; see pbxctl rollup --help",
		"device import":                        `missing argument: <file>; see pbxctl device import --help`,
		"quarantine discard":                   `missing argument: <name> ...; see pbxctl quarantine discard --help`,
		"rollup 12 --day today":                `<mac>: "12" is not a MAC address: it has 2 hexadecimal digits, not 12; see pbxctl rollup --help`,
		"calls 68692e0b0001 --day":             "--day: it has no value; see pbxctl calls --help",
		"find --number":                        "--number: it has no value; see pbxctl find --help",
		"device add --colour red":              "unknown flag --colour; see pbxctl device add --help",
		"simulate --pbx x":                     `--pbx: expected a whole number but got "x"; see pbxctl simulate run --help`,
		"simulate run --seed x":                `--seed: expected a whole number but got "x"; see pbxctl simulate run --help`,
		"simulate --v4 x":                      `--v4: expected a number but got "x"; see pbxctl simulate run --help`,
		"serve --body-timeout soon":            `--body-timeout: expected a duration such as 15s but got "soon"; see pbxctl serve --help`,
		"device set 68692e0b0001 --zone Mars":  `--zone: "Mars" is not a time zone such as Europe/Berlin, or an offset such as +05:45; see pbxctl device set --help`,
		"device revoke 68692e0b0001 --below 0": "--below: a generation is a number from 1 to 4294967295; see pbxctl device revoke --help",
		"device alias 68692e0b0001 --alias 68692e0b0001": "--alias: 68692e0b0001 is the PBX's own MAC; see pbxctl device alias --help",
		"kpi explain 68692e0b0001 --day today":           "whose figure? Give --queue or --agent; see pbxctl kpi explain --help",
		"kpi 68692e0b0001":                               "missing flags: --day=DAY; see pbxctl kpi show --help",
		"device set 1 --zone x --new":                    `<mac>: "1" is not a MAC address: it has 1 hexadecimal digits, not 12; see pbxctl device set --help`,
	} {
		if got := do(t, words(line)...); got != (result{errs: "pbxctl: " + want + "\n", code: exitUnclear}) {
			t.Errorf("pbxctl %s\n%+v, want %s", line, got, want)
		}
	}
}
