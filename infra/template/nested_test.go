package template_test

import (
	"reflect"
	"testing"

	"trunkline/infra/template"
)

func TestAFunctionHasWhatGlobalsSayOfFunctions(t *testing.T) {
	globals := template.Value(parse(t, "{Function: {Timeout: 3, Layers: [a], Environment: {Variables: {A: 1, B: 1}}}}"))
	for text, want := range map[string]string{
		"{Type: 'AWS::Serverless::Function', Properties: {Role: x, Layers: [b], Environment: {Variables: {B: 2}}}}"://
		"{Type: 'AWS::Serverless::Function', Properties: {Role: x, Timeout: 3, Layers: [a, b], Environment: {Variables: {A: 1, B: 2}}}}",
		"{Type: 'AWS::Serverless::Function', Properties: {Timeout: 9}}"://
		"{Type: 'AWS::Serverless::Function', Properties: {Timeout: 9, Layers: [a], Environment: {Variables: {A: 1, B: 1}}}}",
		"{Type: 'AWS::Serverless::Function'}"://
		"{Type: 'AWS::Serverless::Function', Properties: {Timeout: 3, Layers: [a], Environment: {Variables: {A: 1, B: 1}}}}",
		"{Type: 'AWS::SQS::Queue'}": "{Type: 'AWS::SQS::Queue'}",
	} {
		before := template.Value(parse(t, text))
		if got := template.WithGlobals(globals, before); !reflect.DeepEqual(got, template.Value(parse(t, want))) {
			t.Errorf("%s is %v, not %s", text, got, want)
		}
		if !reflect.DeepEqual(before, template.Value(parse(t, text))) {
			t.Errorf("%s was changed", text)
		}
		if got := template.WithGlobals(nil, before); !reflect.DeepEqual(got, before) {
			t.Errorf("without Globals, %s is %v", text, got)
		}
	}
}

func TestAParameterOfANestedTemplateIsItsArgument(t *testing.T) {
	arguments := template.Value(parse(t, "{Api: !Ref TheApi, Queue: !GetAtt Due.Name, In: !Sub 'a/${B}', Days: 3, Topic: !If [C, 1, 2]}")).(map[string]any)
	for text, want := range map[string]string{
		"!Ref Api":                      "!Ref TheApi",
		"[!Ref Queue, {a: !Ref Topic}]": "[!GetAtt Due.Name, {a: !If [C, 1, 2]}]",
		"!Ref Other":                    "!Ref Other",
		"!GetAtt Api.Arn":               "!GetAtt Api.Arn",
		"!Sub '${In}: ${Queue} ${Api} ${Days} days'":  "!Sub 'a/${B}: ${Due.Name} ${TheApi} 3 days'",
		"!Sub '$default ${Topic} ${Other} ${Api.Id}'": "!Sub '$default ${Topic} ${Other} ${Api.Id}'",
		"text": "text",
	} {
		if got := template.Bind(template.Value(parse(t, text)), arguments); !reflect.DeepEqual(got, template.Value(parse(t, want))) {
			t.Errorf("%s is %v, not %s", text, got, want)
		}
	}
}
