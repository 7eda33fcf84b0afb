package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/pkg/config"
)

// Patience is how long requests to AWS may take.
type Patience struct {
	Attempt time.Duration // for one try
	Backoff time.Duration // at most, before another one
}

// Settings are those of clients of AWS, made from the environment alone.
type Settings struct {
	Region      string
	Credentials aws.CredentialsProvider
	HTTP        *awshttp.BuildableClient
	Endpoint    *string // of a stand-in; nil: AWS itself
	patience    Patience
}

// NewSettings makes settings, whose clients share their connections.
func NewSettings(c config.AWS, p Patience) Settings {
	s := Settings{Region: c.Region, patience: p}
	s.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})
	s.HTTP = awshttp.NewBuildableClient().WithTimeout(p.Attempt).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = t.MaxIdleConns // arrays are written over many connections
	})
	if c.Endpoint != "" {
		s.Endpoint = &c.Endpoint
	}
	return s
}

// Retryer makes the retryer of one client, since it remembers failures.
func (s Settings) Retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = s.patience.Backoff })
}

// DynamoDB makes a client.
func (s Settings) DynamoDB() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
	})
}

// S3 makes a client.
func (s Settings) S3() *s3.Client {
	return s3.New(s3.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
		UsePathStyle:               s.Endpoint != nil, // a stand-in has no host name for each bucket
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	})
}

func (s Settings) secrets() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
	})
}
