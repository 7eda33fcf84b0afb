package policy

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	cfn "trunkline/infra/template"
)

// released is what a stack has that was made by the template before it was split.
type released struct {
	Parameters map[string]string `yaml:"Parameters"` // their defaults
	Outputs    []string          `yaml:"Outputs"`
	Resources  map[string]struct {
		Type                string    `yaml:"Type"`
		DeletionPolicy      string    `yaml:"DeletionPolicy"`
		UpdateReplacePolicy string    `yaml:"UpdateReplacePolicy"`
		Name                yaml.Node `yaml:"Name"`   // that the template gives to it
		Events              []string  `yaml:"Events"` // of a function: SAM names resources by them
	} `yaml:"Resources"`
}

func readReleased(t testing.TB, text []byte) (out released) {
	t.Helper()
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// movable are types whose resources keep nothing, and whose names nobody has noted: they may be made
// again in a nested template.
func movable() []string {
	return []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Glue::Database", "AWS::Glue::Table"}
}

// lost lists what an upgrade would lose or replace, or fail at.
func lost(was released, now template) (f findings) {
	for name, old := range was.Parameters {
		if p := now.parameters[name]; p == nil || fmt.Sprint(get(p, "Default")) != old {
			f.add(name, "the parameter had the default %q", old)
		}
	}
	for _, name := range was.Outputs {
		if now.outputs[name] == nil {
			f.add(name, "the output is missing")
		}
	}
	for name, old := range was.Resources {
		r, ok := now.named(name)
		var oldName any
		if old.Name.Kind != 0 {
			oldName = evaluated(cfn.Value(&old.Name))
		}
		events, _ := r.get("Events").(map[string]any)
		moved := r.file != now.file
		switch {
		case !ok:
			f.add(name, "is missing")
		case r.kind != old.Type:
			f.add(name, "was %s", old.Type)
		case textOf(get(r.whole, "DeletionPolicy")) != old.DeletionPolicy || textOf(get(r.whole, "UpdateReplacePolicy")) != old.UpdateReplacePolicy:
			f.add(name, "had the policies %q and %q", old.DeletionPolicy, old.UpdateReplacePolicy)
		case !slices.Equal(sorted(events), old.Events):
			f.add(name, "had the events %v", old.Events)
		case moved && !slices.Contains(movable(), r.kind):
			f.add(name, "must stay in the template that has it: what it keeps, or its name, would be lost")
		case moved && oldName != nil && reflect.DeepEqual(now.physical(r), oldName):
			f.add(name, "needs another name than %v: the new one is made before the old one is deleted", oldName)
		case !moved && !reflect.DeepEqual(now.physical(r), oldName):
			f.add(name, "was named %v", oldName)
		}
	}
	slices.Sort(f)
	return f
}

// physical is the name that a template gives to a resource; nil: CloudFormation chooses it. That of
// a table in Glue is the database's, and its own.
func (t template) physical(r resource) any {
	if r.kind == "AWS::Glue::Table" {
		database, _ := t.named(names(r.get("DatabaseName")))
		return []any{t.physical(database), evaluated(r.get("TableInput", "Name"))}
	}
	for _, path := range [][]string{
		{"DatabaseInput", "Name"}, {"Name"}, {"AlarmName"}, {"BucketName"}, {"DashboardName"}, {"FilterName"}, {"FunctionName"}, {"LogGroupName"},
		{"QueueName"}, {"RoleName"}, {"TableName"}, {"TopicName"},
	} {
		name := r.get(path...)
		if _, another := t.named(names(name)); name != nil && !another {
			return evaluated(name)
		}
	}
	return nil
}

// evaluated is a value in a stack that is named as stackName.
func evaluated(v any) any {
	const stackName = "trunkline-dev"
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = evaluated(element)
		}
		return out
	case map[string]any:
		if v["Ref"] == "AWS::StackName" {
			return stackName
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return strings.ReplaceAll(text, "${AWS::StackName}", stackName)
		}
		if split, ok := v["Fn::Split"].([]any); ok {
			var parts []any
			for part := range strings.SplitSeq(fmt.Sprint(evaluated(split[1])), fmt.Sprint(split[0])) {
				parts = append(parts, part)
			}
			return parts
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			var parts []string
			for _, part := range list(evaluated(join[1])) {
				parts = append(parts, fmt.Sprint(part))
			}
			return strings.Join(parts, fmt.Sprint(join[0]))
		}
	}
	return v
}

