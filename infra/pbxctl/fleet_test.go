package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// emptyData is a data folder with nothing in it.
func emptyData(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	d, err := local.Open(t.Context(), data)
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// written is a file with a text in it.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// good runs a command that should succeed, and returns what it prints.
func good(t *testing.T, args ...string) string {
	t.Helper()
	got := do(t, args...)
	if got.code != 0 || got.errs != "" {
		t.Fatalf("pbxctl %s: %+v", strings.Join(args, " "), got)
	}
	return got.out
}

// bad runs a command that should fail, and returns what it says.
func bad(t *testing.T, args ...string) string {
	t.Helper()
	got := do(t, args...)
	if got.code != exitFailed || got.out != "" || !strings.HasPrefix(got.errs, "pbxctl: ") {
		t.Fatalf("pbxctl %s: %+v", strings.Join(args, " "), got)
	}
	return got.errs
}

// devices are what is set in a data folder.
func devices(t *testing.T, data string) map[pbx.MAC]store.Device {
	t.Helper()
	all := map[pbx.MAC]store.Device{}
	for _, m := range lines[member](t, do(t, "device", "list", "--json", "--data", data)) {
		all[m.MAC] = m.Device
	}
	return all
}

const branches = `mac,name,site,zone,sla_threshold_seconds,short_abandon_seconds,talk_includes_hold
68:69:2e:0b:00:01,Reception,Berlin,Europe/Berlin,30,5,yes
68:69:2e:0b:00:02,"Müller, ""Söhne""",Köln,+05:45,,0,no
68:69:2e:0b:00:03,,,,,,
`

func branchDevices(t *testing.T) map[pbx.MAC]store.Device {
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

func expectDevices(t *testing.T, what, data string, want map[pbx.MAC]store.Device) {
	t.Helper()
	got := devices(t, data)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n%v, not\n%v", what, got, want)
	}
}

func TestAFleetIsSetUpByOneFile(t *testing.T) {
	data, file := emptyData(t), written(t, branches)
	preview := good(t, "device", "import", file, "--dry-run", "--data", data)
	expectDevices(t, "after a dry run", data, map[pbx.MAC]store.Device{})
	out := good(t, "device", "import", file, "--data", data)
	if strings.Replace(preview, "would change", "changed", 1) != out || !strings.HasSuffix(preview, "\n3 of 3 PBXs would change, of which 3 are new to the fleet.\n") {
		t.Errorf("the dry run showed\n%s\nand what was done is\n%s", preview, out)
	}
	expectDevices(t, "imported", data, branchDevices(t))
	if out := good(t, "device", "import", file, "--data", data); out != "0 of 3 PBXs changed.\n" {
		t.Errorf("the second time: %s", out)
	}
	changes := lines[changed](t, do(t, "device", "import", written(t, "mac,site,sla_threshold_seconds\n68692E0B0001,Hamburg,\n68692e0b0002,Köln,"), "--json", "--data", data))
	want := []changed{
		{MAC: "68692e0b0001", Column: "site", Before: "Berlin", After: "Hamburg"},
		{MAC: "68692e0b0001", Column: "sla_threshold_seconds", Before: "30"},
	}
	if !slices.Equal(changes, want) {
		t.Errorf("%+v", changes)
	}
	if d := devices(t, data)["68692e0b0001"]; d.Site != "Hamburg" || d.ServiceLevel.Known() || d.Name != "Reception" {
		t.Errorf("what has no column stays, and what is empty is unset: %+v", d)
	}
}

func TestFilesAreReadAsSpreadsheetsSaveThem(t *testing.T) {
	want := branchDevices(t)
	for what, text := range map[string]string{
		"as it is exported": branches,
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
		data := emptyData(t)
		good(t, "device", "import", written(t, text), "--data", data)
		expectDevices(t, what, data, want)
	}
}

func TestAFileMayBePipedIn(t *testing.T) {
	data := emptyData(t)
	c := exec.CommandContext(t.Context(), binary, "device", "import", "-", "--data", data)
	c.Stdin = strings.NewReader(branches)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	expectDevices(t, "piped in", data, branchDevices(t))
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
line 1, column 2: "Color" is no column; there are mac, name, site, zone, sla_threshold_seconds, short_abandon_seconds, talk_includes_hold, aliases, disabled, min_generation, replaces, replaces_from
line 1, column 3: the column name is there twice`},
		{"sep=;\nmac;name\n68692e0b0001;a\"b\n12;x\n", `line 3: bare " in non-quoted-field, at byte 15 of line 3`},
		{"mac,name\n12,x\n68692e0b0001,\"never ends\n68692e0b0002,x\n", `line 2, column 1 (mac): "12" is not a MAC address: it has 2 hexadecimal digits, not 12
line 3: extraneous or missing " in quoted-field, at byte 16 of line 4`},
		{head + "68692e0b0001," + strings.Repeat("x", 121) + ",\x1b[31mred\n", `line 2, column 2 (name): "` + strings.Repeat("x", 40) + `"… has 121 bytes, and may have 120
line 2, column 3 (site): "\x1b[31mred" has a character that can't be seen, after ""`},
		{"mac\n6.8692E+12\n", `line 2, column 1 (mac): "6.8692E+12" is not a MAC address: 12 hexadecimal digits, such as 68:69:2e:0b:00:01`},
	} {
		data := emptyData(t)
		for _, more := range [][]string{nil, {"--dry-run"}} {
			file := written(t, c.text)
			errs := bad(t, append([]string{"device", "import", file, "--data", data}, more...)...)
			want := "pbxctl: " + file + " has mistakes, so nothing was done:\n  " + strings.ReplaceAll(c.want, "\n", "\n  ") + "\n"
			if errs != want {
				t.Errorf("%s\nnot\n%s", errs, want)
			}
		}
		expectDevices(t, "after mistakes", data, map[pbx.MAC]store.Device{})
	}
}

