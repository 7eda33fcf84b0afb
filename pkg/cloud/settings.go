package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/pkg/config"
)

// Timeouts limit requests to AWS.
type Timeouts struct {
	Attempt time.Duration // the longest time of one try
	Backoff time.Duration // the longest pause before the next try
}

// Settings are the settings of AWS clients, from the environment only.
type Settings struct {
	Region      string
	Credentials aws.CredentialsProvider
	HTTP        *awshttp.BuildableClient
	Endpoint    *string // of a stand-in; nil: AWS itself
	timeouts    Timeouts
}

// NewSettings returns settings. All clients made from them share connections.
func NewSettings(c config.AWS, t Timeouts) Settings {
	s := Settings{Region: c.Region, timeouts: t}
	s.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})
	s.HTTP = awshttp.NewBuildableClient().WithTimeout(t.Attempt).WithTransportOptions(func(h *http.Transport) {
		h.MaxIdleConnsPerHost = h.MaxIdleConns // arrays are written over many connections
	})
	if c.Endpoint != "" {
		s.Endpoint = &c.Endpoint
	}
	return s
}

// Retryer returns a retryer for one client. Clients must not share one, since it counts failures.
func (s Settings) Retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = s.timeouts.Backoff })
}

// DynamoDB returns a client of DynamoDB.
func (s Settings) DynamoDB() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
	})
}

// S3 returns a client of S3.
func (s Settings) S3() *s3.Client {
	return s3.New(s3.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
		UsePathStyle:               s.Endpoint != nil, // a stand-in has no host name per bucket
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	})
}

// firehose returns a client of Amazon Data Firehose.
func (s Settings) firehose() *firehose.Client {
	return firehose.New(firehose.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
	})
}

func (s Settings) secrets() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: s.Region, Credentials: s.Credentials, HTTPClient: s.HTTP, BaseEndpoint: s.Endpoint, Retryer: s.Retryer(),
	})
}
