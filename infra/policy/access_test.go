package policy

import (
	"regexp"
	"slices"
	"strings"
)

func ownRoles(t template) (f findings) {
	users := map[string]string{}
	for _, r := range t.functions() {
		role := names(r.get("Role"))
		_, known := t.named(role)
		switch {
		case !known:
			f.add(r.name, "its role is not in the template")
		case users[role] != "":
			f.add(r.name, "shares its role with %s", users[role])
		}
		users[role] = r.name
		if r.get("Policies") != nil {
			f.add(r.name, "its rights do not stand in its role")
		}
	}
	return f
}

// nameless are actions on what AWS gives no names, so that only * can be said.
func nameless() []string { return []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"} }

// aFolder is all objects under a prefix of a bucket of the template.
var aFolder = regexp.MustCompile(`^\$\{\w+\.Arn\}/[a-z_-]+/\*$`)

// ownStreams is the name of all delivery streams of the stack. Its end keeps out those of another
// stack whose name begins alike.
var ownStreams = regexp.MustCompile(`:deliverystream/\$\{AWS::StackName\}-raw-\*$`)

func leastPrivilege(t template) (f findings) {
	for _, r := range t.resources {
		if r.get("ManagedPolicyArns") != nil {
			f.add(r.name, "takes over rights that are managed elsewhere")
		}
		for _, s := range r.allowed() {
			f = append(f, tooMuch(r, s)...)
		}
	}
	return f
}

// allowed are the statements of all of a resource's policies that allow something.
func (r resource) allowed() []any {
	documents := []any{r.get("PolicyDocument"), r.get("KeyPolicy"), r.get("AssumeRolePolicyDocument")}
	for _, policy := range list(r.get("Policies")) {
		documents = append(documents, get(policy, "PolicyDocument"))
	}
	var out []any
	for _, d := range documents {
		for _, s := range statements(d) {
			if get(s, "Effect") == "Allow" {
				out = append(out, s)
			}
		}
	}
	return out
}

func tooMuch(r resource, statement any) (f findings) {
	if get(statement, "NotAction") != nil || get(statement, "NotResource") != nil || get(statement, "NotPrincipal") != nil {
		f.add(r.name, "allows all but what it names")
	}
	actions := list(get(statement, "Action"))
	for _, action := range actions {
		if strings.Contains(textOf(action), "*") {
			f.add(r.name, "may do %v", action)
		}
	}
	if r.kind == "AWS::KMS::Key" { // in its policy, * is the key itself
		return f
	}
	everything := !slices.ContainsFunc(actions, func(a any) bool { return !slices.Contains(nameless(), textOf(a)) })
	for _, to := range list(get(statement, "Resource")) {
		name := textOf(to)
		if name == "" {
			name = textOf(get(to, "Fn::Sub"))
		}
		if strings.Contains(name, "*") && !aFolder.MatchString(name) && !ownStreams.MatchString(name) && !(name == "*" && everything) {
			f.add(r.name, "may do %v to %s", actions, name)
		}
	}
	return f
}

var (
	secretive = regexp.MustCompile(`SECRET|TOKEN|PASSWORD|KEY|CREDENTIAL`)
	random    = regexp.MustCompile(`[A-Za-z0-9+/=_-]{32,}`)
)

func noSecrets(t template) (f findings) {
	for _, r := range t.functions() {
		variables, _ := r.get("Environment", "Variables").(map[string]any)
		for _, name := range sorted(variables) {
			value := variables[name]
			source, _ := t.named(names(value))
			switch {
			case secretive.MatchString(name) && source.kind != "AWS::SecretsManager::Secret":
				f.add(r.name, "%s is not the name of a secret in Secrets Manager", name)
			case random.MatchString(textOf(value)):
				f.add(r.name, "%s looks like a secret", name)
			}
		}
	}
	return f
}
