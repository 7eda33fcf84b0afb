package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/devices"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/fleetsheet/fleetsheettest"
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

// settingsOf are what is set in a data folder.
func settingsOf(t *testing.T, data string) map[pbx.MAC]store.Device {
	t.Helper()
	all := map[pbx.MAC]store.Device{}
	for _, m := range lines[devices.Member](t, do(t, "device", "list", "--json", "--data", data)) {
		all[m.MAC] = m.Device
	}
	return all
}

func expectDevices(t *testing.T, what, data string, want map[pbx.MAC]store.Device) {
	t.Helper()
	got := settingsOf(t, data)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n%v, not\n%v", what, got, want)
	}
}

func TestAFleetIsSetUpByOneFile(t *testing.T) {
	t.Parallel()
	data, file := emptyData(t), written(t, fleetsheettest.Branches)
	preview := good(t, "device", "import", file, "--dry-run", "--data", data)
	expectDevices(t, "after a dry run", data, map[pbx.MAC]store.Device{})
	out := good(t, "device", "import", file, "--data", data)
	if strings.Replace(preview, "would change", "changed", 1) != out || !strings.HasSuffix(preview, "\n3 of 3 PBXs would change, of which 3 are new to the fleet.\n") {
		t.Errorf("the dry run showed\n%s\nand what was done is\n%s", preview, out)
	}
	expectDevices(t, "imported", data, fleetsheettest.Devices(t))
	if out := good(t, "device", "import", file, "--data", data); out != "0 of 3 PBXs changed.\n" {
		t.Errorf("the second time: %s", out)
	}
	changes := lines[fleetsheet.Change](t, do(t, "device", "import", written(t, "mac,site,sla_threshold_seconds\n68692E0B0001,Hamburg,\n68692e0b0002,Köln,"), "--json", "--data", data))
	want := []fleetsheet.Change{
		{MAC: "68692e0b0001", Column: "site", Before: "Berlin", After: "Hamburg"},
		{MAC: "68692e0b0001", Column: "sla_threshold_seconds", Before: "30"},
	}
	if !slices.Equal(changes, want) {
		t.Errorf("%+v", changes)
	}
	if d := settingsOf(t, data)["68692e0b0001"]; d.Site != "Hamburg" || d.ServiceLevel.Known() || d.Name != "Reception" {
		t.Errorf("what has no column stays, and what is empty is unset: %+v", d)
	}
}

func TestAFileMayBePipedIn(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	c := exec.CommandContext(t.Context(), binary, "device", "import", "-", "--data", data)
	c.Stdin = strings.NewReader(fleetsheettest.Branches)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	expectDevices(t, "piped in", data, fleetsheettest.Devices(t))
}

func TestAnOldFileLetsNobodyInWithoutSayingSo(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	good(t, "device", "import", written(t, fleetsheettest.Branches), "--data", data)
	old := written(t, good(t, "device", "export", "--data", data))
	for _, args := range [][]string{{"disable"}, {"revoke"}} {
		good(t, append([]string{"device", args[0], "68692e0b0001", "--data", data}, args[1:]...)...)
	}
	for _, more := range [][]string{{"--dry-run"}, nil, {"--json"}} {
		got := do(t, append([]string{"device", "import", old, "--data", data}, more...)...)
		if got.code != 0 || !strings.Contains(got.errs, "stay disabled or revoked") || !strings.Contains(got.errs, "68692e0b0001  disabled, min_generation\n") {
			t.Errorf("%q: %+v", more, got)
		}
		if d := settingsOf(t, data)["68692e0b0001"]; !d.Disabled || d.MinGeneration != 2 {
			t.Errorf("%q: %+v", more, d)
		}
	}
	if out := good(t, "device", "import", old, "--reopen", "--data", data); !strings.Contains(out, "disabled        yes     no") {
		t.Error(out)
	}
	expectDevices(t, "with --reopen", data, fleetsheettest.Devices(t))
}

func TestAPBXIsAddedOnce(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	add := []string{"device", "add", "68:69:2e:0b:00:01", "--name", "Reception", "--zone", "Europe/Berlin", "--data", data}
	if out := good(t, add...); !strings.Contains(out, "68692e0b0001  Reception  -     Europe/Berlin") {
		t.Error(out)
	}
	if errs := bad(t, add...); !strings.Contains(errs, "68692e0b0001 has settings already: change them with pbxctl device set") {
		t.Error(errs)
	}
	if got := do(t, "device", "add", "68692e0b0002", "--zone", "Berlin", "--data", data); got.code != exitUnclear || !strings.Contains(got.errs, `--zone: "Berlin" is not a time zone`) {
		t.Errorf("%+v", got)
	}
	good(t, "device", "add", "68692e0b0003", "--data", data) // of which nothing is said yet
	if all := settingsOf(t, data); len(all) != 2 || all["68692e0b0001"].Name != "Reception" {
		t.Errorf("%+v", all)
	}
}

