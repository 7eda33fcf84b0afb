package tap

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// world is the SDK in front of a tap, in front of services that answer all alike.
type world struct {
	tap      *Tap
	url      string
	answer   string
	status   int
	received []string // bodies
}

func newWorld(t *testing.T) *world {
	w := &world{answer: "{}", status: http.StatusOK}
	service := httptest.NewServer(w)
	t.Cleanup(service.Close)
	var err error
	if w.tap, err = New(service.URL); err != nil {
		t.Fatal(err)
	}
	between := httptest.NewServer(w.tap)
	t.Cleanup(between.Close)
	w.url = between.URL
	return w
}

func (w *world) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.received = append(w.received, string(body))
	answer.WriteHeader(w.status)
	io.WriteString(answer, w.answer)
}

var keys = credentials.NewStaticCredentialsProvider("id", "not-a-secret", "")

func (w *world) dynamodb() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &w.url, Retryer: aws.NopRetryer{}})
}

func (w *world) s3() *s3.Client {
	return s3.New(s3.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &w.url, Retryer: aws.NopRetryer{}, UsePathStyle: true})
}

func (w *world) get(ctx context.Context) error {
	_, err := w.dynamodb().GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("records"), Key: item("a", "b")})
	return err
}

func item(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

func TestEachCallOfTheSDKIsNotedByWhatItAsksFor(t *testing.T) {
	w := newWorld(t)
	ctx, bucket, key := t.Context(), aws.String("archive"), aws.String("raw/kind=ivr/a.json")
	w.get(ctx)
	w.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("12345")})
	w.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	w.s3().HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
	w.s3().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	w.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("spill/")})
	w.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	w.s3().CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String("archive/b")})
	queue := sqs.New(sqs.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &w.url, Retryer: aws.NopRetryer{}})
	queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String("http://queue/0/due"), MessageBody: aws.String("x")})
	secrets := secretsmanager.New(secretsmanager.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &w.url, Retryer: aws.NopRetryer{}})
	secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("fleet")})
	streams := firehose.New(firehose.Options{Region: "eu-central-1", Credentials: keys, BaseEndpoint: &w.url, Retryer: aws.NopRetryer{}})
	streams.PutRecord(ctx, &firehose.PutRecordInput{DeliveryStreamName: aws.String("one-raw-cdr"), Record: &firehosetypes.Record{Data: make([]byte, 5121)}})

	const object = "archive/raw/kind=ivr/a.json"
	want := []Call{
		{Service: "dynamodb", Operation: "GetItem", Resource: "records", Status: 200},
		{Service: "s3", Operation: "PutObject", Resource: object, Status: 200, Stored: 5},
		{Service: "s3", Operation: "GetObject", Resource: object, Status: 200},
		{Service: "s3", Operation: "HeadObject", Resource: object, Status: 200},
		{Service: "s3", Operation: "DeleteObject", Resource: object, Status: 200},
		{Service: "s3", Operation: "ListObjectsV2", Resource: "archive", Prefix: "spill/", Status: 200},
		{Service: "s3", Operation: "GET ?policy=", Resource: "archive", Status: 200},
		{Service: "s3", Operation: "PUT ?x-id=CopyObject", Resource: object, Status: 200},
		{Service: "sqs", Operation: "SendMessage", Resource: "http://queue/0/due", Status: 200},
		{Service: "secretsmanager", Operation: "GetSecretValue", Resource: "fleet", Status: 200},
		{Service: "firehose", Operation: "PutRecord", Resource: "one-raw-cdr", Status: 200, Stored: 10240},
	}
	if got := w.tap.Calls(); !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestAServiceFailsAsItIsToldUntilItWorksAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fault  Fault
		done   int // requests that reach the service
		status int
		code   string
	}{
		"refuses": {Refuses, 0, 0, ""},
		"hangs":   {Hangs, 0, 0, ""},
		"cuts":    {Cuts, 1, 200, ""},
		"denies":  {Denies, 0, 403, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, what := range []string{"dynamodb", "dynamodb:GetItem"} {
				w := newWorld(t)
				w.tap.Break(what, c.fault)
				ctx, giveUp := context.WithCancel(t.Context())
				defer giveUp()
				if c.fault == Hangs {
					go func() {
						for len(w.tap.Calls()) == 0 {
							time.Sleep(time.Millisecond)
						}
						giveUp()
					}()
				}
				err := w.get(ctx)
				if err == nil || !strings.Contains(err.Error(), c.code) || len(w.received) != c.done || w.tap.Calls()[0].Status != c.status {
					t.Errorf("%s: %v, %d reached it, %+v", what, err, len(w.received), w.tap.Calls())
				}
				if _, err := w.s3().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("a"), Key: aws.String("b")}); err != nil {
					t.Errorf("another service: %v", err)
				}
				w.tap.Break(what, None)
				if err := w.get(t.Context()); err != nil {
					t.Errorf("works again: %v", err)
				}
			}
		})
	}
}

