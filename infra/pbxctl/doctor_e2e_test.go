//go:build e2e

package main

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/infra/e2e/localcloud"
	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/cloudtest"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/doctor"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// The commands that doctor names put right what it finds.
func TestDoctorAndKeysOverLocalStack(t *testing.T) {
	cloud := localcloud.Open(t)
	table, bucket := cloud.NewTable(t), cloud.NewBucket(t)
	name := "trunkline-" + bucket
	if _, err := cloud.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String(cloudtest.ExampleSecret)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.RemoveSecret(name) })
	records, err := stack.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stack.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	keys := &token.Source{Now: time.Now, Read: func(ctx context.Context) (*token.Keyring, error) { return stack.Keyring(ctx, name) }}
	in := ingest.New(keys, store.New(records, time.Now), archive.NewDirect(objects), objects, time.Now)
	endpoint := httptest.NewServer(ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now))
	defer endpoint.Close()
	args := []string{"doctor", "--table", table, "--bucket", bucket, "--secret", name, "--url", endpoint.URL}

	out, _ := examine(t, nil, time.Now, args...)
	var failed []string
	for _, line := range failures(out) {
		failed = append(failed, strings.TrimSpace(line[8:24]))
	}
	if !slices.Equal(failed, []string{"table expiry", "table backups", "table deletion"}) {
		t.Fatalf("%q failed:\n%s", failed, out)
	}
	protect(t, cloud, table, bucket)
	if out, code := examine(t, nil, time.Now, args...); code != 0 {
		t.Errorf("exit %d:\n%s", code, out)
	}
	rotates(t, unknownUsers, "--secret", name)
	if out, code := examine(t, nil, time.Now, args...); code != 0 {
		t.Errorf("with keys that were rotated: exit %d:\n%s", code, out)
	}
	left(t, records, objects)
}

func protect(t *testing.T, cloud localcloud.Cloud, table, bucket string) {
	t.Helper()
	_, ttl := cloud.DynamoDB.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: &table,
		TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{AttributeName: aws.String("expires"), Enabled: aws.Bool(true)}})
	_, backups := cloud.DynamoDB.UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{TableName: &table,
		PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)}})
	_, deletion := cloud.DynamoDB.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &table, DeletionProtectionEnabled: aws.Bool(true)})
	_, public := cloud.S3.PutPublicAccessBlock(t.Context(), &awss3.PutPublicAccessBlockInput{Bucket: &bucket,
		PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true),
			BlockPublicPolicy: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}})
	for _, err := range []error{ttl, backups, deletion, public} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// left fails the test where anything is left of the test device.
func left(t *testing.T, table *dynamo.Table, bucket archive.Bucket) {
	t.Helper()
	for _, pk := range []string{string(doctor.TestMAC), "FLEET", "FLEET#" + string(doctor.TestMAC[11:])} {
		for item, err := range table.Query(t.Context(), store.Range{PK: pk}) {
			t.Errorf("%s is left: %v", item.SK, err)
		}
	}
	for name, err := range bucket.List(t.Context(), "", "") {
		t.Errorf("%s is left: %v", name, err)
	}
}
