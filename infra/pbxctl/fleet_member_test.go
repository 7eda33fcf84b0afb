package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/devices"
	"trunkline/pkg/fleetsheet/fleetsheettest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// fleetData is a data folder with three branches, whose keys sign.
func fleetData(t *testing.T) string {
	t.Helper()
	data := emptyData(t)
	makeKeys(t, data)
	good(t, "device", "import", written(t, fleetsheettest.Branches), "--data", data)
	return data
}

// stored writes a document of a PBX as another hand might have.
func stored(t *testing.T, data, mac, sk, doc string) {
	t.Helper()
	table, err := local.OpenTable(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	item := store.Item{Key: store.Key{PK: mac, SK: sk}, Version: "1", Doc: []byte(doc)}
	if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func TestAMistypedMACMakesNoPBX(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	before := good(t, "device", "list", "--json", "--data", data)
	for _, command := range []string{
		"device set --name x", "device disable", "device enable", "device revoke", "device revoke --below 3", "device alias --alias 68692e0b0001",
		"names set --queue 630 --name x", "device remove MAC --yes", "device replace MAC 68692e0b0009 --base http://x",
	} {
		if !strings.Contains(command, "MAC") {
			command += " MAC"
		}
		args := strings.Fields(command)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "MAC", "68692e0b0010")
		}
		errs := bad(t, append(args, "--data", data)...)
		if !strings.Contains(errs, "68692e0b0010 is not in the fleet") || !strings.Contains(errs, "--new") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: %s", command, errs)
		}
		if after := good(t, "device", "list", "--json", "--data", data); after != before {
			t.Fatalf("%s: the fleet is\n%s", command, after)
		}
	}
	good(t, "device", "disable", "68692e0b0010", "--new", "--data", data)
	if d, there := settingsOf(t, data)["68692e0b0010"]; !there || !d.Disabled {
		t.Errorf("with --new: %+v", d)
	}
}

func TestWhoeverWasPreparedAndHasSentNothingIsWaitedFor(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	good(t, "device", "disable", "68692e0b0003", "--data", data)
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: "68692e0b0001", body: record("3.0")})
	var waiting []pbx.MAC
	for _, m := range lines[devices.Member](t, do(t, "device", "list", "--waiting", "--json", "--data", data)) {
		waiting = append(waiting, m.MAC)
	}
	if !slices.Equal(waiting, []pbx.MAC{"68692e0b0002"}) {
		t.Error(waiting)
	}
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: "68692e0b0002", body: record("3.0")})
	if out := good(t, "device", "list", "--waiting", "--data", data); out != "All PBXs have sent something.\n" {
		t.Error(out)
	}
}

func TestARemovedPBXStaysOutUntilItIsAddedAgain(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	good(t, "names", "set", "68692e0b0001", "--queue", "630", "--name", "Support", "--data", data)
	good(t, "device", "revoke", "68692e0b0001", "--data", data)
	url := good(t, "device", "url", "68692e0b0001", "--base", "http://x", "--data", data)
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: "68692e0b0001", body: record("3.0")})
	old := written(t, good(t, "device", "export", "--data", data))
	if errs := bad(t, "device", "remove", "68:69:2e:0b:00:01", "--data", data); !strings.Contains(errs, "--yes") {
		t.Error(errs)
	}
	if out := good(t, "device", "remove", "68:69:2e:0b:00:01", "--yes", "--data", data); !strings.Contains(out, "records and figures stay") {
		t.Error(out)
	}
	stays := func(what string) {
		t.Helper()
		if got := admitted(t, data, url); got != ingest.Disabled {
			t.Errorf("%s: its URL is %v", what, got)
		}
	}
	stays("removed")
	if errs := bad(t, "device", "url", "68692e0b0001", "--base", "http://x", "--data", data); !strings.Contains(errs, "was removed, and has no valid URL") {
		t.Error(errs)
	}
	if all := settingsOf(t, data); len(all) != 2 {
		t.Errorf("%+v", all)
	}
	if out := good(t, "names", "list", "--mac", "68692e0b0001", "--data", data); out != "There are no names.\n" {
		t.Error(out)
	}
	if out := good(t, "calls", "68692e0b0001", "--data", data); strings.Contains(out, "No contact-centre records.") {
		t.Errorf("its records: %s", out)
	}
	for _, file := range []string{old, written(t, "mac,name\n68692e0b0001,Reception\n")} {
		got := do(t, "device", "import", file, "--data", data)
		if got.code != 0 || !strings.Contains(got.errs, "68692e0b0001  disabled") || !strings.Contains(got.out, "1 are new") {
			t.Errorf("%+v", got)
		}
		stays("imported")
		good(t, "device", "remove", "68692e0b0001", "--yes", "--json", "--data", data)
	}
	got := do(t, "device", "add", "68692e0b0001", "--name", "Foyer", "--data", data)
	if got.code != 0 || !strings.Contains(got.errs, "was removed before. Its URL is valid again") || admitted(t, data, url) != ingest.Admitted {
		t.Errorf("%+v", got)
	}
	if d := settingsOf(t, data)["68692e0b0001"]; d.Name != "Foyer" || d.MinGeneration != 2 || d.Site != "" {
		t.Errorf("%+v", d)
	}
	good(t, "device", "remove", "68692e0b0001", "--records", "--yes", "--data", data)
	if out := good(t, "calls", "68692e0b0001", "--data", data); !strings.Contains(out, "No contact-centre records.") {
		t.Errorf("its records: %s", out)
	}
	stays("removed with its records")
}

