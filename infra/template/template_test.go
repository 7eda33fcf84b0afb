package template_test

import (
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"trunkline/infra/template"
)

func parse(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func TestShortFormsAreWrittenOut(t *testing.T) {
	for text, want := range map[string]any{
		"!Ref Table":         map[string]any{"Ref": "Table"},
		"!Condition Yes":     map[string]any{"Condition": "Yes"},
		"!GetAtt Table.Arn":  map[string]any{"Fn::GetAtt": []any{"Table", "Arn"}},
		"!GetAtt [Table, A]": map[string]any{"Fn::GetAtt": []any{"Table", "A"}},
		"!Sub a-${B}":        map[string]any{"Fn::Sub": "a-${B}"},
		"!If [C, !Ref D, 1]": map[string]any{"Fn::If": []any{"C", map[string]any{"Ref": "D"}, 1}},
		"{a: [1, x, true]}":  map[string]any{"a": []any{1, "x", true}},
		"!!str 1":            "1",
		"[&a !Ref B, *a]":    []any{map[string]any{"Ref": "B"}, map[string]any{"Ref": "B"}},
	} {
		if got := template.Value(parse(t, text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", text, got, want)
		}
	}
}

func TestAMemberIsFoundByItsKey(t *testing.T) {
	n := parse(t, "{a: 1, b: {c: 2}}")
	if v := template.Member(template.Member(n, "b"), "c"); v == nil || v.Value != "2" {
		t.Errorf("%+v", v)
	}
	if v := template.Member(template.Member(n, "a"), "c"); v != nil || template.Member(nil, "a") != nil {
		t.Errorf("a scalar has the member %+v", v)
	}
	if v := template.Get(template.Value(n), "b", "c"); v != 2 {
		t.Errorf("%v", v)
	}
	if v := template.Get(template.Value(n), "a", "c"); v != nil {
		t.Errorf("%v", v)
	}
}

func TestAValueNamesAResource(t *testing.T) {
	for text, want := range map[string]string{"!Ref Table": "Table", "!GetAtt Table.Arn": "Table", "!Sub a": "", "Table": ""} {
		if got := template.Resource(template.Value(parse(t, text))); got != want {
			t.Errorf("%s names %q", text, got)
		}
	}
}
