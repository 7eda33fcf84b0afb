package stackcheck

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/cloudtest"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/doctor"
)

// check runs all checks of the stack, and returns their results.
func check(t *testing.T) (all []doctor.Result) {
	t.Helper()
	to := &doctor.Checkup{Now: time.Now, Report: func(r doctor.Result) { all = append(all, r) }}
	Run(t.Context(), to, stack.Site{Stack: "trunkline"})
	return all
}

func failed(all []doctor.Result) (failed []doctor.Result) {
	for _, r := range all {
		if !r.OK {
			failed = append(failed, r)
		}
	}
	return failed
}

func TestNothingIsWrongWithAnEnvironmentAsItShouldBe(t *testing.T) {
	aws := cloudtest.New(t)
	all := check(t)
	if len(all) != 22 || len(failed(all)) > 0 {
		t.Errorf("%d checks; failed: %+v", len(all), failed(all))
	}
	if left := aws.Left(); len(left) > 0 {
		t.Errorf("they leave %q", left)
	}
	for _, r := range all {
		if text := r.Found + r.Do; strings.Contains(text, "an-example-that-signs") || strings.Contains(text, "k1-1-") {
			t.Errorf("a key or token is shown: %+v", r)
		}
	}
}

func TestEveryFaultIsFoundByTheCheckOfItsPart(t *testing.T) {
	fails, answers := cloudtest.Fails, cloudtest.Answers
	nothing := func(action, answer string) func(*testing.T, *cloudtest.AWS) {
		return func(_ *testing.T, f *cloudtest.AWS) { f.Answers[action] = answer }
	}
	for name, c := range map[string]struct {
		broken func(*testing.T, *cloudtest.AWS)
		check  string // that fails, alone or first
		says   string // what is wrong, or what to do about it
	}{
		"no region":                {func(t *testing.T, _ *cloudtest.AWS) { t.Setenv("AWS_REGION", "") }, "region", "set AWS_REGION"},
		"expired login":            {fails("GetCallerIdentity", "ExpiredToken"), "identity", "log in again"},
		"denied identity":          {fails("GetCallerIdentity", "AccessDenied"), "identity", "sts:GetCallerIdentity"},
		"clock that is off":        {func(_ *testing.T, f *cloudtest.AWS) { f.Date = time.Now().Add(-3 * time.Minute) }, "clock", "NTP"},
		"no stack":                 {fails("DescribeStacks", "ValidationError"), "stack", "the stack trunkline does not exist"},
		"denied stack":             {fails("DescribeStacks", "AccessDenied"), "stack", "cloudformation:DescribeStacks"},
		"empty list of stacks":     {nothing("DescribeStacks", "<DescribeStacksResponse><DescribeStacksResult><Stacks></Stacks></DescribeStacksResult></DescribeStacksResponse>"), "stack", "there is no stack trunkline"},
		"stack without table":      {answers("DescribeStacks", "TableName", "Other"), "stack", "CREATE_COMPLETE and has no output TableName"},
		"stack without bucket":     {answers("DescribeStacks", "BucketName", "Other"), "stack", "no output BucketName"},
		"stack without secret":     {answers("DescribeStacks", "FleetKeysSecretArn", "Other"), "stack", "no output FleetKeysSecretArn"},
		"stack without URL":        {answers("DescribeStacks", "ApiUrl", "Other"), "stack", "no output ApiUrl"},
		"no table":                 {fails("DescribeTable", "ResourceNotFoundException"), "table", "the table records does not exist"},
		"denied table":             {fails("DescribeTable", "AccessDeniedException"), "table", "dynamodb:DescribeTable"},
		"table in the making":      {answers("DescribeTable", "ACTIVE", "CREATING"), "table", "the table records is CREATING"},
		"another sort key":         {answers("DescribeTable", `"sk"`, `"id"`), "table", "not those of Trunkline's"},
		"a number as a key":        {answers("DescribeTable", `"AttributeType":"S"}]`, `"AttributeType":"N"}]`), "table", "not those of Trunkline's"},
		"denied expiry":            {fails("DescribeTimeToLive", "AccessDeniedException"), "table expiry", "dynamodb:DescribeTimeToLive"},
		"no expiry":                {answers("DescribeTimeToLive", "ENABLED", "DISABLED"), "table expiry", "update-time-to-live --table-name records"},
		"expiry by another member": {answers("DescribeTimeToLive", "expires", "ttl"), "table expiry", "update-time-to-live"},
		"nothing said of expiry":   {nothing("DescribeTimeToLive", "{}"), "table expiry", "update-time-to-live"},
		"denied backups":           {fails("DescribeContinuousBackups", "AccessDeniedException"), "table backups", "dynamodb:DescribeContinuousBackups"},
		"no backups":               {answers("DescribeContinuousBackups", `Status":"ENABLED"}}}`, `Status":"DISABLED"}}}`), "table backups", "update-continuous-backups"},
		"nothing said of backups":  {nothing("DescribeContinuousBackups", "{}"), "table backups", "update-continuous-backups"},
		"deletable":                {answers("DescribeTable", "true", "false"), "table deletion", "--deletion-protection-enabled"},
		"denied reads":             {fails("GetItem", "AccessDeniedException"), "table access", "allow this identity dynamodb:GetItem on it"},
		"denied query":             {fails("Query", "AccessDeniedException"), "table access", "allow this identity dynamodb:Query"},
		"denied writes":            {fails("PutItem", "AccessDeniedException"), "table access", "dynamodb:PutItem"},
		"denied deletes":           {fails("DeleteItem", "AccessDeniedException"), "table access", "allow this identity dynamodb:DeleteItem on it"},
		"all of a table denied":    {all(fails("GetItem", "AccessDeniedException"), fails("Query", "AccessDeniedException")), "table access", "dynamodb:GetItem, dynamodb:Query"},
		"table that fails":         {fails("Query", "InternalServerError"), "table access", "try again in a minute"},
		"no bucket":                {fails("HeadBucket", "NotFound"), "bucket", "the bucket archive does not exist"},
		"denied privacy":           {fails("GetPublicAccessBlock", "AccessDenied"), "bucket privacy", "s3:GetBucketPublicAccessBlock"},
		"public lists":             {answers("GetPublicAccessBlock", "<BlockPublicAcls>true", "<BlockPublicAcls>false"), "bucket privacy", "put-public-access-block --bucket archive"},
		"lists not ignored":        {answers("GetPublicAccessBlock", "<IgnorePublicAcls>true", "<IgnorePublicAcls>false"), "bucket privacy", "public access is not blocked"},
		"public policy":            {answers("GetPublicAccessBlock", "<BlockPublicPolicy>true", "<BlockPublicPolicy>false"), "bucket privacy", "public access is not blocked"},
		"public bucket":            {answers("GetPublicAccessBlock", "<RestrictPublicBuckets>true", "<RestrictPublicBuckets>false"), "bucket privacy", "public access is not blocked"},
		"unblocked bucket":         {fails("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"), "bucket privacy", "put-public-access-block"},
		"denied cipher":            {fails("GetBucketEncryption", "AccessDenied"), "bucket cipher", "s3:GetEncryptionConfiguration"},
		"plain bucket":             {fails("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"), "bucket cipher", "put-bucket-encryption"},
		"cipher without a rule":    {nothing("GetBucketEncryption", "<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>"), "bucket cipher", "objects are not encrypted"},
		"denied list":              {fails("ListObjects", "AccessDenied"), "bucket access", "allow this identity s3:ListBucket on it"},
		"denied put":               {fails("PUTObject", "AccessDenied"), "bucket access", "s3:PutObject"},
		"denied object":            {fails("GETObject", "AccessDenied"), "bucket access", "allow this identity s3:GetObject on it"},
		"denied removal":           {fails("DELETEObject", "AccessDenied"), "bucket access", "allow this identity s3:DeleteObject on it"},
		"refused event":            {refused, "quarantine", "1 events of 1 PBXs could not be read"},
		"no secret":                {fails("GetSecretValue", "ResourceNotFoundException"), "keys", "the secret keys does not exist"},
		"denied secret":            {fails("GetSecretValue", "AccessDeniedException"), "keys", "allow this identity secretsmanager:GetSecretValue"},
		"no keyring":               {func(_ *testing.T, f *cloudtest.AWS) { f.Secret.Texts[0] = "{}" }, "keys", "the fleet keys lack the key"},
		"another's URL":            {func(_ *testing.T, f *cloudtest.AWS) { f.Endpoint = http.NotFoundHandler() }, "url", "not Trunkline, but something else answers there"},
		"other keys": {func(t *testing.T, f *cloudtest.AWS) {
			f.Serve(t, strings.ReplaceAll(cloudtest.ExampleSecret, "k1", "k2"))
		}, "delivery", "use the secret"},
	} {
		t.Run(name, func(t *testing.T) {
			c.broken(t, cloudtest.New(t))
			failed := failed(check(t))
			if len(failed) == 0 || failed[0].Check != c.check || !strings.Contains(failed[0].Found+": "+failed[0].Do, c.says) {
				t.Errorf("failed: %+v; want %s to say %q", failed, c.check, c.says)
			}
		})
	}
}

// all breaks several things.
func all(some ...func(*testing.T, *cloudtest.AWS)) func(*testing.T, *cloudtest.AWS) {
	return func(t *testing.T, f *cloudtest.AWS) {
		for _, breaks := range some {
			breaks(t, f)
		}
	}
}

// refused puts an event into quarantine.
func refused(t *testing.T, f *cloudtest.AWS) {
	e := archive.Envelope{MAC: "68692e0b0001", Received: time.Now(), Reason: "line 1, column 1: no", Body: []byte("{")}
	if err := archive.Keep(t.Context(), f.Objects, e); err != nil {
		t.Fatal(err)
	}
}

// A part that the site does not name is not checked.
func TestOnlyTheNamedPartsAreChecked(t *testing.T) {
	cloudtest.New(t)
	var names []string
	to := &doctor.Checkup{Now: time.Now, Report: func(r doctor.Result) { names = append(names, r.Check) }}
	Run(t.Context(), to, stack.Site{Secret: "keys"})
	if got := strings.Join(names, ", "); got != "region, identity, clock, keys" {
		t.Error(got)
	}
}