func TestAnUpgradeKeepsTableBucketKeysAndAPI(t *testing.T) {
	text, err := os.ReadFile("testdata/released.yaml")
	if err != nil {
		t.Fatal(err)
	}
	was := readReleased(t, text)
	if len(was.Resources) < 60 || len(was.Parameters) < 30 || len(was.Outputs) < 15 {
		t.Fatalf("only %d resources, %d parameters and %d outputs were read", len(was.Resources), len(was.Parameters), len(was.Outputs))
	}
	for _, found := range lost(was, load(t, "../../template.yaml")) {
		t.Error(found)
	}
}

func TestWhatAnUpgradeWouldLoseIsFound(t *testing.T) {
	was := readReleased(t, []byte(`
Parameters: { Days: "3" }
Outputs: [Url]
Resources:
  Table: { Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, UpdateReplacePolicy: Retain }
  Work: { Type: AWS::Serverless::Function, Events: [Push] }
  Group: { Type: AWS::Athena::WorkGroup, Name: !Ref AWS::StackName }
  Lake: { Type: AWS::Glue::Database, Name: !Join [_, !Split ["-", !Ref AWS::StackName]] }
  Calls: { Type: AWS::Glue::Table, Name: [!Join [_, !Split ["-", !Ref AWS::StackName]], calls] }
  Alarm: { Type: AWS::CloudWatch::Alarm }
`))
	const group = "  Group: { Type: AWS::Athena::WorkGroup, Properties: { Name: !Ref AWS::StackName } }\n"
	const work = "  Work: { Type: AWS::Serverless::Function, Properties: { Events: { Push: {} } } }\n"
	const table = "  Table: { Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, UpdateReplacePolicy: Retain }\n"
	const lake = "  Lake: { Type: AWS::Glue::Database, Properties: { DatabaseInput: { Name: !Sub '${AWS::StackName}-lake' } } }\n"
	const calls = "  Calls: { Type: AWS::Glue::Table, Properties: { DatabaseName: !Ref Lake, TableInput: { Name: calls } } }\n"
	const alarm = "  Alarm: { Type: AWS::CloudWatch::Alarm }\n"
	const head = "Parameters: { Days: { Default: 3 } }\nOutputs: { Url: {} }\nResources:\n"
	for name, c := range map[string]struct {
		own, nested string
		want        findings
	}{
		"nothing": {head + table + work + group, lake + calls + alarm, nil},
		"a parameter and an output": {"Parameters: { Days: { Default: 4 } }\nResources:\n" + table + work + group, lake + calls + alarm,
			findings{`Days: the parameter had the default "3"`, "Url: the output is missing"}},
		"a resource": {head + table + work + group, lake + calls, findings{"Alarm: is missing"}},
		"a policy": {head + strings.Replace(table, "DeletionPolicy: Retain", "DeletionPolicy: Delete", 1) + work + group, lake + calls + alarm,
			findings{`Table: had the policies "Retain" and "Retain"`}},
		"a type": {head + table + work + group + "  Lake: { Type: AWS::Serverless::Application }\n", calls + alarm, findings{"Lake: was AWS::Glue::Database"}},
		"a table": {head + work + group, table + lake + calls + alarm,
			findings{"Table: must stay in the template that has it: what it keeps, or its name, would be lost"}},
		"a route": {head + table + strings.Replace(work, "Push", "Post", 1) + group, lake + calls + alarm, findings{"Work: had the events [Push]"}},
		"a name":  {head + table + work + strings.Replace(group, "!Ref AWS::StackName", "lake", 1), lake + calls + alarm, findings{"Group: was named trunkline-dev"}},
		"new names": {head + table + work + group, strings.Replace(lake, "${AWS::StackName}-lake", "trunkline_dev", 1) + calls + alarm, findings{
			"Calls: needs another name than [trunkline_dev calls]: the new one is made before the old one is deleted",
			"Lake: needs another name than trunkline_dev: the new one is made before the old one is deleted"}},
	} {
		now, nested := parse(t, c.own), parse(t, "Resources:\n"+c.nested)
		for _, r := range nested.resources {
			r.file = "nested.yaml"
			now.resources = append(now.resources, r)
		}
		if found := lost(was, now); !slices.Equal(found, c.want) {
			t.Errorf("%s: found %q, want %q", name, found, c.want)
		}
	}
}
