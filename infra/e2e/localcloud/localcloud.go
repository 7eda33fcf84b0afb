// Package localcloud gives tests the stand-in for AWS that AWS_ENDPOINT_URL names, with
// fresh tables and buckets in it.
package localcloud

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Cloud has clients of the stand-in.
type Cloud struct {
	DynamoDB *dynamodb.Client
	S3       *s3.Client
	Secrets  *secretsmanager.Client
	SQS      *sqs.Client
}

// Open fails the test where there is no stand-in: AWS itself is not for tests.
func Open(t *testing.T) Cloud {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Fatal("AWS_ENDPOINT_URL is not set: start LocalStack, or run `make e2e`, which does")
	}
	settings, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return Cloud{
		dynamodb.NewFromConfig(settings),
		s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true }),
		secretsmanager.NewFromConfig(settings),
		sqs.NewFromConfig(settings),
	}
}

// name is one that nobody else uses.
func name() string { return "trunkline-test-" + strings.ToLower(rand.Text()) }

// NewTable makes a table as the template does, which the end of the test removes.
func (c Cloud) NewTable(t *testing.T) string {
	t.Helper()
	table := name()
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := c.DynamoDB.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text("pk"), text("sk")},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.RemoveTable(table) })
	return table
}

// RemoveTable removes a table, though it may be protected.
func (c Cloud) RemoveTable(table string) error {
	ctx := context.Background()
	_, err := c.DynamoDB.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &table, DeletionProtectionEnabled: aws.Bool(false)})
	if err != nil {
		return fmt.Errorf("remove the table %s: %w", table, err)
	}
	if _, err := c.DynamoDB.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
		return fmt.Errorf("remove the table %s: %w", table, err)
	}
	return nil
}

// NewBucket makes a bucket, which the end of the test empties and removes.
func (c Cloud) NewBucket(t *testing.T) string {
	t.Helper()
	bucket := name()
	if _, err := c.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.RemoveBucket(bucket); err != nil {
			t.Error(err)
		}
	})
	return bucket
}

// RemoveBucket removes a bucket with all versions of all objects.
func (c Cloud) RemoveBucket(bucket string) error {
	ctx := context.Background()
	pages := s3.NewListObjectVersionsPaginator(c.S3, &s3.ListObjectVersionsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("empty the bucket %s: %w", bucket, err)
		}
		for _, v := range page.Versions {
			c.S3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId})
		}
		for _, v := range page.DeleteMarkers {
			c.S3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId})
		}
	}
	if _, err := c.S3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket}); err != nil {
		return fmt.Errorf("remove the bucket %s: %w", bucket, err)
	}
	return nil
}

// RemoveSecret removes a secret at once.
func (c Cloud) RemoveSecret(id string) error {
	_, err := c.Secrets.DeleteSecret(context.Background(),
		&secretsmanager.DeleteSecretInput{SecretId: &id, ForceDeleteWithoutRecovery: aws.Bool(true)})
	if err != nil {
		return fmt.Errorf("remove the secret %s: %w", id, err)
	}
	return nil
}
