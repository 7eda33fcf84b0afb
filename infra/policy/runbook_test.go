package policy

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sections are the texts of a document's sections, by their titles.
func sections(document string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq("\n"+document, "\n## ") {
		title, text, _ := strings.Cut(part, "\n")
		out[title] = text
	}
	return out
}

// unexplained lists which alarms the runbook has no whole section of, and which sections
// have no alarm.
func unexplained(alarms []string, runbook map[string]string) (f findings) {
	for _, name := range alarms {
		text, ok := runbook[name]
		if !ok {
			f.add(name, "has no section")
			continue
		}
		for _, part := range []string{"**Means:**", "**Look:**", "**Do:**"} {
			if !strings.Contains(text, part) {
				f.add(name, "its section has no %s", part)
			}
		}
	}
	for title := range runbook {
		if strings.HasSuffix(title, "Alarm") && !slices.Contains(alarms, title) {
			f.add(title, "is no alarm of the template")
		}
	}
	return f
}

func TestTheRunbookHasASectionForEachAlarm(t *testing.T) {
	var alarms []string
	for _, r := range load(t, "../../template.yaml").of("AWS::CloudWatch::Alarm") {
		alarms = append(alarms, r.name)
	}
	for _, found := range unexplained(alarms, sections(runbook(t))) {
		t.Error(found)
	}
}

func TestAnAlarmWithoutASectionIsFound(t *testing.T) {
	const document = "# Runbook\n## GoodAlarm\n**Means:** a\n**Look:** b\n**Do:** c\n## HalfAlarm\n**Means:** a\n**Look:** b\n## GoneAlarm\n"
	want := findings{"HalfAlarm: its section has no **Do:**", "NewAlarm: has no section", "GoneAlarm: is no alarm of the template"}
	if found := unexplained([]string{"GoodAlarm", "HalfAlarm", "NewAlarm"}, sections(document)); !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
}

var (
	asked   = regexp.MustCompile(`\$\(out (\w+)\)|\bask (\w+) \d`)
	queries = regexp.MustCompile(`ask (\w+) \d+ '([^']*)'`)
	quoted  = regexp.MustCompile(`"[^"]*"|/[^/]*/|\b(?:as|bin)[ (]\w+`)
	words   = regexp.MustCompile(`@?[a-z][A-Za-z_]*`)
	command = regexp.MustCompile(`(?m)pbxctl ([a-z]+(?: [a-z]+)?)([^\x60\n]*)`)
	flag    = regexp.MustCompile(`--[a-z-]+`)
)

func runbook(t testing.TB) string {
	t.Helper()
	document, err := os.ReadFile("../runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func TestTheRunbookAsksForOutputsThatThereAre(t *testing.T) {
	outputs := load(t, "../../template.yaml").outputs
	found := asked.FindAllStringSubmatch(runbook(t), -1)
	if len(found) < 20 {
		t.Errorf("only %d outputs are asked for", len(found))
	}
	for _, names := range found {
		if name := strings.Join(names[1:], ""); outputs[name] == nil {
			t.Errorf("the template has no output %s", name)
		}
	}
}

// Fields of queries are members of log lines, or CloudWatch's own.
func TestQueriesOfTheRunbookNameWhatIsLogged(t *testing.T) {
	access := load(t, "../../template.yaml").of("AWS::Serverless::HttpApi")[0].get("AccessLogSettings", "Format")
	known := strings.Fields(`stats filter fields sort desc limit count sum max pct by and or in like n` +
		` @timestamp @message @type @duration @initDuration @maxMemoryUsed`)
	lines := append(everyLine(t), []byte(textOf(access)))
	for _, line := range lines {
		var members map[string]any
		if err := json.Unmarshal(line, &members); err != nil {
			t.Fatal(err)
		}
		known = slices.AppendSeq(known, maps.Keys(members))
	}
	found := queries.FindAllStringSubmatch(runbook(t), -1)
	if len(found) < 15 {
		t.Errorf("only %d queries were found", len(found))
	}
	for _, query := range found {
		for _, word := range words.FindAllString(quoted.ReplaceAllString(query[2], ""), -1) {
			if !slices.Contains(known, word) {
				t.Errorf("nothing logs %q, which is asked of %s: %s", word, query[1], query[2])
			}
		}
	}
}

func TestCommandsOfTheRunbookAndOfADeploymentExist(t *testing.T) {
	script, err := os.ReadFile("../deploy.sh")
	if err != nil {
		t.Fatal(err)
	}
	pbxctl := filepath.Join(t.TempDir(), "pbxctl")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", pbxctl, "./infra/pbxctl")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found := command.FindAllStringSubmatch(runbook(t)+string(script), -1)
	if len(found) < 12 {
		t.Errorf("only %d commands were found", len(found))
	}
	for _, c := range found {
		help, err := exec.CommandContext(t.Context(), pbxctl, append(strings.Fields(c[1]), "--help")...).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(help), "Usage: pbxctl "+c[1]) {
			t.Errorf("pbxctl %s: %v: %s", c[1], err, help)
		}
		for _, f := range flag.FindAllString(c[2], -1) {
			if !strings.Contains(string(help), f+"=") && !strings.Contains(string(help), f+" ") {
				t.Errorf("pbxctl %s has no %s", c[1], f)
			}
		}
	}
}
