package template

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// WithGlobals returns a resource as SAM sees it: with the properties that the section Globals has
// for its type. Globals is nil where the section is missing.
func WithGlobals(globals, resource any) any {
	kind, _ := strings.CutPrefix(Text(Get(resource, "Type")), "AWS::Serverless::")
	shared := Get(globals, kind)
	if shared == nil {
		return resource
	}
	whole := maps.Clone(resource.(map[string]any))
	whole["Properties"] = inherit(shared, whole["Properties"])
	return whole
}

// inherit adds a member of a mapping where it is missing, and puts shared elements of a list first.
func inherit(shared, own any) any {
	switch shared := shared.(type) {
	case map[string]any:
		if own, ok := own.(map[string]any); ok {
			out := maps.Clone(shared)
			for name, value := range own {
				out[name] = inherit(shared[name], value)
			}
			return out
		}
	case []any:
		if own, ok := own.([]any); ok {
			return append(append([]any{}, shared...), own...)
		}
	}
	if own == nil {
		return shared
	}
	return own
}

// Bind returns a value of a nested template as the template around it would write it: with the
// arguments in the place of the parameters of these names.
func Bind(v any, arguments map[string]any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = Bind(element, arguments)
		}
		return out
	case map[string]any:
		if argument, ok := arguments[Text(v["Ref"])]; ok {
			return argument
		}
		out := map[string]any{}
		for name, value := range v {
			out[name] = Bind(value, arguments)
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			out["Fn::Sub"] = bindText(text, arguments)
		}
		return out
	}
	return v
}

var variable = regexp.MustCompile(`\$\{\w+\}`)

// bindText leaves a parameter whose argument has no form in the text of a !Sub.
func bindText(text string, arguments map[string]any) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		switch argument := arguments[name[2:len(name)-1]].(type) {
		case nil:
		case map[string]any:
			if path, ok := argument["Fn::GetAtt"].([]any); ok {
				return fmt.Sprintf("${%v.%v}", path...)
			}
			if of, ok := argument["Ref"]; ok {
				return fmt.Sprintf("${%v}", of)
			}
			if text, ok := argument["Fn::Sub"].(string); ok {
				return text
			}
		default:
			return fmt.Sprint(argument)
		}
		return name
	})
}
