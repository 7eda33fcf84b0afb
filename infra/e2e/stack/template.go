package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// made are the types that a stand-in makes, by their services.
var made = regexp.MustCompile(`(?m)^    Type: AWS::(DynamoDB|S3|SecretsManager|SQS|IAM|Logs)::`)

// Template is a template's text: sections of entries, each of which begins with its name,
// two spaces from the margin.
type Template struct {
	sections []section
}

type section struct {
	head    string // all before the first entry
	entries []entry
}

type entry struct{ name, text string }

var (
	sectionStart = regexp.MustCompile(`^[A-Za-z]+:`)
	entryStart   = regexp.MustCompile(`^  ([A-Za-z0-9]+):`)
)

// Parse splits a template.
func Parse(text []byte) Template {
	t := Template{[]section{{}}}
	for line := range strings.Lines(string(text)) {
		if sectionStart.MatchString(line) {
			t.sections = append(t.sections, section{})
		}
		s := &t.sections[len(t.sections)-1]
		switch found := entryStart.FindStringSubmatch(line); {
		case found != nil:
			s.entries = append(s.entries, entry{found[1], line})
		case len(s.entries) > 0:
			s.entries[len(s.entries)-1].text += line
		default:
			s.head += line
		}
	}
	return t
}

// String is the template's text.
func (t Template) String() string {
	var b strings.Builder
	for _, s := range t.sections {
		b.WriteString(s.head)
		for _, e := range s.entries {
			b.WriteString(e.text)
		}
	}
	return b.String()
}

// section is that of a name, such as Resources.
func (t Template) section(name string) *section {
	for i := range t.sections {
		if strings.HasPrefix(t.sections[i].head, name+":") {
			return &t.sections[i]
		}
	}
	return &section{}
}

// Stores is the template without what a stand-in can't make, and without whatever names
// that.
func (t Template) Stores() Template {
	var cut []string
	for _, e := range t.section("Resources").entries {
		if !made.MatchString(e.text) {
			cut = append(cut, e.name)
		}
	}
	stores := Parse([]byte(t.String()))
	for len(cut) > 0 {
		cut = append(stores.section("Resources").drop(cut), stores.section("Outputs").drop(cut)...)
	}
	return stores
}

// drop drops the entries of these names, and tells which of the others name them.
func (s *section) drop(names []string) (orphans []string) {
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return slices.Contains(names, e.name) })
	uses := regexp.MustCompile(`(!Ref |!GetAtt |DependsOn: |\$\{)(` + strings.Join(names, "|") + `)\b`)
	for _, e := range s.entries {
		if uses.MatchString(e.text) {
			orphans = append(orphans, e.name)
		}
	}
	return orphans
}

// Function is what the template says of a function.
type Function struct {
	Role      string            // the resource that is its role
	Variables map[string]string // of its environment, whose value is a resource or a parameter: by name
}

var (
	roleOf     = regexp.MustCompile(`(?m)^      Role: !GetAtt (\w+)\.Arn`)
	variableOf = regexp.MustCompile(`(?m)^          ([A-Z_]+): !Ref (\w+)`)
)

// Function reads a function's resource.
func (t Template) Function(name string) (Function, error) {
	for _, e := range t.section("Resources").entries {
		role := roleOf.FindStringSubmatch(e.text)
		if e.name != name || role == nil {
			continue
		}
		f := Function{role[1], map[string]string{}}
		for _, found := range variableOf.FindAllStringSubmatch(e.text, -1) {
			f.Variables[found[1]] = found[2]
		}
		return f, nil
	}
	return Function{}, fmt.Errorf("the template has no function %s with a role", name)
}