func TestNamesThatATerminalOrSpreadsheetShouldNotSeeAreNotSet(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	for _, name := range []string{"\x1b[2J", "a\nb", "\u202ereversed", " x", strings.Repeat("x", 121)} {
		refuse(t, later, exitUnclear, "device", "set", "--new", "68692e0b0001", "--name="+name, "--data", data)
		refuse(t, later, exitUnclear, "device", "set", "--new", "68692e0b0001", "--site="+name, "--data", data)
		refuse(t, later, exitUnclear, "names", "set", "--new", "68692e0b0001", "--agent=800", "--name="+name, "--data", data)
	}
	expectDevices(t, "after that", data, map[pbx.MAC]store.Device{})
}

func TestAMistakeInAFileIsToldAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	for _, more := range [][]string{nil, {"--dry-run"}, {"--json"}} {
		file := written(t, fleetsheettest.Branches+"12,,,,,,\n")
		errs := bad(t, append([]string{"device", "import", file, "--data", data}, more...)...)
		want := "pbxctl: " + file + " has mistakes, so nothing was done:\n" +
			"  line 5, column 1 (mac): \"12\" is not a MAC address: it has 2 hexadecimal digits, not 12\n"
		if errs != want {
			t.Errorf("%s\nnot\n%s", errs, want)
		}
	}
	if errs := bad(t, "device", "import", filepath.Join(data, "none.csv"), "--data", data); !strings.Contains(errs, "no such file") {
		t.Error(errs)
	}
	if got := do(t, "device", "import", written(t, fleetsheettest.Branches)); got.code != exitUnclear || !strings.Contains(got.errs, "Give --stack NAME or --data DIR") {
		t.Errorf("%+v", got)
	}
	expectDevices(t, "after mistakes", data, map[pbx.MAC]store.Device{})
}

func TestWhatIsExportedForExcelBeginsWithItsMark(t *testing.T) {
	t.Parallel()
	data, other := emptyData(t), emptyData(t)
	good(t, "device", "import", written(t, fleetsheettest.Branches), "--data", data)
	good(t, "names", "import", written(t, named), "--data", data)
	for _, what := range []string{"device", "names"} {
		exported, plain := good(t, what, "export", "--excel", "--data", data), good(t, what, "export", "--data", data)
		if exported != "\ufeff"+plain {
			t.Errorf("Excel is given something else: %.100q", exported)
		}
		good(t, what, "import", written(t, exported), "--data", other)
		if again := good(t, what, "export", "--data", other); again != plain {
			t.Errorf("%s export:\n%s\nread back:\n%s", what, plain, again)
		}
	}
}

func TestTheURLsOfAFleetAreOneFile(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	makeKeys(t, data)
	file := written(t, fleetsheettest.Branches)
	good(t, "device", "import", file, "--data", data)
	good(t, "device", "revoke", "68692e0b0002", "--data", data)
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
		one := good(t, "device", "url", mac, "--base", "https://pbx.example.com", "--data", data)
		if one != row[3]+"\n" || admitted(t, data, one) != ingest.Admitted {
			t.Errorf("%s: %s is not %s, or does not open", mac, row[3], one)
		}
	}
	got := lines[devices.Address](t, do(t, "device", "url", "--all", "--json", "--base", "https://pbx.example.com", "--data", data))
	if len(got) != 3 || got[1].Name != `Müller, "Söhne"` || got[1].URL != rows[2][3] || !strings.Contains(got[1].URL, "-2-") {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct{ args, want string }{
		{"--csv " + written(t, "mac\n12\n"), "line 2, column 1 (mac)"},
		{"--all", "--generation: URLs of 68692e0b0002 below generation 2 were revoked"},
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
	t.Parallel()
	data := emptyData(t)
	good(t, "device", "import", written(t, fleetsheettest.Branches), "--data", data)
	for _, command := range []string{"device export", "names export", "device export --excel"} {
		var errs bytes.Buffer
		p := &program{ctx: t.Context(), out: unwritable{}, errs: &errs, getenv: func(string) string { return "" }}
		if code := p.run(append(strings.Fields(command), "--data", data)); code != exitFailed || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%s: %d, %s", command, code, &errs)
		}
	}
}

func TestEveryCommandOfAFleetHasAHelpWithExamples(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"device add", "device import", "device export", "device url", "device list", "device remove", "device replace", "names set", "names list", "names import", "names export"} {
		got := do(t, append(strings.Fields(command), "--help")...)
		if got.code != 0 || !strings.Contains(got.out, "Example") || !strings.Contains(got.out, "pbxctl "+command) {
			t.Errorf("%s: %+v", command, got)
		}
	}
}
