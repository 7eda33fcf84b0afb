// Package template reads CloudFormation templates, such as template.yaml: YAML with tags for the
// short forms of functions.
package template

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Members yields the keys and values of a mapping, in their order. Other nodes have none.
func Members(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for pair := range slices.Chunk(n.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// Member returns the value of a mapping's key, or nil if the key is missing.
func Member(n *yaml.Node, key string) *yaml.Node {
	for k, value := range Members(n) {
		if k.Value == key {
			return value
		}
	}
	return nil
}

// Value returns the value of a node: a map[string]any, a []any, or a scalar. It writes out short
// forms of functions: !Ref x is {"Ref": "x"}, and !GetAtt x.y is {"Fn::GetAtt": ["x", "y"]}. An
// alias is what it stands for.
func Value(n *yaml.Node) any {
	if n.Kind == yaml.AliasNode {
		return Value(n.Alias)
	}
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
		for key, value := range Members(n) {
			out[key.Value] = Value(value)
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, element := range n.Content {
			out = append(out, Value(element))
		}
		return out
	}
	var out any
	if err := n.Decode(&out); err != nil {
		return n.Value
	}
	return out
}

// Get returns the value at a path of members, or nil if it is missing.
func Get(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// Text returns a value that is text, or "" for any other.
func Text(v any) string {
	s, _ := v.(string)
	return s
}

// Resource returns the name of the resource that a value refers to by Ref or an attribute, or "".
func Resource(v any) string {
	if name := Text(Get(v, "Ref")); name != "" {
		return name
	}
	if path, ok := Get(v, "Fn::GetAtt").([]any); ok && len(path) > 0 {
		return Text(path[0])
	}
	return ""
}
