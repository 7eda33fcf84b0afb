package fleetsheet_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/devices"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/fleetsheet/fleetsheettest"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func newStore() *store.Store { return store.New(storetest.NewMemory(), now) }

// importDevices imports a file of settings, and returns what it changes.
func importDevices(t *testing.T, s *store.Store, text string) ([]fleetsheet.Plan, error) {
	t.Helper()
	file, err := fleetsheet.Devices{Now: now}.Read(strings.NewReader(text), "fleet.csv")
	if err != nil {
		return nil, err
	}
	return write(t, s, file)
}

// importNames imports a file of names, and returns what it changes.
func importNames(t *testing.T, s *store.Store, text string) ([]fleetsheet.Plan, error) {
	t.Helper()
	file, err := fleetsheet.ReadNames(strings.NewReader(text), "fleet.csv")
	if err != nil {
		return nil, err
	}
	return write(t, s, file)
}

func write(t *testing.T, s *store.Store, file *fleetsheet.Import) ([]fleetsheet.Plan, error) {
	t.Helper()
	plans, err := file.Plan(t.Context(), s, func() {})
	if err != nil {
		return nil, err
	}
	return plans, file.Write(t.Context(), s, plans, func() {})
}

// imported imports a file of settings and a file of names.
func imported(t *testing.T, s *store.Store, settings, names string) {
	t.Helper()
	if _, err := importDevices(t, s, settings); err != nil {
		t.Fatal(err)
	}
	if _, err := importNames(t, s, names); err != nil {
		t.Fatal(err)
	}
}

// each adds all that a sequence yields, and fails at the first error.
func each[T any](found iter.Seq2[T, error]) func(func(T) error) error {
	return func(add func(T) error) error {
		for row, err := range found {
			if err != nil {
				return err
			}
			if err := add(row); err != nil {
				return err
			}
		}
		return nil
	}
}

