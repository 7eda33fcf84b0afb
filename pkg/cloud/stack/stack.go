package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/pkg/archive/s3"
	"trunkline/pkg/cloud"
	"trunkline/pkg/doctor"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// Site names the parts of an environment in AWS. Parts may be empty.
type Site struct {
	Stack, Table, Bucket, Secret, URL string
	// Buffer is how long the stack's delivery streams hold events before they are in the bucket; 0: it
	// has none.
	Buffer time.Duration
}

// findWithin is how long AWS may take to return a stack's outputs.
const findWithin = 20 * time.Second

// Find returns the site, with its empty parts filled in from the outputs of its stack, if it names
// one. Its error says which region and credentials were used.
func (at Site) Find(ctx context.Context) (Site, error) {
	if at.Stack == "" {
		return at, nil
	}
	settings, err := settings(ctx)
	if err != nil {
		return Site{}, err
	}
	within, cancel := context.WithTimeout(ctx, findWithin)
	defer cancel()
	found, err := at.FromStack(within, cloudformation.NewFromConfig(settings))
	if err != nil {
		err = fmt.Errorf("--stack %s can't be read in region %s with %s: %w", at.Stack, settings.Region, credentialsOf(within, settings), err)
	}
	return found, err
}

// credentialsOf says where the credentials come from. It shows no part of them.
func credentialsOf(ctx context.Context, settings aws.Config) string {
	if profile := os.Getenv("AWS_PROFILE"); profile != "" {
		return "the credentials of AWS_PROFILE " + profile
	}
	if settings.Credentials != nil {
		if found, err := settings.Credentials.Retrieve(ctx); err == nil {
			return "credentials from " + found.Source
		}
	}
	return "no credentials"
}

// FromStack returns the site, with its empty parts filled in from the outputs of its stack. Its
// error says what to do.
func (at Site) FromStack(ctx context.Context, client *cloudformation.Client) (Site, error) {
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &at.Stack})
	if err != nil {
		return at, Fault(err, "cloudformation:DescribeStacks", "the stack "+at.Stack)
	}
	if len(out.Stacks) != 1 {
		return at, doctor.Wrong("deploy it with `make deploy`", "there is no stack %s in this region", at.Stack)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for name, to := range map[string]*string{
		"TableName": &at.Table, "BucketName": &at.Bucket, "FleetKeysSecretArn": &at.Secret, "ApiUrl": &at.URL,
	} {
		if *to == "" {
			*to = outputs[name]
		}
		if *to == "" {
			return at, doctor.Wrong("look at its events in CloudFormation, and deploy it again with `make deploy`",
				"%s is %s and has no output %s", at.Stack, out.Stacks[0].StackStatus, name)
		}
	}
	at.Buffer = bufferOf(outputs["ArchiveBuffer"])
	return at, nil
}

// bufferOf reads an output in seconds. Stacks of earlier versions have none.
func bufferOf(seconds string) time.Duration {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Table opens a table of DynamoDB.
func Table(ctx context.Context, name string) (*dynamo.Table, error) {
	settings, err := settings(ctx)
	if err != nil {
		return nil, err
	}
	return dynamo.New(dynamodb.NewFromConfig(settings), name), nil
}

// Bucket opens a bucket of S3.
func Bucket(ctx context.Context, name string) (*s3.Bucket, error) {
	settings, err := settings(ctx)
	if err != nil {
		return nil, err
	}
	return s3.New(newS3(settings), name), nil
}

// Secret opens the secret of the fleet keys: its name or ARN.
func Secret(ctx context.Context, id string) (*cloud.Secret, error) {
	settings, err := settings(ctx)
	if err != nil {
		return nil, err
	}
	return cloud.NewSecret(secretsmanager.NewFromConfig(settings), id), nil
}

// Keyring reads the fleet keys in a secret.
func Keyring(ctx context.Context, id string) (*token.Keyring, error) {
	s, err := Secret(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Keyring(ctx)
}

// Clients are the clients of AWS for all parts of an environment.
type Clients struct {
	Region   string
	Identity *sts.Client
	Stacks   *cloudformation.Client
	Tables   *dynamodb.Client
	Buckets  *awss3.Client
	Secrets  *secretsmanager.Client
}

// NewClients makes clients with the operator's settings.
func NewClients(ctx context.Context) (Clients, error) {
	settings, err := settings(ctx)
	if err != nil {
		return Clients{}, err
	}
	return Clients{
		Region: settings.Region, Identity: sts.NewFromConfig(settings), Stacks: cloudformation.NewFromConfig(settings),
		Tables: dynamodb.NewFromConfig(settings), Buckets: newS3(settings), Secrets: secretsmanager.NewFromConfig(settings),
	}, nil
}

func newS3(settings aws.Config) *awss3.Client {
	// A stand-in for S3 has no host name for each bucket.
	return awss3.NewFromConfig(settings, func(o *awss3.Options) { o.UsePathStyle = settings.BaseEndpoint != nil })
}

// settings returns the settings of the AWS CLI: environment, profiles and roles.
func settings(ctx context.Context) (aws.Config, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings: %w", err)
	}
	if settings.Region == "" {
		return aws.Config{}, errors.New("AWS settings: no region: set AWS_REGION, or choose a profile with AWS_PROFILE")
	}
	return settings, nil
}
