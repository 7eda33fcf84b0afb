//go:build e2e

package e2e

import (
	"path"
	"strings"
	"testing"

	"trunkline/infra/e2e/permit"
)

// forService is what Lambda itself does with a function's role, which no tap sees: an action, what
// it is done to, and why.
var forService = map[string][]struct{ action, resource, why string }{
	"IngestFunction": {
		{"logs:CreateLogStream", "IngestLog", "Lambda writes the log"},
		{"logs:PutLogEvents", "IngestLog", "the same"},
	},
	"RollupFunction": {
		{"logs:CreateLogStream", "RollupLog", "Lambda writes the log"},
		{"logs:PutLogEvents", "RollupLog", "the same"},
		{"sqs:ReceiveMessage", "DueQueue", "the event source polls the queue"},
		{"sqs:GetQueueAttributes", "DueQueue", "the same"},
		{"sqs:DeleteMessage", "DueQueue", "the event source deletes what is done"},
		{"sqs:SendMessage", "RollupFailures", "a run that failed for good goes there"},
	},
}

// testRoles holds the roles against the calls that were made in all tests before.
func (w *world) testRoles(t *testing.T) {
	for _, f := range []*function{w.ingest, w.rollup} {
		t.Run(f.name, func(t *testing.T) {
			needed, err := permit.Needed(f.tap.Calls())
			if err != nil {
				t.Fatal(err)
			}
			described, err := w.template.Function(f.name)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range forService[f.name] {
				needed.Add(s.action + " " + w.named(s.resource))
			}
			statements, err := w.stack.Policy(t.Context(), described.Role)
			if err != nil {
				t.Fatal(err)
			}
			granted, err := permit.Granted(statements)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d permissions", len(granted))
			for _, p := range needed.Less(granted) {
				t.Errorf("%s lacks %s", described.Role, p)
			}
			for _, p := range granted.Less(needed) {
				t.Errorf("%s may %s, which nothing needs", described.Role, p)
			}
		})
	}
}

// named is a queue or log group of the stack as permissions name it.
func (w *world) named(resource string) string {
	id := w.stack.Resources[resource]
	if strings.HasSuffix(resource, "Log") {
		return "log-group:" + id + ":*"
	}
	return path.Base(id)
}
