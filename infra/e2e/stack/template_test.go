package stack

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trunkline/infra/template"
)

const small = `Transform: AWS::Serverless-2016-10-31

Parameters:
  Days:
    Type: Number

Globals:
  Function:
    Environment:
      Variables:
        TABLE_NAME: !Ref Table

Resources:
  # The endpoint.
  Api:
    Type: AWS::Serverless::HttpApi

  Work:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt WorkRole.Arn
      Environment:
        Variables:
          DAYS: !Ref Days
          STAGE: !Sub ${Api}

  WorkRole:
    Type: AWS::IAM::Role
    Properties:
      Resource: !GetAtt Table.Arn

  CallerRole:
    Type: AWS::IAM::Role
    Properties:
      Resource: !GetAtt Work.Arn

  CallerPolicy:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref CallerRole]

  WorkAlarm:
    Type: AWS::CloudWatch::Alarm

  Workload:
    Type: AWS::SQS::Queue

  Table:
    Type: AWS::DynamoDB::Table

Outputs:
  Url:
    Value: !Sub https://${Api}.example.com
  Caller:
    Value: !Ref CallerRole
  Load:
    Value: !Ref Workload
`

func parse(t *testing.T, text string) Template {
	t.Helper()
	parsed, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func textOf(t *testing.T, whole Template) string {
	t.Helper()
	text, err := whole.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func names(t Template, of string) (all []string) {
	for key := range template.Members(template.Member(t.root, of)) {
		all = append(all, key.Value)
	}
	return all
}

func TestWhatCannotBeMadeIsCutWithAllThatNamesIt(t *testing.T) {
	whole := parse(t, small)
	before := textOf(t, whole)
	stores := whole.Stores()
	if got := names(stores, "Resources"); !slices.Equal(got, []string{"WorkRole", "Workload", "Table"}) {
		t.Errorf("resources %q", got)
	}
	if got := names(stores, "Outputs"); !slices.Equal(got, []string{"Load"}) {
		t.Errorf("outputs %q", got)
	}
	if got := names(stores, "Globals"); got != nil {
		t.Errorf("globals %q", got)
	}
	if got := names(stores, "Parameters"); !slices.Equal(got, []string{"Days"}) || textOf(t, whole) != before {
		t.Errorf("parameters %q", got)
	}
}

func TestWhatIsNoTemplateIsRefused(t *testing.T) {
	for _, text := range []string{"", "a: [", "[a]"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q is a template", text)
		}
	}
}

// Whatever is written says what was read.
func TestATemplateIsWrittenAsItWasRead(t *testing.T) {
	real, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{small, string(real)} {
		whole := parse(t, text)
		again := parse(t, textOf(t, whole))
		if !reflect.DeepEqual(template.Value(again.root), template.Value(whole.root)) {
			t.Errorf("a template that is read is\n%s", textOf(t, whole))
		}
	}
}

func TestAFunctionTellsItsRoleAndVariables(t *testing.T) {
	f, err := parse(t, small).Function("Work")
	if want := map[string]string{"TABLE_NAME": "Table", "DAYS": "Days"}; err != nil || f.Role != "WorkRole" || !maps.Equal(f.Variables, want) {
		t.Errorf("%+v, %v", f, err)
	}
	for _, name := range []string{"Table", "Api", "None"} {
		if f, err := parse(t, small).Function(name); err == nil {
			t.Errorf("%s is a function: %+v", name, f)
		}
	}
}

// What the tests need of the real template, and what they can't use.
func TestTheStoresOfTheTemplateAreWhole(t *testing.T) {
	text, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stores := parse(t, string(text)).Stores()
	written := textOf(t, stores)
	for _, name := range []string{"Table", "Bucket", "BucketPolicy", "FleetKeys", "DueQueue", "DueFailures", "RollupFailures", "IngestRole", "RollupRole"} {
		if !slices.Contains(names(stores, "Resources"), name) {
			t.Errorf("%s was cut", name)
		}
	}
	for _, name := range []string{"TableName", "BucketName", "FleetKeysSecretArn", "DueQueueUrl"} {
		if !slices.Contains(names(stores, "Outputs"), name) {
			t.Errorf("the output %s was cut", name)
		}
	}
	if found := regexp.MustCompile(`Type: AWS::(Serverless|Lambda|ApiGateway).*`).FindString(written); found != "" {
		t.Error(found)
	}
	if before, after := strings.Count(string(text), "GenerateSecretString:"), strings.Count(written, "GenerateSecretString:"); before != 1 || after != 1 {
		t.Error("the keys are not made as the template says")
	}
}

func TestAParameterGetsAnotherDefault(t *testing.T) {
	one := parse(t, "Parameters:\n  Days: { Type: Number, Default: 3 }\n  Mode: { Type: String }\n")
	got := textOf(t, one.With(map[string]string{"Days": "5", "Mode": "fast", "Other": "x"}))
	want := textOf(t, parse(t, "Parameters:\n  Days: {Type: Number, Default: \"5\"}\n  Mode: {Type: String, Default: fast}\n"))
	if got != want || textOf(t, one) == got {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
