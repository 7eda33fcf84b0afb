package policy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	cfn "trunkline/infra/template"
)

// A template is CloudFormation's, with short forms of functions written out: see cfn.Value.
type template struct {
	file       string
	size       int
	metadata   any
	parameters map[string]any
	resources  []resource // those of nested templates, too, with their parameters bound
	outputs    map[string]any
	nested     []template // those of applications, each as it is written
}

type resource struct {
	name, kind string
	file       string // of the template that it stands in
	comment    string // what stands above it
	whole      any
	properties any
}

// load reads a template, and those that are nested in it.
func load(t testing.TB, file string) template {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := parse(t, string(data))
	out.file = filepath.Base(file)
	for i := range out.resources {
		out.resources[i].file = out.file
	}
	for _, application := range out.of("AWS::Serverless::Application") {
		nested := load(t, filepath.Join(filepath.Dir(file), textOf(application.get("Location"))))
		out.nested = append(out.nested, nested)
		arguments, _ := application.get("Parameters").(map[string]any)
		for _, r := range nested.resources {
			r.whole = cfn.Bind(r.whole, arguments)
			r.properties = get(r.whole, "Properties")
			out.resources = append(out.resources, r)
		}
	}
	return out
}

func parse(t testing.TB, text string) template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	out := understand(document.Content[0])
	out.size = len(text)
	return out
}

// understand reads the sections of a template that the rules are about.
func understand(document *yaml.Node) (out template) {
	var globals any
	if shared := cfn.Member(document, "Globals"); shared != nil {
		globals = cfn.Value(shared)
	}
	for key, value := range cfn.Members(document) {
		switch key.Value {
		case "Metadata":
			out.metadata = cfn.Value(value)
		case "Parameters":
			out.parameters, _ = cfn.Value(value).(map[string]any)
		case "Outputs":
			out.outputs, _ = cfn.Value(value).(map[string]any)
		case "Resources":
			for name, body := range cfn.Members(value) {
				whole := cfn.WithGlobals(globals, cfn.Value(body))
				out.resources = append(out.resources, resource{
					name: name.Value, kind: textOf(get(whole, "Type")), comment: name.HeadComment, whole: whole, properties: get(whole, "Properties"),
				})
			}
		}
	}
	return out
}

// get is what stands at a path of members, or nil.
func get(v any, path ...string) any { return cfn.Get(v, path...) }

// textOf is a value as text, where it is text.
func textOf(v any) string { return cfn.Text(v) }

// list is a value's elements, or the value itself if it is not a list: CloudFormation takes either.
// What stands there only on a condition counts as if it stood there always.
func list(v any) []any {
	if choice, ok := get(v, "Fn::If").([]any); ok && len(choice) == 3 {
		return append(list(choice[1]), list(choice[2])...)
	}
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []any
		for _, element := range v {
			out = append(out, list(element)...)
		}
		return out
	}
	if get(v, "Ref") == "AWS::NoValue" {
		return nil
	}
	return []any{v}
}

// names is the resource that a value is the Ref or an attribute of.
func names(v any) string { return cfn.Resource(v) }

func (t template) of(kinds ...string) []resource {
	var out []resource
	for _, r := range t.resources {
		if slices.Contains(kinds, r.kind) {
			out = append(out, r)
		}
	}
	return out
}

// own are the resources of the template itself.
func (t template) own() []resource {
	return slices.DeleteFunc(slices.Clone(t.resources), func(r resource) bool { return r.file != t.file })
}

func (t template) functions() []resource { return t.of("AWS::Serverless::Function") }

func (t template) named(name string) (resource, bool) {
	i := slices.IndexFunc(t.resources, func(r resource) bool { return r.name == name })
	if i < 0 {
		return resource{}, false
	}
	return t.resources[i], true
}

func (r resource) get(path ...string) any { return get(r.properties, path...) }

// statements are those of a policy document.
func statements(document any) []any { return list(get(document, "Statement")) }

// findings gathers what breaks a rule.
type findings []string

func (f *findings) add(about, format string, args ...any) {
	*f = append(*f, about+": "+fmt.Sprintf(format, args...))
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
