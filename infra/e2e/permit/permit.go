// Package permit holds what a role allows against what the calls need that were made with
// it.
package permit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/infra/e2e/stack"
	"trunkline/infra/e2e/tap"
)

// Set is a set of permissions, such as "s3:ListBucket archive of spill/*". Each has an action
// and its resource, without partition, region and account. A permission to list a bucket also
// has the names that may be listed.
type Set map[string]bool

// Granted is what statements allow. One of a form that no policy here has is an error.
func Granted(statements []stack.Statement) (Set, error) {
	granted := Set{}
	for _, s := range statements {
		prefixes, err := prefixes(s)
		if err != nil {
			return nil, err
		}
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				for _, prefix := range prefixes {
					granted[action+" "+name(resource)+prefix] = true
				}
			}
		}
	}
	return granted, nil
}

// prefixes are the names to which a statement restricts the listing of a bucket: none where
// it has no condition.
func prefixes(s stack.Statement) ([]string, error) {
	if s.Effect != "Allow" {
		return nil, fmt.Errorf("a statement of the effect %q", s.Effect)
	}
	if len(s.Condition) == 0 {
		return []string{""}, nil
	}
	like := s.Condition["StringLike"]
	if len(s.Condition) != 1 || len(like) != 1 || len(like["s3:prefix"]) == 0 {
		return nil, fmt.Errorf("a statement with the condition %v", s.Condition)
	}
	var all []string
	for _, prefix := range like["s3:prefix"] {
		all = append(all, " of "+prefix)
	}
	return all, nil
}

// name is the last part of an ARN.
func name(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[len(parts)-1]
}

// Needed is what calls need that were made. A call that is not known is an error.
func Needed(calls []tap.Call) (Set, error) {
	needed := Set{}
	for _, c := range calls {
		var permissions []string
		switch c.Service {
		case "dynamodb":
			permissions = []string{"dynamodb:" + c.Operation + " table/" + c.Resource}
		case "sqs":
			permissions = []string{sqs[c.Operation] + " " + c.Resource[strings.LastIndexByte(c.Resource, '/')+1:]}
		case "firehose": // a role has all streams of its stack
			stack, _, _ := strings.Cut(c.Resource, streams)
			permissions = []string{"firehose:" + c.Operation + " deliverystream/" + stack + streams + "*"}
		case "secretsmanager":
			permissions = []string{"secretsmanager:" + c.Operation + " " + name(c.Resource)}
		case "s3":
			permissions = ofS3(c)
		}
		if len(permissions) == 0 || strings.HasPrefix(permissions[0], " ") {
			return nil, fmt.Errorf("a call of which nobody knows what it needs: %+v", c)
		}
		for _, p := range permissions {
			needed[p] = true
		}
	}
	return needed, nil
}

// streams stands between the names of a stack and of a kind, in the name of a delivery stream.
const streams = "-raw-"

// sqs has the actions that are not named like their operations.
var sqs = map[string]string{"SendMessage": "sqs:SendMessage", "SendMessageBatch": "sqs:SendMessage"}

// objects has the actions on objects, as in the Amazon S3 user guide, "Required permissions
// for Amazon S3 API operations".
var objects = map[string]string{
	"GetObject": "s3:GetObject", "HeadObject": "s3:GetObject", "PutObject": "s3:PutObject", "DeleteObject": "s3:DeleteObject",
}

// ofS3 is what a call of S3 needs. Objects are told apart by the first folder of their
// names. Whoever may not list an object that is missing is told that it is forbidden:
// there S3 takes the object's name for the prefix of a listing.
func ofS3(c tap.Call) []string {
	bucket, key, _ := strings.Cut(c.Resource, "/")
	if c.Operation == "ListObjectsV2" {
		return []string{"s3:ListBucket " + bucket + " of " + folder(c.Prefix)}
	}
	action := objects[c.Operation]
	if action == "" {
		return nil
	}
	needed := []string{action + " " + bucket + "/" + folder(key)}
	if action == "s3:GetObject" && c.Status == 404 {
		needed = append(needed, "s3:ListBucket "+bucket+" of "+folder(key))
	}
	return needed
}

// folder is the pattern of all names in the first folder of one.
func folder(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first + "/*"
}

// Add adds permissions.
func (s Set) Add(permissions ...string) {
	for _, p := range permissions {
		s[p] = true
	}
}

// Less is what is in s, and not in other.
func (s Set) Less(other Set) []string {
	var rest []string
	for _, p := range slices.Sorted(maps.Keys(s)) {
		if !other[p] {
			rest = append(rest, p)
		}
	}
	return rest
}