func TestWhatIsNoFileOfAFleetIsRefused(t *testing.T) {
	data := emptyData(t)
	for what, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "it is empty: its first line should name the columns"},
		"only a mark":   {"\ufeff\r\n", "it is empty"},
		"UTF-16":        {"\xff\xfem\x00a\x00c\x00", `it is UTF-16: save it as "CSV UTF-8"`},
		"another page":  {"mac,name\n68692e0b0001,M\xfcller\n", `line 2: this is not UTF-8: save the file as "CSV UTF-8"`},
		"too much":      {"mac\n" + strings.Repeat("68692e0b0001\n", 1_300_000), "is over 16 MiB: split it"},
		"a spreadsheet": {"PK\x03\x04\x14\x00\x06\x00\x08\x00", "is no column; there are mac, name"},
		"very wrong":    {"mac\n" + strings.Repeat("x\n", 1000), "\n  and 900 more\n"},
	} {
		if errs := bad(t, "device", "import", written(t, c.text), "--data", data); !strings.Contains(errs, c.want) || len(errs) > 20_000 {
			t.Errorf("%s: %.300s", what, errs)
		}
	}
	if errs := bad(t, "device", "import", filepath.Join(data, "none.csv"), "--data", data); !strings.Contains(errs, "no such file") {
		t.Error(errs)
	}
	if got := do(t, "device", "import", written(t, branches)); got.code != exitUnclear || !strings.Contains(got.errs, "Give --stack NAME or --data DIR") {
		t.Errorf("%+v", got)
	}
	expectDevices(t, "after all of that", data, map[pbx.MAC]store.Device{})
}

func TestOnlyOneThatIsWrongStopsAThousand(t *testing.T) {
	var text strings.Builder
	text.WriteString("mac,name\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "68692e0b%04x,Branch %[1]d\n", i)
	}
	data := emptyData(t)
	bad(t, "device", "import", written(t, text.String()+"x,y\n"), "--data", data)
	expectDevices(t, "with one that is wrong", data, map[pbx.MAC]store.Device{})
	good(t, "device", "import", written(t, text.String()), "--data", data)
	if all := devices(t, data); len(all) != 1000 || all["68692e0b03e7"].Name != "Branch 999" {
		t.Errorf("%d PBXs", len(all))
	}
}

// nasty are values that spreadsheets take for something else.
var nasty = []string{
	`=cmd|' /C calc'!A0`, `'=1+1`, `''''-x`, "@SUM(A1)", "-1", "+49 30 1", "＝1", "'90", "0042", "123456789012345678", "1", "'", "''", "o'clock",
	`"quoted"`, "a,b;c", "émigré", "true", "1e5", "2026-11-24",
}

