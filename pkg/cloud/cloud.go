package cloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/config"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
)

const (
	// attemptWithin is the time that one try of a request has, so that a second one is
	// still possible within the time that ingest gives a store.
	attemptWithin = 1100 * time.Millisecond
	// retryWithin is how long to wait before another try. Left to itself, the SDK may wait
	// a second, and use up the time for that try.
	retryWithin = 100 * time.Millisecond
	// refreshKeys is how often a URL with an unknown key may make us read the keys.
	refreshKeys = time.Minute
)

// Door wires the ingest function: the door that PBXs come in by, over DynamoDB, S3 and
// Secrets Manager. Log lines, which are metrics too, go to log.
func Door(c config.Ingest, log io.Writer, now func() time.Time) *ingest.Door {
	clients := newClients(c.AWS)
	keys := &token.Source{Read: readKeys(clients.secrets, c.FleetKeys), Refresh: refreshKeys, Now: now}
	records := store.New(dynamo.New(clients.dynamodb, c.Table), now)
	raw := archive.New(s3.New(clients.s3, c.Bucket))
	return ingest.NewDoor(ingest.New(keys, records, raw, now), telemetry.DeliveryMetrics(log, now), now)
}

type clients struct {
	dynamodb *dynamodb.Client
	s3       *awss3.Client
	secrets  *secretsmanager.Client
}

func newClients(c config.AWS) clients {
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})
	web := awshttp.NewBuildableClient().WithTimeout(attemptWithin).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = t.MaxIdleConns // arrays are written over many connections
	})
	var endpoint *string
	if c.Endpoint != "" {
		endpoint = &c.Endpoint
	}
	again := func() aws.Retryer { // one for each client, since it remembers failures
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = retryWithin })
	}
	return clients{
		dynamodb.New(dynamodb.Options{Region: c.Region, Credentials: credentials, HTTPClient: web, BaseEndpoint: endpoint, Retryer: again()}),
		awss3.New(awss3.Options{Region: c.Region, Credentials: credentials, HTTPClient: web, BaseEndpoint: endpoint, Retryer: again(),
			UsePathStyle:               endpoint != nil, // a stand-in has no host name for each bucket
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported}),
		secretsmanager.New(secretsmanager.Options{Region: c.Region, Credentials: credentials, HTTPClient: web, BaseEndpoint: endpoint, Retryer: again()}),
	}
}

func readKeys(client *secretsmanager.Client, id string) func(context.Context) (*token.Keyring, error) {
	return func(ctx context.Context) (*token.Keyring, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
		if err != nil {
			return nil, fmt.Errorf("read the secret of the fleet keys: %w", err)
		}
		return token.ParseSecret([]byte(aws.ToString(out.SecretString)))
	}
}
