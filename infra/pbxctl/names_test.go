package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const named = `mac,kind,id,name,opens,target_percent,target_seconds
68:69:2e:0b:00:01,agent,100,Ana Silva,,,
68:69:2e:0b:00:01,did,'+49301234567,Hotline,,,
68:69:2e:0b:00:01,queue,630,Support,Mo-Fr 08:00-18:00; Sa 09:00-13:00,80,20
68:69:2e:0b:00:02,queue,'0630,Sales,,,
`

func TestNamesAreImportedAndListed(t *testing.T) {
	data := emptyData(t)
	good(t, "device", "import", written(t, branches), "--data", data)
	file := written(t, named)
	preview := good(t, "names", "import", file, "--dry-run", "--data", data)
	if out := good(t, "names", "list", "--data", data); out != "Nothing is named.\n" {
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
	data := emptyData(t)
	good(t, "device", "add", "--mac", demoMAC, "--data", data)
	set := func(more ...string) string {
		return good(t, append([]string{"names", "set", "--mac", demoMAC, "--queue", "630", "--data", data}, more...)...)
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
	if out := good(t, "names", "list", "--data", data); out != "Nothing is named.\n" {
		t.Error(out)
	}
}

func TestARowOfWhichNothingIsLeftTakesTheNameAway(t *testing.T) {
	data := emptyData(t)
	good(t, "device", "import", written(t, branches), "--data", data)
	good(t, "names", "import", written(t, named), "--data", data)
	good(t, "names", "import", written(t, "mac,kind,id,name\n68692e0b0001,Agent,100,\n68692e0b0001,queue,630,\n"), "--data", data)
	out := good(t, "names", "list", "--mac", demoMAC, "--data", data)
	if strings.Contains(out, "agent") || !strings.Contains(out, "queue  630           -        Mo-Fr") {
		t.Errorf("what has no column stays, and what is empty is unset:\n%s", out)
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
line 2, column 3 (id): what has no ID can't be named
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
		data := emptyData(t)
		good(t, "device", "import", written(t, branches), "--data", data)
		good(t, "names", "import", written(t, named), "--data", data)
		file := written(t, c.text)
		errs := bad(t, "names", "import", file, "--data", data)
		want := "pbxctl: " + file + " has mistakes, so nothing was done:\n  " + strings.ReplaceAll(c.want, "\n", "\n  ") + "\n"
		if errs != want {
			t.Errorf("%s\nnot\n%s", errs, want)
		}
		if out := good(t, "names", "export", "--data", data); out != named {
			t.Errorf("after mistakes:\n%s", out)
		}
	}
}

func TestWhatCannotBeNamedIsOneClearLine(t *testing.T) {
	data := emptyData(t)
	good(t, "device", "add", "--mac", demoMAC, "--data", data)
	for _, c := range []struct {
		args string
		want string
		code int
	}{
		{"set --mac 68692e0b0001 --queue 630", "say what should change, or --remove", 1},
		{"set --mac 68692e0b0001 --queue 630 --name x --remove", "say what should change, or --remove", 1},
		{"set --mac 68692e0b0001 --queue 630 --opens Mo", `--opens: "Mo" is not days and times such as`, 1},
		{"set --mac 68692e0b0001 --queue 630 --target 80", `--target: "80" is not a target such as 80/20`, 1},
		{"set --mac 68692e0b0001 --agent 800 --opens 24/7", "only a queue has opening hours and a target", 1},
		{"set --mac 68692e0b0001 --name x", "missing flags: --queue=CODE or --agent=CODE or --did=NUMBER", 2},
		{"set --mac 68692e0b0001 --queue 1 --agent 2 --name x", "can't be used together", 2},
		{"set --queue 1 --name x", "missing flags: --mac=MAC", 2},
	} {
		got := do(t, append(strings.Fields("names "+c.args), "--data", data)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errs, c.want) || strings.Count(got.errs, "\n") != 1 {
			t.Errorf("%s: %+v, want %s", c.args, got, c.want)
		}
	}
	if out := good(t, "names", "list", "--data", data); out != "Nothing is named.\n" {
		t.Error(out)
	}
}

func TestFiguresTellNames(t *testing.T) {
	data := vendorData(t)
	ask(t, later, "rollup", "--all", "--day", "2018-11-05", "--data", data)
	show := func(more ...string) string {
		return ask(t, later, append([]string{"kpi", "--all-rows"}, ofDay(data, more...)...)...)
	}
	unnamed, unnamedJSON := show(), show("--json")
	good(t, "names", "set", "--mac", demoMAC, "--queue", "630", "--name", "Support", "--data", data)
	good(t, "names", "set", "--mac", demoMAC, "--agent", "100", "--name", "Ana Silva", "--data", data)
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