func TestWhatIsExportedIsReadBackAsItWas(t *testing.T) {
	data, other := emptyData(t), emptyData(t)
	for i, name := range nasty {
		mac := fmt.Sprintf("68692e0b%04x", i)
		good(t, "device", "set", "--new", "--mac", mac, "--name="+name, "--site="+nasty[len(nasty)-1-i], "--zone=+05:45", "--sla-threshold=20", "--data", data)
		did := strings.Replace(name, "1e5", "1f5", 1) // the other one is no ID
		good(t, "names", "set", "--mac", mac, "--did="+did, "--name="+name, "--data", data)
	}
	good(t, "names", "set", "--mac", "68692e0b0000", "--queue", "630", "--opens", "24/7", "--target", "80/0", "--data", data)
	for _, what := range []string{"device", "names"} {
		exported := good(t, what, "export", "--excel", "--data", data)
		good(t, what, "import", written(t, exported), "--data", other)
		if again := good(t, what, "export", "--excel", "--data", other); again != exported {
			t.Errorf("%s export:\n%s\nread back:\n%s", what, exported, again)
		}
		plain := good(t, what, "export", "--data", data)
		if exported != "\ufeff"+plain {
			t.Errorf("Excel is given something else: %.100q", exported)
		}
		rows, err := csv.NewReader(strings.NewReader(plain)).ReadAll()
		if err != nil || len(rows) < len(nasty) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexAny(cell, "=+-@＝") == 0 {
					t.Errorf("a spreadsheet would take %q for a formula", cell)
				}
			}
		}
	}
	if !reflect.DeepEqual(devices(t, data), devices(t, other)) {
		t.Errorf("%v, not %v", devices(t, other), devices(t, data))
	}
}

// A guarded cell is text to a spreadsheet, and reading it takes the guard away and nothing else.
func TestCellsAreReadAsTheyWere(t *testing.T) {
	cells := []string{""}
	for next := cells; len(next[0]) < 5; {
		var longer []string
		for _, cell := range next {
			for _, c := range "'=+-@\t\r0a" {
				longer = append(longer, cell+string(c))
			}
		}
		next, cells = longer, append(cells, longer...)
	}
	for _, cell := range append(cells, nasty...) {
		guarded := guard(cell)
		if unguard(guarded) != cell || strings.IndexAny(guarded, "=+-@\t\r") == 0 {
			t.Fatalf("%q is written as %q, and read as %q", cell, guarded, unguard(guarded))
		}
	}
}

func TestAnOldFileLetsNobodyInWithoutSayingSo(t *testing.T) {
	data := emptyData(t)
	good(t, "device", "import", written(t, branches), "--data", data)
	old := written(t, good(t, "device", "export", "--data", data))
	for _, args := range [][]string{{"disable"}, {"revoke"}} {
		good(t, append([]string{"device", args[0], "--mac", "68692e0b0001", "--data", data}, args[1:]...)...)
	}
	for _, more := range [][]string{{"--dry-run"}, nil, {"--json"}} {
		got := do(t, append([]string{"device", "import", old, "--data", data}, more...)...)
		if got.code != 0 || !strings.Contains(got.errs, "stay shut") || !strings.Contains(got.errs, "68692e0b0001  disabled, min_generation\n") {
			t.Errorf("%q: %+v", more, got)
		}
		if d := devices(t, data)["68692e0b0001"]; !d.Disabled || d.MinGeneration != 2 {
			t.Errorf("%q: %+v", more, d)
		}
	}
	if out := good(t, "device", "import", old, "--reopen", "--data", data); !strings.Contains(out, "disabled        yes     no") {
		t.Error(out)
	}
	expectDevices(t, "with --reopen", data, branchDevices(t))
}

func TestAPBXIsAddedOnce(t *testing.T) {
	data := emptyData(t)
	add := []string{"device", "add", "--mac", "68:69:2e:0b:00:01", "--name", "Reception", "--zone", "Europe/Berlin", "--data", data}
	if out := good(t, add...); !strings.Contains(out, "68692e0b0001  Reception  -     Europe/Berlin") {
		t.Error(out)
	}
	if errs := bad(t, add...); !strings.Contains(errs, "68692e0b0001 has settings already: change them with pbxctl device set") {
		t.Error(errs)
	}
	if errs := bad(t, "device", "add", "--mac", "68692e0b0002", "--zone", "Berlin", "--data", data); !strings.Contains(errs, `--zone: "Berlin" is not a time zone`) {
		t.Error(errs)
	}
	good(t, "device", "add", "--mac", "68692e0b0003", "--data", data) // of which nothing is said yet
	if all := devices(t, data); len(all) != 2 || all["68692e0b0001"].Name != "Reception" {
		t.Errorf("%+v", all)
	}
}