func TestAPBXTakesAnothersPlaceWithAllThatWasSaidOfIt(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	good(t, "names", "set", "68692e0b0001", "--queue", "630", "--name", "Support", "--data", data)
	good(t, "device", "alias", "68692e0b0001", "--alias", "68692e0b00ff", "--data", data)
	replace := []string{"device", "replace", "68:69:2e:0b:00:01", "68:69:2e:0b:00:09", "--from", "2026-11-24", "--base", "http://x", "--data", data}
	oldURL := good(t, "device", "url", "68692e0b0001", "--base", "http://x", "--data", data)
	for range 2 { // it may be done again
		out := good(t, replace...)
		url := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
		if !strings.HasPrefix(out, "68692e0b0009 replaces 68692e0b0001 from 2026-11-24 on. The old PBX is disabled.") ||
			admitted(t, data, url) != ingest.Admitted || admitted(t, data, oldURL) != ingest.Disabled {
			t.Error(out)
		}
	}
	all := settingsOf(t, data)
	want := fleetsheettest.Devices(t)["68692e0b0001"]
	want.Aliases, want.Replaces = []pbx.MAC{"68692e0b0001", "68692e0b00ff"}, "68692e0b0001"
	want.ReplacesFrom = all["68692e0b0009"].ReplacesFrom
	if got := all["68692e0b0009"]; !reflect.DeepEqual(got, want) || want.ReplacesFrom.String() != "2026-11-24" {
		t.Errorf("%+v, not %+v", got, want)
	}
	if old := all["68692e0b0001"]; !old.Disabled || old.ServiceLevel != pbx.IntOf(30) || old.Zone.String() != "Europe/Berlin" {
		t.Errorf("the old one: %+v", old)
	}
	if out := good(t, "names", "list", "--mac", "68692e0b0009", "--data", data); !strings.Contains(out, "Support") {
		t.Error(out)
	}
	kept := lines[replacement](t, do(t, "device", "replace", "68692e0b0003", "68692e0b0008", "--keep-old", "--base", "http://x", "--json", "--data", data))
	if len(kept) != 1 || kept[0].OldDisabled || settingsOf(t, data)["68692e0b0003"].Disabled || admitted(t, data, kept[0].URL) != ingest.Admitted {
		t.Errorf("%+v", kept)
	}
	for _, c := range []struct{ args, want string }{
		{"68692e0b0002 68692e0b0008 --base http://x", "68692e0b0008 has settings already"},
		{"68692e0b0003 68692e0b0007 --base http://x", "68692e0b0008 has replaced 68692e0b0003 already"},
		{"68692e0b0003 68692e0b0007 --base http://x --from 2126-11-24", "say --keep-old"},
	} {
		if errs := bad(t, append(strings.Fields("device replace "+c.args), "--data", data)...); !strings.Contains(errs, c.want) {
			t.Error(errs)
		}
	}
	itself := do(t, "device", "replace", "68692e0b0003", "68692e0b0003", "--base", "http://x", "--data", data)
	if itself.code != exitUnclear || !strings.Contains(itself.errs, "can't replace itself") {
		t.Errorf("%+v", itself)
	}
	unclear := do(t, "device", "replace", "68692e0b0003", "68692e0b0007", "--base", "x", "--data", data)
	if unclear.code != exitUnclear || !strings.Contains(unclear.errs, `--base: "x" is not a URL`) {
		t.Errorf("%+v", unclear)
	}
	if _, there := settingsOf(t, data)["68692e0b0007"]; there {
		t.Error("what was refused has put a PBX on the fleet list")
	}
}

