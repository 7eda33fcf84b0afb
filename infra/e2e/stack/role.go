package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// Policy returns the statements of all policies of a role, which is named as in the
// template. A role that has policies of others than its own is an error: they can't be read
// from here.
func (s *Stack) Policy(ctx context.Context, role string) ([]Statement, error) {
	all, err := s.policies(ctx, s.Resources[role])
	if err != nil {
		return nil, fmt.Errorf("role %s: %w", role, err)
	}
	return all, nil
}

func (s *Stack) policies(ctx context.Context, id string) (all []Statement, err error) {
	var attached struct {
		Names []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyName"`
	}
	var own struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
	}
	if err := s.api.ask(ctx, "iam", &attached, "Action", "ListAttachedRolePolicies", "RoleName", id); err != nil {
		return nil, err
	}
	if err := s.api.ask(ctx, "iam", &own, "Action", "ListRolePolicies", "RoleName", id); err != nil {
		return nil, err
	}
	switch {
	case len(attached.Names) > 0:
		return nil, fmt.Errorf("it has policies that are not its own: %q", attached.Names)
	case len(own.Names) == 0:
		return nil, errors.New("it has no policy")
	}
	for _, name := range own.Names {
		some, err := s.policy(ctx, id, name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (s *Stack) policy(ctx context.Context, role, name string) ([]Statement, error) {
	var out struct {
		Document string `xml:"GetRolePolicyResult>PolicyDocument"`
	}
	if err := s.api.ask(ctx, "iam", &out, "Action", "GetRolePolicy", "RoleName", role, "PolicyName", name); err != nil {
		return nil, err
	}
	text, err := url.PathUnescape(out.Document)
	if err != nil {
		return nil, err
	}
	var document struct{ Statement []Statement }
	return document.Statement, json.Unmarshal([]byte(text), &document)
}

// Statement is one of a policy.
type Statement struct {
	Effect    string
	Action    oneOrMore
	Resource  oneOrMore
	Condition map[string]map[string]oneOrMore
}

// oneOrMore is a list, which a policy may write as its only element.
type oneOrMore []string

func (l *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*l = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}
