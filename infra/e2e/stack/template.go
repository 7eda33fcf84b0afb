package stack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/infra/template"
)

// made are the services whose resources a stand-in makes.
var made = []string{"DynamoDB", "S3", "SecretsManager", "SQS", "IAM", "Logs", "KinesisFirehose"}

// Template is a CloudFormation template.
type Template struct{ root *yaml.Node }

// Parse reads a template.
func Parse(text []byte) (Template, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return Template{}, fmt.Errorf("read the template: %w", err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return Template{}, errors.New("read the template: it has no sections")
	}
	return Template{document.Content[0]}, nil
}

// Text is the template as YAML.
func (t Template) Text() (string, error) {
	var text bytes.Buffer
	e := yaml.NewEncoder(&text)
	e.SetIndent(2)
	if err := e.Encode(t.root); err != nil {
		return "", fmt.Errorf("write the template: %w", err)
	}
	return text.String(), e.Close()
}

// Stores is the template without what a stand-in can't make, and without whatever names
// that. Globals are for functions, and go with them.
func (t Template) Stores() Template {
	resources, outputs := t.section("Resources"), t.section("Outputs")
	var cut []string
	for name, body := range template.Members(&resources) {
		if !isMade(template.Text(template.Get(template.Value(body), "Type"))) {
			cut = append(cut, name.Value)
		}
	}
	for len(cut) > 0 {
		cut = append(drop(&resources, cut), drop(&outputs, cut)...)
	}
	return t.with(map[string]*yaml.Node{"Resources": &resources, "Outputs": &outputs, "Globals": nil})
}

// With is the template with other defaults of parameters, by their names.
func (t Template) With(defaults map[string]string) Template {
	parameters := t.section("Parameters")
	parameters.Content = slices.Clone(parameters.Content)
	for i := 0; i+1 < len(parameters.Content); i += 2 {
		if value, ok := defaults[parameters.Content[i].Value]; ok {
			parameters.Content[i+1] = withDefault(*parameters.Content[i+1], value)
		}
	}
	return t.with(map[string]*yaml.Node{"Parameters": &parameters})
}

// withDefault is a parameter with another default.
func withDefault(parameter yaml.Node, value string) *yaml.Node {
	var kept []*yaml.Node
	for name, body := range template.Members(&parameter) {
		if name.Value != "Default" {
			kept = append(kept, name, body)
		}
	}
	text := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	parameter.Content = append(kept, text("Default"), text(value))
	return &parameter
}

// section is a copy of a section, which may be changed. It is empty where the section is missing.
func (t Template) section(name string) yaml.Node {
	if there := template.Member(t.root, name); there != nil {
		return *there
	}
	return yaml.Node{Kind: yaml.MappingNode}
}

func isMade(kind string) bool {
	parts := strings.Split(kind, "::")
	return len(parts) == 3 && slices.Contains(made, parts[1])
}

// with is the template with other sections in the place of its own, or with none where it is nil.
func (t Template) with(sections map[string]*yaml.Node) Template {
	root := *t.root
	root.Content = nil
	for key, value := range template.Members(t.root) {
		if other, ok := sections[key.Value]; ok {
			value = other
		}
		if value == nil {
			continue
		}
		root.Content = append(root.Content, key, value)
	}
	return Template{&root}
}

// drop drops the entries of these names from a section, and returns the others that name one of
// them.
func drop(section *yaml.Node, names []string) (orphans []string) {
	var left []*yaml.Node
	for name, body := range template.Members(section) {
		if slices.Contains(names, name.Value) {
			continue
		}
		left = append(left, name, body)
		used := map[string]bool{}
		note(template.Value(body), used)
		if slices.ContainsFunc(names, func(n string) bool { return used[n] }) {
			orphans = append(orphans, name.Value)
		}
	}
	section.Content = left
	return orphans
}

// note notes the names that a value uses.
func note(v any, used map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			note(element, used)
		}
	case map[string]any:
		used[template.Resource(v)] = true
		for _, on := range elements(v["DependsOn"]) {
			used[template.Text(on)] = true
		}
		for _, text := range elements(v["Fn::Sub"]) {
			os.Expand(template.Text(text), func(name string) string {
				name, _, _ = strings.Cut(name, ".")
				used[name] = true
				return ""
			})
		}
		for _, value := range v {
			note(value, used)
		}
	}
}

// elements are those of a list, or the value itself.
func elements(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// Function is what the template says of a function.
type Function struct {
	Role      string            // the resource that is its role
	Variables map[string]string // of its environment, whose value is a resource or a parameter: by name
}

// Resource is what the template says of a resource and of its type, as template.Value; or nil where
// it is missing.
func (t Template) Resource(name string) any {
	body := template.Member(template.Member(t.root, "Resources"), name)
	if body == nil {
		return nil
	}
	globals := t.section("Globals")
	return template.WithGlobals(template.Value(&globals), template.Value(body))
}

// Function reads a function's resource.
func (t Template) Function(name string) (Function, error) {
	properties := template.Get(t.Resource(name), "Properties")
	f := Function{template.Resource(template.Get(properties, "Role")), map[string]string{}}
	if f.Role == "" {
		return Function{}, fmt.Errorf("the template has no function %s with a role", name)
	}
	variables, _ := template.Get(properties, "Environment", "Variables").(map[string]any)
	for variable, value := range variables {
		if of := template.Text(template.Get(value, "Ref")); of != "" {
			f.Variables[variable] = of
		}
	}
	return f, nil
}
