//go:build e2e

// Package e2e tests the whole of Trunkline as it is deployed. CloudFormation creates the
// stores from template.yaml in LocalStack. SAM CLI builds the functions, runs them in their
// containers, and takes the place of API Gateway. The functions' calls to AWS pass through a
// tap, which notes every call and makes stores fail.
package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/ingest/ingesttest"
)

func TestWhatIsDeployed(t *testing.T) {
	w := deploy(t, "direct")
	// Each goes on with what those before have left.
	t.Run("the keys can't be read at first", w.testNoKeys)
	t.Run("the function is an endpoint", w.testEndpoint)
	t.Run("days are rolled up", w.testRollup)
	t.Run("raw/ has what was posted", w.testRaw)
	t.Run("stores that stop", w.testStops)
	t.Run("LocalStack is stopped and started", w.testPauses)
	t.Run("what it costs", w.testCosts)
	t.Run("roles", w.testRoles)
	if t.Failed() {
		t.Logf("%s\n%s", w.ingest.out, w.rollup.out)
	}
}

func (w *world) testEndpoint(t *testing.T) {
	ingesttest.Run(t, w.endpoint())
	checkLog(t, w.ingest.out.String())
	w.checkPbxctl(t)
}

// checkLog looks at the function's own lines. SAM's, which name requests by their
// paths, are for the developer's eyes alone. All lines but the first have metrics.
func checkLog(t *testing.T, out string) {
	t.Helper()
	lines := ownLines(out)
	if len(lines) < 20 {
		t.Errorf("the function's log has %d lines", len(lines))
	}
	for _, line := range lines {
		measured := strings.Contains(line, `"_aws":{"Timestamp":`) || strings.Contains(line, `"msg":"function begins"`)
		if !json.Valid([]byte(line)) || !measured || regexp.MustCompile(`k\d+-\d+-`).MatchString(line) {
			t.Errorf("log: %s", line)
		}
	}
}

// ownLines are a function's own lines of what SAM CLI prints.
func ownLines(out string) []string {
	return regexp.MustCompile(`\{"time":.*"msg":.*\}`).FindAllString(out, -1)
}

// checkPbxctl reads a record from DynamoDB, and makes a URL with the secret, as an
// operator does.
func (w *world) checkPbxctl(t *testing.T) {
	t.Helper()
	got := pbxctl(t, "calls", "68:69:2e:0b:00:01", "--table", w.table, "--json")
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, `"uuid":"1541415929.807"`) {
		t.Errorf("pbxctl calls --table: %s", got)
	}
	got = pbxctl(t, "device", "url", "68:69:2e:0b:00:01", "--base", "https://pbx.example.com", "--secret", w.output(t, "FleetKeysSecretArn"))
	if want := (ingesttest.Endpoint{Base: "https://pbx.example.com", Keys: w.keys}).URL("68692e0b0001", 1) + "\n"; got != want {
		t.Errorf("pbxctl device url --secret: %s", got)
	}
}

func pbxctl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go", append([]string{"run", "./infra/pbxctl"}, args...)...)
	c.Dir = repository
	out, err := c.Output()
	if err != nil {
		t.Errorf("pbxctl %s: %v", args[0], err)
	}
	return string(out)
}
