package policy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// applicationAtMost are the bytes of template.yaml. What is larger goes to a nested template.
const applicationAtMost = 45_000

func TestTheApplicationStaysReadable(t *testing.T) {
	ours := load(t, "../../template.yaml")
	if ours.size > applicationAtMost {
		t.Errorf("template.yaml has %d bytes, at most %d", ours.size, applicationAtMost)
	}
	if len(ours.nested) < 2 {
		t.Errorf("%d nested templates were read", len(ours.nested))
	}
}

// givenWrong lists what parameters of nested templates are not given as they are declared.
func givenWrong(t template) (f findings) {
	for i, application := range t.of("AWS::Serverless::Application") {
		given, _ := application.get("Parameters").(map[string]any)
		declared := t.nested[i].parameters
		for _, name := range sorted(given) {
			if declared[name] == nil {
				f.add(application.name, "%s is given, and not declared", name)
			}
		}
		for _, name := range sorted(declared) {
			switch p := declared[name]; {
			case given[name] == nil:
				f.add(application.name, "%s is not given", name)
			case get(p, "Default") != nil:
				f.add(application.name, "%s has a default of its own", name)
			case t.parameters[name] != nil && get(t.parameters[name], "Type") != get(p, "Type"):
				f.add(application.name, "%s is of another type", name)
			}
		}
	}
	return f
}

func TestNestedTemplatesAreGivenTheirParameters(t *testing.T) {
	for _, found := range givenWrong(load(t, "../../template.yaml")) {
		t.Error(found)
	}
}

func TestAParameterThatIsGivenWrongIsFound(t *testing.T) {
	ours := parse(t, "{Parameters: {D: {Type: String}, E: {Type: String}}, Resources: {In: {Type: AWS::Serverless::Application, Properties: {Parameters: {A: 1, B: 1, D: 1, E: 1}}}}}")
	ours.nested = []template{parse(t, "{Parameters: {B: {Default: 2}, C: {Type: String}, D: {Type: Number}, E: {Type: String}}}")}
	want := findings{"In: A is given, and not declared", "In: B has a default of its own", "In: C is not given", "In: D is of another type"}
	if found := givenWrong(ours); !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
}

func TestOutputsOfNestedTemplatesAreThere(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ours := load(t, "../../template.yaml")
	applications := ours.of("AWS::Serverless::Application")
	found := regexp.MustCompile(`(\w+)\.Outputs\.(\w+)`).FindAllStringSubmatch(string(text), -1)
	if len(found) < 2 {
		t.Errorf("only %d outputs are asked for", len(found))
	}
	for _, asked := range found {
		i := slices.IndexFunc(applications, func(r resource) bool { return r.name == asked[1] })
		if i < 0 || ours.nested[i].outputs[asked[2]] == nil {
			t.Errorf("there is no %s", asked[0])
		}
	}
}

// Without these alarms nobody notices that events are lost, or that figures stand still.
func TestMinimalMonitoringKeepsTheAlarmsOfLostEvents(t *testing.T) {
	always := strings.Fields("NoEventsAlarm ServerErrorsAlarm ApiThrottlesAlarm IngestThrottlesAlarm SpillLeftAlarm RollupMissingAlarm")
	for _, r := range load(t, "../../template.yaml").of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard") {
		want := any("Full")
		switch {
		case slices.Contains(always, r.name):
			want = nil
		case r.name == "ArchiveLateAlarm":
			want = "Streamed" // where there are streams
		case r.name == "ArchiveErrorsAlarm":
			want = "StreamedFull"
		}
		if got := get(r.whole, "Condition"); got != want {
			t.Errorf("%s is there on the condition %v, not %v", r.name, got, want)
		}
	}
}

func TestActionsOfAlarmsAreStatedOnce(t *testing.T) {
	text, err := os.ReadFile("../alarms.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "!Ref AlarmTopic,"); n != 1 {
		t.Errorf("whom alarms notify is stated %d times", n-1)
	}
}
