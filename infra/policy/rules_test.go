package policy

import (
	"slices"
	"testing"
)

// A rule is something that the template promises.
type rule struct {
	says  string
	check func(template) findings
}

// rules are all of them. Each has an example that breaks it in testdata/broken.yaml.
func rules() []rule {
	return []rule{
		{"each resource says what breaks without it", explained},
		{"each parameter is described, bounded, and has a default and a place in the form", documented},
		{"each output is described", described},
		{"what is kept is encrypted, and the rules know every type that is used", encrypted},
		{"what is kept stays when the stack goes, and can be brought back", retained},
		{"nothing is public", private},
		{"everything travels encrypted", overTLS},
		{"each function has a role of its own, and all its rights stand there", ownRoles},
		{"nobody may do more than what is named, to what is named", leastPrivilege},
		{"no secret stands in a function's environment", noSecrets},
		{"functions and the API log to groups that expire, and never a path", logged},
		{"the API is throttled", throttled},
		{"functions, queues of failures and the API are watched", watched},
		{"each alarm says what missing data means, where to read on, and whom it notifies", alarming},
		{"times that depend on each other agree", timed},
		{"only raw/ and quarantine/ grow cold, and nothing in the archive expires unless it is asked for", ageless},
		{"the template is within CloudFormation's limits", limited},
	}
}

func TestTheTemplateKeepsItsRules(t *testing.T) {
	ours := load(t, "../../template.yaml")
	if len(ours.resources) < 40 || len(ours.functions()) < 2 || len(ours.parameters) < 20 {
		t.Fatalf("only %d resources, %d functions and %d parameters were read", len(ours.resources), len(ours.functions()), len(ours.parameters))
	}
	for _, r := range rules() {
		for _, found := range r.check(ours) {
			t.Errorf("%s, but\n\t%s", r.says, found)
		}
	}
	for _, nested := range ours.nested {
		for _, found := range append(limited(nested), described(nested)...) {
			t.Errorf("%s: %s", nested.file, found)
		}
	}
}

func TestEachRuleCanBeBroken(t *testing.T) {
	examples := broken(t)
	for says, examples := range examples {
		i := slices.IndexFunc(rules(), func(r rule) bool { return r.says == says })
		if i < 0 {
			t.Errorf("no rule %q", says)
			continue
		}
		for _, e := range examples {
			if found := rules()[i].check(e.template); len(found) != 1 || found[0] != e.found {
				t.Errorf("%s: found %q, want %q", says, found, e.found)
			}
		}
	}
	for _, r := range rules() {
		if len(examples[r.says]) == 0 {
			t.Errorf("nothing breaks %q", r.says)
		}
	}
}