func TestNamesThatATerminalOrSpreadsheetShouldNotSeeAreNotSet(t *testing.T) {
	data := emptyData(t)
	for _, name := range []string{"\x1b[2J", "a\nb", "\u202ereversed", " x", strings.Repeat("x", 121)} {
		bad(t, "device", "set", "--new", "--mac", "68692e0b0001", "--name="+name, "--data", data)
		bad(t, "device", "set", "--new", "--mac", "68692e0b0001", "--site="+name, "--data", data)
		bad(t, "names", "set", "--new", "--mac", "68692e0b0001", "--agent=800", "--name="+name, "--data", data)
	}
	expectDevices(t, "after that", data, map[pbx.MAC]store.Device{})
}

func TestTheURLsOfAFleetAreOneFile(t *testing.T) {
	data := emptyData(t)
	makeKeys(t, data)
	file := written(t, branches)
	good(t, "device", "import", file, "--data", data)
	good(t, "device", "revoke", "--mac", "68692e0b0002", "--data", data)
	all := good(t, "device", "url", "--all", "--base", "https://pbx.example.com", "--data", data)
	if byFile := good(t, "device", "url", "--csv", file, "--base", "https://pbx.example.com", "--data", data); byFile != all {
		t.Errorf("%s\nnot\n%s", byFile, all)
	}
	rows, err := csv.NewReader(strings.NewReader(all)).ReadAll()
	if err != nil || len(rows) != 4 || strings.Join(rows[0], ",") != "mac,name,site,url" || strings.Join(rows[1][:3], ",") != "68:69:2e:0b:00:01,Reception,Berlin" {
		t.Fatalf("%q, %v", rows, err)
	}
	for i, row := range rows[1:] {
		mac := fmt.Sprintf("68692e0b%04x", i+1)
		one := good(t, "device", "url", "--mac", mac, "--base", "https://pbx.example.com", "--data", data)
		if one != row[3]+"\n" || admitted(t, data, one) != ingest.Admitted {
			t.Errorf("%s: %s is not %s, or does not open", mac, row[3], one)
		}
	}
	got := lines[addressed](t, do(t, "device", "url", "--all", "--json", "--base", "https://pbx.example.com", "--data", data))
	if len(got) != 3 || got[1].Name != `Müller, "Söhne"` || got[1].URL != rows[2][3] || !strings.Contains(got[1].URL, "-2-") {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct{ args, want string }{
		{"--csv " + written(t, "mac\n12\n"), "line 2, column 1 (mac)"},
		{"--all", "--generation: URLs of 68692e0b0002 below 2 were revoked"},
	} {
		args := append(strings.Fields(c.args), "--generation", "1", "--base", "https://pbx.example.com", "--data", data)
		if errs := bad(t, append([]string{"device", "url"}, args...)...); !strings.Contains(errs, c.want) {
			t.Error(errs)
		}
	}
	if got := do(t, "device", "url", "--all", "--base", "https://pbx.example.com"); got.code != exitUnclear || !strings.Contains(got.errs, "Give --stack NAME or --data DIR") {
		t.Errorf("%+v", got)
	}
}

// unwritable is where a file can't be printed.
type unwritable struct{}

var errFull = errors.New("no space left on device")

func (unwritable) Write([]byte) (int, error) { return 0, errFull }

func TestAnExportThatCannotBePrintedFails(t *testing.T) {
	data := emptyData(t)
	good(t, "device", "import", written(t, branches), "--data", data)
	for _, command := range []string{"device export", "names export", "device export --excel"} {
		var errs bytes.Buffer
		p := &program{ctx: t.Context(), out: unwritable{}, errs: &errs, getenv: func(string) string { return "" }}
		if code := p.run(append(strings.Fields(command), "--data", data)); code != exitFailed || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%s: %d, %s", command, code, &errs)
		}
	}
}

func TestEveryCommandOfAFleetHasAHelpWithExamples(t *testing.T) {
	for _, command := range []string{"device add", "device import", "device export", "device url", "device list", "device remove", "device replace", "names set", "names list", "names import", "names export"} {
		got := do(t, append(strings.Fields(command), "--help")...)
		if got.code != 0 || !strings.Contains(got.out, "Example") || !strings.Contains(got.out, "pbxctl "+command) {
			t.Errorf("%s: %+v", command, got)
		}
	}
}
