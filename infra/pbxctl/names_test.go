package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/pkg/curated"
	"trunkline/pkg/fleetsheet/fleetsheettest"
)

const named = `mac,kind,id,name,opens,target_percent,target_seconds
68:69:2e:0b:00:01,agent,100,Ana Silva,,,
68:69:2e:0b:00:01,did,'+49301234567,Hotline,,,
68:69:2e:0b:00:01,queue,630,Support,Mo-Fr 08:00-18:00; Sa 09:00-13:00,80,20
68:69:2e:0b:00:02,queue,'0630,Sales,,,
`

func TestNamesAreImportedAndListed(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	good(t, "device", "import", written(t, fleetsheettest.Branches), "--data", data)
	file := written(t, named)
	preview := good(t, "names", "import", file, "--dry-run", "--data", data)
	if out := good(t, "names", "list", "--data", data); out != "There are no names.\n" {
		t.Errorf("after a dry run: %s", out)
	}
	if out := good(t, "names", "import", file, "--data", data); strings.Replace(preview, "would change", "changed", 1) != out || !strings.HasSuffix(out, "2 of 2 PBXs changed.\n") {
		t.Errorf("the dry run showed\n%s\nand what was done is\n%s", preview, out)
	}
	if out := good(t, "names", "import", file, "--data", data); out != "0 of 2 PBXs changed.\n" {
		t.Errorf("the second time: %s", out)
	}
	if out := good(t, "names", "export", "--data", data); out != named {
		t.Errorf("exported:\n%s", out)
	}
	const table = `MAC           KIND   ID            NAME       OPENS                              TARGET
68692e0b0001  agent  100           Ana Silva  -                                  -
68692e0b0001  did    +49301234567  Hotline    -                                  -
68692e0b0001  queue  630           Support    Mo-Fr 08:00-18:00; Sa 09:00-13:00  80/20
`
	if out := good(t, "names", "list", "--mac", demoMAC, "--data", data); out != table {
		t.Errorf("\n%s", out)
	}
	all := lines[map[string]any](t, do(t, "names", "list", "--json", "--data", data))
	if len(all) != 4 || fmt.Sprint(all[2]) != "map[id:630 kind:queue mac:68692e0b0001 name:Support opens:Mo-Fr 08:00-18:00; Sa 09:00-13:00 target:map[percent:80 seconds:20]]" {
		t.Errorf("%v", all)
	}
}

func TestANameIsSetPieceByPieceAndTakenAway(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	good(t, "device", "add", demoMAC, "--data", data)
	set := func(more ...string) string {
		return good(t, append([]string{"names", "set", demoMAC, "--queue", "630", "--data", data}, more...)...)
	}
	set("--name", "Support")
	set("--opens", "sa 9:00-13:00; mo-fr 8:00-18:00")
	if out := set("--target", "80/20"); !strings.Contains(out, "queue  630  Support  Mo-Fr 08:00-18:00; Sa 09:00-13:00  80/20") {
		t.Error(out)
	}
	if out := set("--opens", "", "--name", ""); !strings.Contains(out, "queue  630  -     -      80/20") {
		t.Error(out)
	}
	set("--remove")
	if out := good(t, "names", "list", "--data", data); out != "There are no names.\n" {
		t.Error(out)
	}
}

func TestWhatCannotBeNamedIsOneClearLine(t *testing.T) {
	t.Parallel()
	data := emptyData(t)
	good(t, "device", "add", demoMAC, "--data", data)
	for _, c := range []struct {
		args string
		want string
		code int
	}{
		{"set 68692e0b0001 --queue 630", "what should change? Give --name", 2},
		{"set 68692e0b0001 --queue 630 --name x --remove", "what should change? Give --name", 2},
		{"set 68692e0b0001 --queue 630 --opens Mo", `--opens: "Mo" is not days and times such as`, 2},
		{"set 68692e0b0001 --queue 630 --target 80", `--target: "80" is not a target such as 80/20`, 2},
		{"set 68692e0b0001 --agent 800 --opens 24/7", "only a queue has opening hours and a target", 2},
		{"set 68692e0b0001 --name x", "which one? Give --queue, --agent or --did", 2},
		{"set 68692e0b0001 --queue 1 --agent 2 --name x", "can't be used together", 2},
		{"set --queue 1 --name x", "missing argument: <mac>", 2},
	} {
		got := do(t, append(strings.Fields("names "+c.args), "--data", data)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errs, c.want) || strings.Count(got.errs, "\n") != 1 {
			t.Errorf("%s: %+v, want %s", c.args, got, c.want)
		}
	}
	if out := good(t, "names", "list", "--data", data); out != "There are no names.\n" {
		t.Error(out)
	}
}

// So the tables can be joined at once, without an hourly run.
func TestARollupPublishesNames(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	good(t, "names", "set", demoMAC, "--queue", "630", "--name", "Support", "--data", data)
	for range 2 {
		ask(t, later, append([]string{"rollup"}, ofDay(data)...)...)
		for _, table := range curated.DimensionNames() {
			body, err := os.ReadFile(filepath.Join(data, "archive", curated.DimensionObject(table)))
			if err != nil || table == "dim_queue" && !bytes.Contains(body, []byte("Support")) {
				t.Errorf("%s: %v", table, err)
			}
		}
	}
}

func TestFiguresTellNames(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	ask(t, later, "rollup", "--all", "--day", "2018-11-05", "--data", data)
	show := func(more ...string) string {
		return ask(t, later, append([]string{"kpi", "--all-rows"}, ofDay(data, more...)...)...)
	}
	unnamed, unnamedJSON := show(), show("--json")
	good(t, "names", "set", demoMAC, "--queue", "630", "--name", "Support", "--data", data)
	good(t, "names", "set", demoMAC, "--agent", "100", "--name", "Ana Silva", "--data", data)
	if out := show(); !strings.Contains(out, "\n630 Support  1 ") || !strings.Contains(out, "\n100 Ana Silva  0 ") {
		t.Error(out)
	}
	if strings.Contains(unnamed, "Support") || strings.Contains(unnamedJSON, "_name") {
		t.Errorf("%s\n%s", unnamed, unnamedJSON)
	}
	var names []string
	decoder := json.NewDecoder(strings.NewReader(show("--json")))
	for decoder.More() {
		var row struct {
			Queue, Agent string
			QueueName    string `json:"queue_name"`
			AgentName    string `json:"agent_name"`
		}
		if err := decoder.Decode(&row); err != nil {
			t.Fatal(err)
		}
		names = append(names, row.Queue+row.Agent+"="+row.QueueName+row.AgentName)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "630=Support") || !strings.Contains(got, "100=Ana Silva") || len(names) != 3 {
		t.Error(got)
	}
}
