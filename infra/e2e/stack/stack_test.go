package stack

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

// stub plays CloudFormation and IAM: the answers of each action, in turn, of which the last
// goes on.
type stub struct {
	answers map[string][]string
	asked   []url.Values
}

func (a *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	a.asked = append(a.asked, r.PostForm)
	action := r.PostForm.Get("Action")
	answers := a.answers[action]
	if len(answers) == 0 || !strings.Contains(r.Header.Get("Authorization"), "aws4_request") {
		http.Error(w, "no "+action+" here", http.StatusBadRequest)
		return
	}
	io.WriteString(w, answers[0])
	if len(answers) > 1 {
		a.answers[action] = answers[1:]
	}
}

func (a *stub) api(t *testing.T) API {
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return API{server.URL, "eu-central-1", credentials.NewStaticCredentialsProvider("id", "not-a-secret", ""), time.Now}
}

func status(text string) string {
	return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>` + text + `</StackStatus><Outputs><member>` +
		`<OutputKey>TableName</OutputKey><OutputValue>records</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
}

const resources = `<DescribeStackResourcesResponse><DescribeStackResourcesResult><StackResources><member><LogicalResourceId>Table</LogicalResourceId>` +
	`<PhysicalResourceId>records</PhysicalResourceId></member></StackResources></DescribeStackResourcesResult></DescribeStackResourcesResponse>`

func TestAStackIsWaitedFor(t *testing.T) {
	a := &stub{answers: map[string][]string{
		"CreateStack": {"<CreateStackResponse/>"}, "DeleteStack": {"<DeleteStackResponse/>"},
		"DescribeStacks":         {status("CREATE_IN_PROGRESS"), status("CREATE_COMPLETE"), status("DELETE_IN_PROGRESS"), `<DescribeStacksResponse/>`},
		"DescribeStackResources": {resources},
	}}
	s, err := a.api(t).Create(t.Context(), "one", parse(t, small))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"TableName": "records"}; !maps.Equal(s.Outputs, want) || s.Resources["Table"] != "records" {
		t.Errorf("outputs %v, resources %v", s.Outputs, s.Resources)
	}
	if first := a.asked[0]; first.Get("StackName") != "one" || first.Get("TemplateBody") != textOf(t, parse(t, small)) || first.Get("Version") != "2010-05-15" {
		t.Errorf("CloudFormation was asked %v", first)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func TestAStackThatFailsIsAnError(t *testing.T) {
	for name, answers := range map[string]map[string][]string{
		"not taken":   {},
		"rolled back": {"CreateStack": {"<a/>"}, "DescribeStacks": {status("CREATE_IN_PROGRESS"), status("ROLLBACK_COMPLETE")}},
		"gone":        {"CreateStack": {"<a/>"}, "DescribeStacks": {"<a/>"}},
		"no XML":      {"CreateStack": {"<a/>"}, "DescribeStacks": {"{}"}},
	} {
		if s, err := (&stub{answers: answers}).api(t).Create(t.Context(), "one", parse(t, small)); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func policies(names, attached string) map[string][]string {
	list := func(action, list, text string) string {
		return fmt.Sprintf("<%sResponse><%[1]sResult><%[2]s>%[3]s</%[2]s></%[1]sResult></%[1]sResponse>", action, list, text)
	}
	return map[string][]string{
		"ListRolePolicies":         {list("ListRolePolicies", "PolicyNames", names)},
		"ListAttachedRolePolicies": {list("ListAttachedRolePolicies", "AttachedPolicies", attached)},
		"GetRolePolicy": {"<GetRolePolicyResponse><GetRolePolicyResult><PolicyDocument>" + url.PathEscape(
			`{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::a/b+c/*"],"Condition":{"StringLike":{"s3:prefix":"b/*"}}}]}`) +
			"</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>"},
	}
}

func TestARolesOwnPoliciesAreItsWholePolicy(t *testing.T) {
	role := func(answers map[string][]string) ([]Statement, error) {
		s := &Stack{Resources: map[string]string{"Role": "id"}, api: (&stub{answers: answers}).api(t)}
		return s.Policy(t.Context(), "Role")
	}
	got, err := role(policies("<member>one</member><member>two</member>", ""))
	one := Statement{"Allow", oneOrMore{"s3:GetObject"}, oneOrMore{"arn:aws:s3:::a/b+c/*"}, map[string]map[string]oneOrMore{"StringLike": {"s3:prefix": {"b/*"}}}}
	if !reflect.DeepEqual(got, []Statement{one, one}) || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, answers := range map[string]map[string][]string{
		"no policy":        policies("", ""),
		"another's policy": policies("<member>one</member>", "<member><PolicyName>Administrator</PolicyName></member>"),
		"no role":          {},
	} {
		if got, err := role(answers); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
