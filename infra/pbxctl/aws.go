package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/pkg/archive/s3"
	"trunkline/pkg/cloud"
	"trunkline/pkg/cloud/stackcheck"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

func openDynamoDB(ctx context.Context, table string) (*dynamo.Table, error) {
	settings, err := awsSettings(ctx)
	if err != nil {
		return nil, err
	}
	return dynamo.New(dynamodb.NewFromConfig(settings), table), nil
}

func openS3(ctx context.Context, bucket string) (*s3.Bucket, error) {
	settings, err := awsSettings(ctx)
	if err != nil {
		return nil, err
	}
	return s3.New(newS3(settings), bucket), nil
}

func openSecret(ctx context.Context, id string) (*cloud.Secret, error) {
	settings, err := awsSettings(ctx)
	if err != nil {
		return nil, err
	}
	return cloud.NewSecret(secretsmanager.NewFromConfig(settings), id), nil
}

// readSecret reads the fleet keys in a secret.
func readSecret(ctx context.Context, id string) (*token.Keyring, error) {
	s, err := openSecret(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Keyring(ctx)
}

// checkClients returns the clients of AWS that doctor needs.
func checkClients(ctx context.Context) (stackcheck.Clients, error) {
	settings, err := awsSettings(ctx)
	if err != nil {
		return stackcheck.Clients{}, err
	}
	return stackcheck.Clients{
		Region: settings.Region, Identity: sts.NewFromConfig(settings), Stacks: cloudformation.NewFromConfig(settings),
		Tables: dynamodb.NewFromConfig(settings), Buckets: newS3(settings), Secrets: secretsmanager.NewFromConfig(settings),
	}, nil
}

func newS3(settings aws.Config) *awss3.Client {
	// A stand-in for S3 has no host name for each bucket.
	return awss3.NewFromConfig(settings, func(o *awss3.Options) { o.UsePathStyle = settings.BaseEndpoint != nil })
}

// awsSettings returns the settings of the AWS CLI: environment, profiles and roles.
func awsSettings(ctx context.Context) (aws.Config, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings: %w", err)
	}
	if settings.Region == "" {
		return aws.Config{}, errors.New("AWS settings: no region: set AWS_REGION, or choose a profile with AWS_PROFILE")
	}
	return settings, nil
}