func exportedDevices(t *testing.T, s *store.Store) string {
	t.Helper()
	var out strings.Builder
	if err := fleetsheet.WriteDevices(&out, each(store.FleetOf(t.Context(), s, devices.Read))); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func exportedNames(t *testing.T, s *store.Store) string {
	t.Helper()
	var out strings.Builder
	if err := fleetsheet.WriteNames(&out, each(devices.Names(t.Context(), s, ""))); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// settingsOf returns the settings of all PBXs.
func settingsOf(t *testing.T, s *store.Store) map[pbx.MAC]store.Device {
	t.Helper()
	all := map[pbx.MAC]store.Device{}
	for m, err := range store.FleetOf(t.Context(), s, devices.Read) {
		if err != nil {
			t.Fatal(err)
		}
		all[m.MAC] = m.Device
	}
	return all
}

func expectDevices(t *testing.T, what string, s *store.Store, want map[pbx.MAC]store.Device) {
	t.Helper()
	if got := settingsOf(t, s); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n%v, not\n%v", what, got, want)
	}
}

// mistakes returns the error for a file with these mistakes, one a line.
func mistakes(lines string) string {
	return "fleet.csv has mistakes, so nothing was done:\n  " + strings.ReplaceAll(lines, "\n", "\n  ")
}

const named = `mac,kind,id,name,opens,target_percent,target_seconds
68:69:2e:0b:00:01,agent,100,Ana Silva,,,
68:69:2e:0b:00:01,did,'+49301234567,Hotline,,,
68:69:2e:0b:00:01,queue,630,Support,Mo-Fr 08:00-18:00; Sa 09:00-13:00,80,20
68:69:2e:0b:00:02,queue,'0630,Sales,,,
`

// nasty are values that spreadsheets read as something else.
var nasty = []string{
	`=cmd|' /C calc'!A0`, `'=1+1`, `''''-x`, "@SUM(A1)", "-1", "+49 30 1", "＝1", "'90", "0042", "123456789012345678", "1", "'", "''", "o'clock",
	`"quoted"`, "a,b;c", "émigré", "true", "1e5", "2026-11-24",
}

func TestFilesAreReadAsSpreadsheetsSaveThem(t *testing.T) {
	want := fleetsheettest.Devices(t)
	for what, text := range map[string]string{
		"as it is exported": fleetsheettest.Branches,
		"semicolons, a mark, line ends of Windows, empty rows, and no more cells than needed": "\ufeffMAC;Name;Site;Zone;SLA threshold seconds;Short-Abandon-Seconds;talk_includes_hold\r\n" +
			"68-69-2E-0B-00-01;Reception;Berlin;Europe/Berlin;30;5;TRUE\r\n;;;;;;\r\n\r\n" +
			"6869.2e0b.0002;\"Müller, \"\"Söhne\"\"\";Köln;'+05:45;;0;FALSE;;\r\n68692E0B0003\r\n",
		"tabs": "name\tmac\tsite\tzone\tsla_threshold_seconds\tshort_abandon_seconds\ttalk_includes_hold\n" +
			"Reception\t68692e0b0001\tBerlin\tEurope/Berlin\t30\t5\t1\n\"Müller, \"\"Söhne\"\"\"\t68692e0b0002\tKöln\t+05:45\t\t0\t0\n\t68692e0b0003",
		"a separator that is told, and blanks": "sep=;\r\nmac;name;site;zone;sla_threshold_seconds;short_abandon_seconds;talk_includes_hold\r\n" +
			" 68692e0b0001 ; \"Reception\u00a0\";\u00a0Berlin; Europe/Berlin;30;5;Yes\n68692e0b0002;\"Müller, \"\"Söhne\"\"\";Köln;+05:45;;0;no\n68692e0b0003;;;;;;",
		"every cell in quotes": strings.ReplaceAll(`"mac","name","site","zone","sla_threshold_seconds","short_abandon_seconds","talk_includes_hold",""
"68:69:2e:0b:00:01","Reception","Berlin","Europe/Berlin","30","5","yes",""
"68:69:2e:0b:00:02","Müller, ""Söhne""","Köln","+05:45","","0","no",""
"68:69:2e:0b:00:03","","","","","","",""`, "\n", "\r\n"),
	} {
		s := newStore()
		if _, err := importDevices(t, s, text); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		expectDevices(t, what, s, want)
	}
}

func TestAllMistakesOfAFileAreToldAndNothingIsWritten(t *testing.T) {
	const head = "mac,name,site,zone,sla_threshold_seconds,short_abandon_seconds,talk_includes_hold\n"
	for _, c := range []struct{ text, want string }{
		{
			head + "12,x,,,,,\n68692e0b0001,\"two\nlines\",,Berlin,-1,86401,perhaps\n\n68692e0b0002,x,,,0.5,1e3,,y\n68:69:2E:0B:00:02,,,,,,\n",
			`line 2, column 1 (mac): "12" is not a MAC address: it has 2 hexadecimal digits, not 12
line 3, column 2 (name): "two\nlines" has a character that can't be seen, after "two"
line 3, column 4 (zone): "Berlin" is not a time zone such as Europe/Berlin, or an offset such as +05:45
line 3, column 5 (sla_threshold_seconds): -1 is not a number of seconds from 0 to 86400
line 3, column 6 (short_abandon_seconds): 86401 is not a number of seconds from 0 to 86400
line 3, column 7 (talk_includes_hold): "perhaps" is not yes or no
line 6, column 5 (sla_threshold_seconds): 0.5 is not a number of seconds from 0 to 86400
line 6, column 6 (short_abandon_seconds): 1e3 is not a number of seconds from 0 to 86400
line 6, column 8: "y" stands in no column: the first line names 7
line 7, column 1 (mac): 68692e0b0002 is in line 6 already`,
		},
		{"name,Color,name\nx,y,z\n", `line 1: there is no column mac
line 1, column 2: "Color" is not a column; there are mac, name, site, zone, sla_threshold_seconds, short_abandon_seconds, talk_includes_hold, aliases, disabled, min_generation, replaces, replaces_from
line 1, column 3: the column name is there twice`},
		{"sep=;\nmac;name\n68692e0b0001;a\"b\n12;x\n", `line 3: bare " in non-quoted-field, at byte 15 of line 3`},
		{"mac,name\n12,x\n68692e0b0001,\"never ends\n68692e0b0002,x\n", `line 2, column 1 (mac): "12" is not a MAC address: it has 2 hexadecimal digits, not 12
line 3: extraneous or missing " in quoted-field, at byte 16 of line 4`},
		{head + "68692e0b0001," + strings.Repeat("x", 121) + ",\x1b[31mred\n", `line 2, column 2 (name): "` + strings.Repeat("x", 40) + `"… has 121 bytes, and may have 120
line 2, column 3 (site): "\x1b[31mred" has a character that can't be seen, after ""`},
		{"mac\n6.8692E+12\n", `line 2, column 1 (mac): "6.8692E+12" is not a MAC address: 12 hexadecimal digits, such as 68:69:2e:0b:00:01`},
	} {
		s := newStore()
		_, err := importDevices(t, s, c.text)
		if want := mistakes(c.want); fmt.Sprint(err) != want {
			t.Errorf("%v\nnot\n%s", err, want)
		}
		expectDevices(t, "after mistakes", s, map[pbx.MAC]store.Device{})
	}
}

func TestWhatIsNoFileOfAFleetIsRefused(t *testing.T) {
	s := newStore()
	for what, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "it is empty: its first line should name the columns"},
		"only a mark":   {"\ufeff\r\n", "it is empty"},
		"UTF-16":        {"\xff\xfem\x00a\x00c\x00", `it is UTF-16: save it as "CSV UTF-8"`},
		"another page":  {"mac,name\n68692e0b0001,M\xfcller\n", `line 2: this is not UTF-8: save the file as "CSV UTF-8"`},
		"too much":      {"mac\n" + strings.Repeat("68692e0b0001\n", 1_300_000), "is over 16 MiB: split it"},
		"a spreadsheet": {"PK\x03\x04\x14\x00\x06\x00\x08\x00", "is not a column; there are mac, name"},
		"very wrong":    {"mac\n" + strings.Repeat("x\n", 1000), "\n  and 900 more"},
	} {
		if _, err := importDevices(t, s, c.text); err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 20_000 {
			t.Errorf("%s: %.300v", what, err)
		}
	}
	expectDevices(t, "after all of that", s, map[pbx.MAC]store.Device{})
}

