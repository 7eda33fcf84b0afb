// Package policy holds template.yaml to what it promises: nothing is public, nothing is in
// the clear, nobody may do more than their work, nothing that is kept goes with the stack,
// and whatever fails is noticed. Its rules are a table (rules_test.go); beside each stands
// examples that break it (testdata/broken.yaml). It also holds together what has to agree: the
// metrics that alarms and the dashboard name with those that are emitted, alarms with the
// runbook, and what is adopted by a new stack with what the template makes.
//
// It knows CloudFormation as YAML, before SAM's transformation; `sam validate --lint` knows
// the rest. The package has tests only.
package policy