func TestAZoneThatIsNoLongerKnownIsListedExportedAndRepaired(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	stored(t, data, "68692e0b0001", "DEVICE", `{"disabled":true,"name":"Reception","zone":"localtime"}`)
	stored(t, data, "68692e0b0002", "SEEN", `{"zone":"right/UTC"}`)
	stored(t, data, "68692e0b0002", "HEARD", `{"last":5}`)
	got := do(t, "device", "list", "--data", data)
	if got.code != 0 || strings.Count(got.out, "\n") != 4 || !strings.Contains(got.out, "localtime") || !strings.Contains(got.errs, "68692e0b0001  zone: localtime\n") {
		t.Errorf("%+v", got)
	}
	all := lines[devices.Member](t, do(t, "device", "list", "--json", "--data", data))
	if len(all) != 3 || !all[0].Disabled || string(all[0].Unreadable["zone"]) != `"localtime"` || len(all[1].Unreadable) != 2 {
		t.Errorf("%+v", all)
	}
	exported := good(t, "device", "export", "--data", data)
	if !strings.Contains(exported, "68:69:2e:0b:00:01,Reception,,localtime,") {
		t.Error(exported)
	}
	if errs := bad(t, "device", "import", written(t, exported), "--data", data); !strings.Contains(errs, `line 2, column 4 (zone): "localtime" is not a time zone`) {
		t.Error(errs)
	}
	for _, command := range []string{"calls", "kpi --day 2026-11-24", "device replace"} {
		args := append(strings.Fields(command), "68692e0b0001", "--data", data)
		if command == "device replace" {
			args = []string{"device", "replace", "68692e0b0001", "68692e0b0009", "--base", "http://x", "--data", data}
		}
		if errs := bad(t, args...); !strings.Contains(errs, "can't be read") || !strings.Contains(errs, "pbxctl device set") {
			t.Errorf("%s: %s", command, errs)
		}
	}
	good(t, "device", "set", "68692e0b0001", "--zone", "Europe/Berlin", "--data", data)
	if d := settingsOf(t, data)["68692e0b0001"]; d.Zone.String() != "Europe/Berlin" || !d.Disabled || d.Name != "Reception" {
		t.Errorf("%+v", d)
	}
	stored(t, data, "68692e0b0001", "DEVICE", `{"zone":"localtime"}`)
	good(t, "device", "import", written(t, strings.Replace(exported, "localtime", "UTC", 1)), "--data", data)
	if d := settingsOf(t, data)["68692e0b0001"]; d.Zone.String() != "UTC" {
		t.Errorf("by a file: %+v", d)
	}
}

func TestWhatShutsAPBXAndCannotBeReadIsRepaired(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	stored(t, data, "68692e0b0001", "DEVICE", `{"aliases":[7],"disabled":"yes","min_generation":"2"}`)
	for _, command := range []string{"device revoke", "device url --base http://x"} {
		if errs := bad(t, append(strings.Fields(command), "68692e0b0001", "--data", data)...); !strings.Contains(errs, "--below") {
			t.Error(errs)
		}
	}
	good(t, "device", "alias", "68692e0b0001", "--alias", "68692e0b00ff", "--data", data)
	good(t, "device", "revoke", "--below", "3", "68692e0b0001", "--data", data)
	good(t, "device", "enable", "68692e0b0001", "--data", data)
	want := store.Device{MinGeneration: 3, Aliases: []pbx.MAC{"68692e0b00ff"}}
	if d := settingsOf(t, data)["68692e0b0001"]; !reflect.DeepEqual(d, want) {
		t.Errorf("%+v", d)
	}
	if errs := bad(t, "device", "revoke", "--below", "2", "68692e0b0001", "--data", data); !strings.Contains(errs, "URLs below 3 are revoked already") {
		t.Error(errs)
	}
	stored(t, data, "68692e0b0002", "NAMES", `{"names":[{"id":"630","kind":"queue","name":"Support","opens":"Mon"}]}`)
	if out := good(t, "names", "list", "--mac", "68692e0b0002", "--data", data); !strings.Contains(out, "Support  Mon") {
		t.Error(out)
	}
	good(t, "names", "set", "68692e0b0002", "--queue", "630", "--opens", "24/7", "--data", data)
	if out := good(t, "names", "list", "--mac", "68692e0b0002", "--data", data); !strings.Contains(out, "Support  Mo-Su 00:00-24:00") {
		t.Error(out)
	}
}