func TestOnlyOneThatIsWrongStopsAThousand(t *testing.T) {
	var text strings.Builder
	text.WriteString("mac,name\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "68692e0b%04x,Branch %[1]d\n", i)
	}
	s := newStore()
	if _, err := importDevices(t, s, text.String()+"x,y\n"); err == nil {
		t.Error("it was imported")
	}
	expectDevices(t, "with one that is wrong", s, map[pbx.MAC]store.Device{})
	if _, err := importDevices(t, s, text.String()); err != nil {
		t.Fatal(err)
	}
	if all := settingsOf(t, s); len(all) != 1000 || all["68692e0b03e7"].Name != "Branch 999" {
		t.Errorf("%d PBXs", len(all))
	}
}

func TestAllMistakesOfNamesAreToldAndNothingIsWritten(t *testing.T) {
	var many strings.Builder
	for i := range 998 {
		fmt.Fprintf(&many, "68692e0b0001,agent,%d,x\n", i+1000)
	}
	for _, c := range []struct{ text, want string }{
		{
			"mac,kind,id,name,opens,target_percent,target_seconds\n68692e0b0001,site,,Berlin,,,\n68692e0b0001,queue,630,x,Mon,101,20\n" +
				"68692e0b0001,agent,800,x,24/7,,\n68692e0b0001,queue,631,,,80,\n68692e0b0001,queue,632,,,80,soon\n,queue,633,,,,\n" +
				"68692e0b0001,Queue,630,y,,,\n",
			`line 2, column 2 (kind): "site" is not one of queue, agent and did
line 2, column 3 (id): a name needs the ID of what it names
line 3, column 5 (opens): "Mon" is not days and times such as Mo-Fr 08:00-18:00; Sa 09:00-13:00
line 3, column 6 (target_percent): 101 is not a percentage from 1 to 100
line 4, column 2 (kind): only a queue has opening hours and a target
line 5, column 6 (target_percent): a target needs both a percentage and seconds
line 6, column 7 (target_seconds): "soon" is not a whole number
line 7, column 1 (mac): "" is not a MAC address: it has 0 hexadecimal digits, not 12
line 8, column 3 (id): queue 630 of 68692e0b0001 is in line 3 already`,
		},
		{"mac,id,target_seconds\n68692e0b0001,1,2\n", `line 1: there is no column kind
line 1: there is no column target_percent`},
		{"mac,kind,id,name\n68692e0b0002,agent,1,x\n68692e0b0009,agent,1,x\n68692e0b0008,agent,1,x\n",
			`line 3, column 1 (mac): 68692e0b0009 is not in the fleet: put it there with pbxctl device import, or add
line 4, column 1 (mac): 68692e0b0008 is not in the fleet: put it there with pbxctl device import, or add`},
		{"mac,kind,id,name\n68692e0b0001,did,4.93012E+11,x\n68692e0b0001,agent,201.0,x\n68692e0b0001,agent,'201,x\n68692e0b0001,did,4E5,x\n",
			`line 2, column 3 (id): "4.93012E+11" is a number that a spreadsheet has written in its own way: format the column as text, and enter all digits again
line 3, column 3 (id): "201.0" is a number that a spreadsheet has written in its own way: format the column as text, and enter all digits again
line 5, column 3 (id): "4E5" is a number that a spreadsheet has written in its own way: format the column as text, and enter all digits again`},
		{"mac,kind,id,name\n" + many.String(), `line 2, column 1 (mac): a PBX has at most 1000 names, and this one would have 1001`},
	} {
		s := newStore()
		imported(t, s, fleetsheettest.Branches, named)
		_, err := importNames(t, s, c.text)
		if want := mistakes(c.want); fmt.Sprint(err) != want {
			t.Errorf("%v\nnot\n%s", err, want)
		}
		if out := exportedNames(t, s); out != named {
			t.Errorf("after mistakes:\n%s", out)
		}
	}
}

