package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// parameter is what a template says of a parameter, as it stands there.
type parameter struct {
	Default       string   `yaml:"Default"`
	Least         string   `yaml:"MinValue"`
	Most          string   `yaml:"MaxValue"`
	AllowedValues []string `yaml:"AllowedValues"`
	Constraint    string   `yaml:"ConstraintDescription"`
}

// values are those that it takes, as the table of operations.md says them.
func (p parameter) values() string {
	switch {
	case p.AllowedValues != nil:
		return strings.Join(p.AllowedValues, ", ")
	case p.Constraint != "":
		return strings.TrimPrefix(p.Constraint, "must be ")
	}
	return p.Least + " to " + p.Most
}

// initial is its default, as the table says it.
func (p parameter) initial() string {
	if p.Default == "" {
		return "empty"
	}
	return "`" + p.Default + "`"
}

var parameterRow = regexp.MustCompile("(?m)^\\| `([A-Z]\\w+)` \\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\|$")

func TestParametersAreAsInTheTemplate(t *testing.T) {
	var template struct {
		Parameters map[string]parameter `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../template.yaml")), &template); err != nil {
		t.Fatal(err)
	}
	rows := parameterRow.FindAllStringSubmatch(read(t, "operations.md"), -1)
	if len(rows) < 10 {
		t.Errorf("only %d parameters have a row", len(rows))
	}
	for _, row := range rows {
		p, ok := template.Parameters[row[1]]
		if want := fmt.Sprintf("%s | %s", p.initial(), p.values()); !ok || row[2]+" | "+row[3] != want {
			t.Errorf("operations.md says of %s %s | %s, and the template has %s", row[1], row[2], row[3], want)
		}
	}
}

var (
	resourceType = regexp.MustCompile(`(?m)^    Type: AWS::(\w+)::(\w+)`)
	right        = regexp.MustCompile(`"([a-z0-9]+):[A-Za-z*]+"`)
	// prefixes are those of rights, by the service that makes a resource, where they are not its name in lower case.
	prefixes = map[string]string{"KinesisFirehose": "firehose", "ApiGatewayV2": "apigateway", "Function": "lambda", "HttpApi": "apigateway", "Application": "cloudformation"}
)

func TestWhoeverDeploysMayMakeAllResources(t *testing.T) {
	var allowed []string
	for _, match := range right.FindAllStringSubmatch(read(t, "operations.md"), -1) {
		allowed = append(allowed, match[1])
	}
	needed := 0
	for _, name := range []string{"../../template.yaml", "../alarms.yaml", "../archive.yaml", "../lake.yaml"} {
		for _, match := range resourceType.FindAllStringSubmatch(read(t, name), -1) {
			maker := match[1]
			if maker == "Serverless" {
				maker = match[2]
			}
			prefix, ok := prefixes[maker]
			if !ok {
				prefix = strings.ToLower(maker)
			}
			if needed++; !slices.Contains(allowed, prefix) {
				t.Errorf("%s has an AWS::%s::%s, and the policy in operations.md does not allow %s", name, match[1], match[2], prefix)
			}
		}
	}
	if needed < 40 {
		t.Errorf("only %d resources were found", needed)
	}
}
