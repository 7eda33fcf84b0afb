package permit

import (
	"encoding/json"
	"slices"
	"testing"

	"trunkline/infra/e2e/stack"
	"trunkline/infra/e2e/tap"
)

const archive = "arn:aws:s3:::archive"

func statements(t *testing.T, text string) []stack.Statement {
	t.Helper()
	var all []stack.Statement
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

const role = `[
	{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"arn:aws:dynamodb:us-east-1:000000000000:table/records"},
	{"Effect":"Allow","Action":"s3:GetObject","Resource":["` + archive + `/curated/*","` + archive + `/spill/*"]},
	{"Effect":"Allow","Action":"s3:ListBucket","Resource":"` + archive + `","Condition":{"StringLike":{"s3:prefix":["curated/*","spill/*"]}}},
	{"Effect":"Allow","Action":"firehose:PutRecord","Resource":"arn:aws:firehose:us-east-1:000000000000:deliverystream/one-raw-*"},
	{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:due"},
	{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:us-east-1:000000000000:secret:keys-abc"}]`

var calls = []tap.Call{
	{Service: "dynamodb", Operation: "GetItem", Resource: "records", Status: 200},
	{Service: "dynamodb", Operation: "PutItem", Resource: "records", Status: 400},
	{Service: "s3", Operation: "HeadObject", Resource: "archive/curated/calls/a.parquet", Status: 404},
	{Service: "s3", Operation: "GetObject", Resource: "archive/spill/a.json", Status: 200},
	{Service: "s3", Operation: "ListObjectsV2", Resource: "archive", Prefix: "spill/", Status: 200},
	{Service: "firehose", Operation: "PutRecord", Resource: "one-raw-cdr"},
	{Service: "sqs", Operation: "SendMessageBatch", Resource: "http://queue:4566/000000000000/due"},
	{Service: "secretsmanager", Operation: "GetSecretValue", Resource: "arn:aws:secretsmanager:us-east-1:000000000000:secret:keys-abc"},
}

func TestARoleThatIsNeededAsItIsHasNeitherMoreNorLess(t *testing.T) {
	granted, err := Granted(statements(t, role))
	if err != nil {
		t.Fatal(err)
	}
	needed, err := Needed(calls)
	if err != nil {
		t.Fatal(err)
	}
	if lacks, more := needed.Less(granted), granted.Less(needed); len(lacks)+len(more) > 0 {
		t.Errorf("lacks %q, has besides %q", lacks, more)
	}
}

// Of each permission that is taken away one is told, and of each call that is not made.
func TestWhatDiffersIsReported(t *testing.T) {
	needed, _ := Needed(calls)
	for i, c := range calls {
		rest, err := Needed(slices.Delete(slices.Clone(calls), i, i+1))
		if err != nil {
			t.Fatal(err)
		}
		if more := needed.Less(rest); len(more) == 0 {
			t.Errorf("without %+v nothing is too much", c)
		}
	}
	for _, c := range []struct {
		call tap.Call
		want string
	}{
		{tap.Call{Service: "s3", Operation: "PutObject", Resource: "archive/curated/a", Status: 200}, "s3:PutObject archive/curated/*"},
		{tap.Call{Service: "s3", Operation: "GetObject", Resource: "archive/raw/a", Status: 200}, "s3:GetObject archive/raw/*"},
		{tap.Call{Service: "s3", Operation: "GetObject", Resource: "other/spill/a", Status: 200}, "s3:GetObject other/spill/*"},
		{tap.Call{Service: "s3", Operation: "ListObjectsV2", Resource: "archive", Prefix: "raw/kind=ivr/"}, "s3:ListBucket archive of raw/*"},
		{tap.Call{Service: "dynamodb", Operation: "Scan", Resource: "records"}, "dynamodb:Scan table/records"},
		{tap.Call{Service: "sqs", Operation: "SendMessage", Resource: "http://queue/0/other"}, "sqs:SendMessage other"},
	} {
		granted, _ := Granted(statements(t, role))
		one, err := Needed([]tap.Call{c.call})
		if got := one.Less(granted); err != nil || !slices.Equal(got, []string{c.want}) {
			t.Errorf("%+v lacks %q, %v", c.call, got, err)
		}
	}
}

func TestAnObjectThatIsMissingNeedsTheRightToList(t *testing.T) {
	needed, err := Needed([]tap.Call{{Service: "s3", Operation: "GetObject", Resource: "archive/raw/a", Status: 404}})
	if err != nil || !needed["s3:ListBucket archive of raw/*"] || !needed["s3:GetObject archive/raw/*"] {
		t.Errorf("%v, %v", needed, err)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, c := range []tap.Call{
		{Service: "kms", Operation: "Decrypt"},
		{Service: "s3", Operation: "GET ?policy=", Resource: "archive"},
		{Service: "sqs", Operation: "PurgeQueue", Resource: "http://queue/0/due"},
		{},
	} {
		if needed, err := Needed([]tap.Call{c}); err == nil {
			t.Errorf("%+v needs %v", c, needed)
		}
	}
	for _, text := range []string{
		`[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]`,
		`[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"` + archive + `","Condition":{"StringEquals":{"s3:prefix":"spill/"}}}]`,
		`[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"` + archive + `","Condition":{"StringLike":{"s3:prefix":"a"},"Bool":{"b":"true"}}}]`,
	} {
		if granted, err := Granted(statements(t, text)); err == nil {
			t.Errorf("%s grants %v", text, granted)
		}
	}
}