func TestARowOfWhichNothingIsLeftTakesTheNameAway(t *testing.T) {
	s := newStore()
	imported(t, s, fleetsheettest.Branches, named)
	if _, err := importNames(t, s, "mac,kind,id,name\n68692e0b0001,Agent,100,\n68692e0b0001,queue,630,\n"); err != nil {
		t.Fatal(err)
	}
	out := exportedNames(t, s)
	if strings.Contains(out, "agent") || !strings.Contains(out, "queue,630,,Mo-Fr") {
		t.Errorf("what has no column stays, and what is empty is unset:\n%s", out)
	}
}

func TestWhatAFileChangesIsKnownBeforeItIsWritten(t *testing.T) {
	s := newStore()
	imported(t, s, fleetsheettest.Branches, named)
	file, err := fleetsheet.Devices{Now: now}.Read(strings.NewReader("mac,site\n68692e0b0001,Hamburg\n68692e0b0002,Köln\n68692e0b0009,Bonn\n"), "fleet.csv")
	if err != nil {
		t.Fatal(err)
	}
	steps := make(chan bool, 10)
	plans, err := file.Plan(t.Context(), s, func() { steps <- true })
	want := []fleetsheet.Plan{
		{MAC: "68692e0b0001", Changes: []fleetsheet.Change{{MAC: "68692e0b0001", Column: "site", Before: "Berlin", After: "Hamburg"}}},
		{MAC: "68692e0b0002"},
		{MAC: "68692e0b0009", IsNew: true, Changes: []fleetsheet.Change{
			{MAC: "68692e0b0009", Column: "mac", After: "68692e0b0009"}, {MAC: "68692e0b0009", Column: "site", After: "Bonn"},
		}},
	}
	if err != nil || !reflect.DeepEqual(plans, want) {
		t.Errorf("%+v, %v, not %+v", plans, err, want)
	}
	if file.Len() != 3 || len(steps) != 3 {
		t.Errorf("%d steps for %d PBXs", len(steps), file.Len())
	}
	expectDevices(t, "planned only", s, fleetsheettest.Devices(t))
}

