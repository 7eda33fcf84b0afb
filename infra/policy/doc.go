// Package policy checks that template.yaml keeps its promises, with the templates that are nested in
// it: rules see their resources as if all stood in one. Nothing is public, and
// nothing is unencrypted. Nobody may do more than their work. Stored data outlives the stack,
// and every failure is noticed. Its rules are a table (rules_test.go); beside each stands
// examples that break it (testdata/broken.yaml). It also checks what must
// agree: the metrics that alarms and the dashboard name, and those that are emitted. Also
// alarms and the runbook; what a new stack adopts, and what the template creates. And it
// checks that an upgrade keeps what a stack has (testdata/released.yaml).
//
// It knows CloudFormation as YAML, before SAM's transformation; `sam validate --lint` knows
// the rest. The package has tests only.
package policy
