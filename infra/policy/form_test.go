package policy

import (
	"slices"
	"strings"
)

func explained(t template) (f findings) {
	for _, r := range t.resources {
		if len(strings.Fields(r.comment)) < 6 {
			f.add(r.name, "no comment above it says what breaks without it")
		}
	}
	return f
}

func documented(t template) (f findings) {
	form := get(t.metadata, "AWS::CloudFormation::Interface")
	var places []any
	for _, group := range list(get(form, "ParameterGroups")) {
		places = append(places, list(get(group, "Parameters"))...)
	}
	for _, name := range sorted(t.parameters) {
		p := t.parameters[name]
		if len(strings.Fields(textOf(get(p, "Description")))) < 4 {
			f.add(name, "has no description")
		}
		if get(p, "Default") == nil {
			f.add(name, "has no default")
		}
		if !bounded(p) {
			f.add(name, "takes any value: needs AllowedValues, AllowedPattern with ConstraintDescription, or MinValue and MaxValue")
		}
		if !slices.Contains(places, any(name)) || textOf(get(form, "ParameterLabels", name, "default")) == "" {
			f.add(name, "has no group or no label")
		}
	}
	return f
}

func bounded(parameter any) bool {
	has := func(name string) bool { return get(parameter, name) != nil }
	return has("AllowedValues") || has("AllowedPattern") && has("ConstraintDescription") || has("MinValue") && has("MaxValue")
}

func described(t template) (f findings) {
	for _, name := range sorted(t.outputs) {
		if textOf(get(t.outputs[name], "Description")) == "" {
			f.add(name, "has no description")
		}
	}
	return f
}

// The quotas of CloudFormation, with some room for what SAM adds.
const (
	resourcesAtMost  = 400 // of 500
	parametersAtMost = 200
	outputsAtMost    = 200
	bytesAtMost      = 500_000 // of 1 MB, by way of S3, as SAM CLI does
)

func limited(t template) (f findings) {
	for _, limit := range []struct {
		what    string
		is, max int
	}{
		{"resources", len(t.own()), resourcesAtMost},
		{"parameters", len(t.parameters), parametersAtMost},
		{"outputs", len(t.outputs), outputsAtMost},
		{"bytes", t.size, bytesAtMost},
	} {
		if limit.is > limit.max {
			f.add("template", "%d %s, at most %d", limit.is, limit.what, limit.max)
		}
	}
	return f
}