func TestASettingThatShutsAPBXStaysUnlessItIsReopened(t *testing.T) {
	s := newStore()
	if err := s.SetDevice(t.Context(), "68692e0b0001", store.Device{Disabled: true, MinGeneration: 3}); err != nil {
		t.Fatal(err)
	}
	const file = "mac,disabled,min_generation\n68692e0b0001,no,2\n"
	plans, err := importDevices(t, s, file)
	if err != nil || len(plans) != 1 || !slices.Equal(plans[0].Shut, []string{"disabled", "min_generation"}) || len(plans[0].Changes) > 0 {
		t.Errorf("%+v, %v", plans, err)
	}
	if d := settingsOf(t, s)["68692e0b0001"]; !d.Disabled || d.MinGeneration != 3 {
		t.Errorf("%+v", d)
	}
	open, err := fleetsheet.Devices{Reopen: true, Now: now}.Read(strings.NewReader(file), "fleet.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(t, s, open); err != nil {
		t.Fatal(err)
	}
	if d := settingsOf(t, s)["68692e0b0001"]; d.Disabled || d.MinGeneration != 2 {
		t.Errorf("%+v", d)
	}
}

func TestWhatIsExportedIsReadBackAsItWas(t *testing.T) {
	s, other := newStore(), newStore()
	for i, name := range nasty {
		mac := pbx.MAC(fmt.Sprintf("68692e0b%04x", i))
		zone, err := pbx.ParseZone("+05:45")
		if err == nil {
			err = s.SetDevice(t.Context(), mac, store.Device{Name: name, Site: nasty[len(nasty)-1-i], Zone: zone, ServiceLevel: pbx.IntOf(20)})
		}
		if err != nil {
			t.Fatal(err)
		}
		did := strings.Replace(name, "1e5", "1f5", 1) // the other text is not a valid ID
		setName(t, s, mac, store.Name{Kind: naming.DID, ID: did, Name: name})
	}
	hours, err := naming.ParseHours("24/7")
	if err != nil {
		t.Fatal(err)
	}
	setName(t, s, "68692e0b0000", store.Name{Kind: naming.Queue, ID: "630", Opens: hours, Target: naming.Target{Percent: 80}})
	settings, names := exportedDevices(t, s), exportedNames(t, s)
	imported(t, other, settings, names)
	if again := exportedDevices(t, other); again != settings {
		t.Errorf("settings:\n%s\nread back:\n%s", settings, again)
	}
	if again := exportedNames(t, other); again != names {
		t.Errorf("names:\n%s\nread back:\n%s", names, again)
	}
	if got, want := settingsOf(t, other), settingsOf(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	for _, text := range []string{settings, names} {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) < len(nasty) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, cell := range slices.Concat(rows...) {
			if strings.IndexAny(cell, "=+-@＝") == 0 {
				t.Errorf("a spreadsheet would take %q for a formula", cell)
			}
		}
	}
}

func setName(t *testing.T, s *store.Store, mac pbx.MAC, name store.Name) {
	t.Helper()
	_, err := s.ChangeNames(t.Context(), mac, func(all store.Names) (store.Names, error) { return all.With(name), nil })
	if err != nil {
		t.Fatal(err)
	}
}

// garbled is a table in which the settings of a PBX are not an object.
type garbled struct {
	*storetest.Memory
	mac pbx.MAC
}

