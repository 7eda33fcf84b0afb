package policy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A template is CloudFormation's, with short forms of functions written out: !Ref x is
// {"Ref": x}, and !GetAtt x.y is {"Fn::GetAtt": [x, y]}.
type template struct {
	size       int
	metadata   any
	parameters map[string]any
	resources  []resource
	outputs    map[string]any
}

type resource struct {
	name, kind string
	comment    string // what stands above it
	whole      any
	properties any
}

// load reads a template.
func load(t testing.TB, file string) template {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
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
	for key, value := range members(document) {
		switch key.Value {
		case "Metadata":
			out.metadata = written(value)
		case "Parameters":
			out.parameters, _ = written(value).(map[string]any)
		case "Outputs":
			out.outputs, _ = written(value).(map[string]any)
		case "Resources":
			for name, body := range members(value) {
				whole := written(body)
				out.resources = append(out.resources, resource{
					name.Value, textOf(get(whole, "Type")), name.HeadComment, whole, get(whole, "Properties"),
				})
			}
		}
	}
	return out
}

func members(mapping *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for pair := range slices.Chunk(mapping.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// written is a node as a value, with short forms written out.
func written(n *yaml.Node) any {
	function, short := strings.CutPrefix(n.Tag, "!")
	if !short || strings.HasPrefix(function, "!") {
		return plain(n)
	}
	untagged := *n
	untagged.Tag = ""
	argument := plain(&untagged)
	switch function {
	case "Ref", "Condition":
		return map[string]any{function: argument}
	case "GetAtt":
		if path, ok := argument.(string); ok {
			name, attribute, _ := strings.Cut(path, ".")
			argument = []any{name, attribute}
		}
	}
	return map[string]any{"Fn::" + function: argument}
}

func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for key, value := range members(n) {
			out[key.Value] = written(value)
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, element := range n.Content {
			out = append(out, written(element))
		}
		return out
	}
	var out any
	if err := n.Decode(&out); err != nil {
		return n.Value
	}
	return out
}

// get is what stands at a path of members, or nil.
func get(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// textOf is a value as text, where it is text.
func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// list is a value's elements, or the value itself if it is none: CloudFormation takes either.
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
func names(v any) string {
	if name := textOf(get(v, "Ref")); name != "" {
		return name
	}
	if path, ok := get(v, "Fn::GetAtt").([]any); ok && len(path) > 0 {
		return textOf(path[0])
	}
	return ""
}

func (t template) of(kinds ...string) []resource {
	var out []resource
	for _, r := range t.resources {
		if slices.Contains(kinds, r.kind) {
			out = append(out, r)
		}
	}
	return out
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