func TestS3DeniesInItsOwnWords(t *testing.T) {
	w := newWorld(t)
	w.tap.Break("s3", Denies)
	_, err := w.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("a"), Key: aws.String("b")})
	answer, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err)
	if !ok || answer.ErrorCode() != "AccessDenied" {
		t.Errorf("got %v", err)
	}
}

func TestWhatDynamoDBConsumesIsAskedForAndNoted(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		answer        string
		reads, writes float64
		stored        int
		do            func(*dynamodb.Client) error
	}{
		"a read": {200, `{"ConsumedCapacity":{"CapacityUnits":1.5}}`, 1.5, 0, 0, func(c *dynamodb.Client) error {
			_, err := c.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("records"), KeyConditionExpression: aws.String("pk = :pk")})
			return err
		}},
		"a batch of reads": {200, `{"ConsumedCapacity":[{"CapacityUnits":0.5,"TableName":"records"},{"CapacityUnits":1}]}`, 1.5, 0, 0, func(c *dynamodb.Client) error {
			keys := []map[string]types.AttributeValue{item("a", "b")}
			_, err := c.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"records": {Keys: keys}}})
			return err
		}},
		"a write": {200, `{"ConsumedCapacity":{"CapacityUnits":2}}`, 0, 2, 100 + 2 + 3 + 2 + 1, put(t, "abc", "d")},
		"a write whose condition fails": {400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}`, 0, 2, 0,
			put(t, strings.Repeat("a", 1024), "d")},
		"a small one": {400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}`, 0, 1, 0, put(t, "a", "d")},
		"a throttled": {400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`, 0, 0, 0, put(t, "a", "d")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answer, w.status = c.answer, c.status
			if err := c.do(w.dynamodb()); (err == nil) != (c.status == 200) {
				t.Error(err)
			}
			got := w.tap.Calls()[0]
			if got.Reads != c.reads || got.Writes != c.writes || got.Stored != c.stored {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(w.received[0], `"ReturnConsumedCapacity":"TOTAL"`) || got.Resource != "records" {
				t.Errorf("DynamoDB was asked %s", w.received[0])
			}
		})
	}
}

func put(t *testing.T, pk, sk string) func(*dynamodb.Client) error {
	return func(c *dynamodb.Client) error {
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("records"), Item: item(pk, sk)})
		return err
	}
}

// By the rules of the developer guide.
func TestAnItemsSizeIsThatOfItsNamesAndValues(t *testing.T) {
	for text, want := range map[string]int{
		`{"S":"héllo"}`:                             6,
		`{"N":"1541415929"}`:                        6,
		`{"BOOL":true}`:                             1,
		`{"NULL":true}`:                             1,
		`{"M":{}}`:                                  3,
		`{"M":{"ab":{"S":"c"}}}`:                    3 + 1 + 2 + 1,
		`{"L":[{"S":"a"},{"S":"bc"}]}`:              3 + 2 + 1 + 2,
		`{"M":{"l":{"L":[{"M":{"x":{"N":"1"}}}]}}}`: 3 + 1 + 1 + 3 + 1 + 3 + 1 + 1 + 2,
	} {
		if got := valueOf(t, text).size(); got != want {
			t.Errorf("%s has %d bytes, want %d", text, got, want)
		}
	}
}

func valueOf(t *testing.T, text string) value {
	t.Helper()
	var v value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