// Get implements store.Table.
func (g garbled) Get(ctx context.Context, k store.Key) (store.Item, error) {
	item, err := g.Memory.Get(ctx, k)
	if k == (store.Key{PK: string(g.mac), SK: "DEVICE"}) {
		item.Doc = []byte("[]")
	}
	return item, err
}

func TestAPBXThatCannotBeReadKeepsNoOtherFromBeingExported(t *testing.T) {
	table := storetest.NewMemory()
	imported(t, store.New(table, now), fleetsheettest.Branches, named)
	var out strings.Builder
	err := fleetsheet.WriteDevices(&out, each(store.FleetOf(t.Context(), store.New(garbled{table, "68692e0b0002"}, now), devices.Read)))
	if err == nil || !strings.Contains(err.Error(), "68692e0b0002 is left out") {
		t.Error(err)
	}
	if rows := strings.Count(out.String(), "\n"); rows != 3 || !strings.Contains(out.String(), "68:69:2e:0b:00:03") {
		t.Errorf("the others were not written: %s", out.String())
	}
}

// every returns settings in which everything is set.
func every(t *testing.T) store.Device {
	t.Helper()
	d := fleetsheettest.Devices(t)["68692e0b0001"]
	d.Disabled, d.MinGeneration, d.Aliases = true, 7, []pbx.MAC{"0000000000e5", "68692e0b00ff"}
	d.Replaces, d.ReplacesFrom = "0000000000e5", 739580
	for i, of := 0, reflect.ValueOf(d); i < of.NumField(); i++ {
		if name := of.Type().Field(i).Name; of.Field(i).IsZero() != (name == "Unreadable") {
			t.Fatalf("%s: the test sets all but what can't be read", name)
		}
	}
	return d
}

func TestAllSettingsAreExportedAndImported(t *testing.T) {
	heads, device := devices.Settings().Names(), reflect.TypeFor[store.Device]()
	for i := range device.NumField() {
		name, _, _ := strings.Cut(device.Field(i).Tag.Get("json"), ",")
		if name != "-" && !slices.Contains(heads, name) {
			t.Errorf("%s is not a column", name)
		}
	}
	s, other := newStore(), newStore()
	imported(t, s, fleetsheettest.Branches, named)
	if err := s.SetDevice(t.Context(), "68692e0b0004", every(t)); err != nil {
		t.Fatal(err)
	}
	exported := exportedDevices(t, s)
	if _, err := importDevices(t, other, exported); err != nil {
		t.Fatal(err)
	}
	if got, want := settingsOf(t, other), settingsOf(t, s); len(got) != 4 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	if again := exportedDevices(t, other); again != exported {
		t.Errorf("%s, not %s", again, exported)
	}
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	if err != nil || !slices.Contains(rows[4], "00:00:00:00:00:e5 68:69:2e:0b:00:ff") || !slices.Contains(rows[4], "2025-11-26") {
		t.Errorf("%q, %v", rows, err)
	}
}

func TestURLsAreWrittenForThePBXsOfAFile(t *testing.T) {
	all, err := fleetsheet.ReadAddresses(strings.NewReader("mac,site,name,zone\n68:69:2e:0b:00:01,Berlin,Reception,\n68692e0b0002,,,\n"), "fleet.csv")
	if err != nil || len(all) != 2 || all[0].Site != "Berlin" || all[0].Name != "Reception" || all[1].Name != "" {
		t.Fatalf("%+v, %v", all, err)
	}
	all[0].URL = "https://x/1"
	var out strings.Builder
	want := "mac,name,site,url\n68:69:2e:0b:00:01,Reception,Berlin,https://x/1\n68:69:2e:0b:00:02,,,\n"
	if err := fleetsheet.WriteURLs(&out, all); err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
	if _, err := fleetsheet.ReadAddresses(strings.NewReader("mac,zone\n68692e0b0001,Mars\n"), "fleet.csv"); err == nil || !strings.Contains(err.Error(), "fleet.csv") {
		t.Errorf("a mistake in another column: %v", err)
	}
}
