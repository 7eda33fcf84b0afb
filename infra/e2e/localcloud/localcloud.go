// Package localcloud gives tests the stand-in for AWS that AWS_ENDPOINT_URL names, and
// fresh tables, buckets and secrets in it.
package localcloud

import (
	"context"
	"crypto/rand"
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
	t.Cleanup(func() { c.DynamoDB.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}) })
	return table
}

// NewBucket makes a bucket, which the end of the test empties and removes.
func (c Cloud) NewBucket(t *testing.T) string {
	t.Helper()
	bucket := name()
	if _, err := c.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.removeBucket(t, bucket) })
	return bucket
}

func (c Cloud) removeBucket(t *testing.T, bucket string) {
	ctx := context.Background()
	pages := s3.NewListObjectsV2Paginator(c.S3, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Errorf("empty the bucket %s: %v", bucket, err)
			return
		}
		for _, object := range page.Contents {
			c.S3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: object.Key})
		}
	}
	if _, err := c.S3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket}); err != nil {
		t.Errorf("remove the bucket %s: %v", bucket, err)
	}
}

// NewQueue makes a queue, which the end of the test removes, and returns its URL.
func (c Cloud) NewQueue(t *testing.T) string {
	t.Helper()
	queue := name()
	out, err := c.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.SQS.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}) })
	return *out.QueueUrl
}

// NewSecret keeps a text as a secret, which the end of the test removes.
func (c Cloud) NewSecret(t *testing.T, text string) string {
	t.Helper()
	secret := name()
	if _, err := c.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &secret, SecretString: &text}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Secrets.DeleteSecret(context.Background(), &secretsmanager.DeleteSecretInput{SecretId: &secret, ForceDeleteWithoutRecovery: aws.Bool(true)})
	})
	return secret
}
