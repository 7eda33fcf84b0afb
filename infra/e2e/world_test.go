//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/infra/e2e/localcloud"
	"trunkline/infra/e2e/stack"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// repository is its root, from here.
const repository = "../.."

// world is a deployment: the stores of the template in LocalStack, and the functions that
// were built by the same template, in their containers.
type world struct {
	localcloud.Cloud
	stack                *stack.Stack
	template             stack.Template
	archive              string // firehose or direct
	table, bucket, queue string
	store                *store.Store
	objects              archive.Bucket
	keys                 *token.Keyring
	ingest, rollup       *function
}

// deploy makes the stores with a setting of Archive, and starts the functions. The end of the test
// removes it all.
func deploy(t *testing.T, mode string) *world {
	t.Helper()
	w := &world{Cloud: localcloud.Open(t), archive: mode}
	w.template = parse(t, "template.yaml").With(map[string]string{"Archive": mode})
	w.create(t)
	w.table, w.bucket, w.queue = w.output(t, "TableName"), w.output(t, "BucketName"), w.output(t, "DueQueueUrl")
	w.store, w.objects = store.New(dynamo.New(w.DynamoDB, w.table), time.Now), s3.New(w.S3, w.bucket)
	w.keys = w.readKeys(t)
	w.ingest = w.start(t, "IngestFunction", "start-api")
	w.rollup = w.start(t, "RollupFunction", "start-lambda")
	return w
}

// parse reads a template. LocalStack does not expand the day in the names of what streams deliver.
func parse(t *testing.T, name string) stack.Template {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	day := pbx.UTCDay(time.Now()).String()
	parsed, err := stack.Parse(bytes.ReplaceAll(text, []byte("!{timestamp:yyyy-MM-dd}"), []byte(day)))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// create has CloudFormation make the stores. The end of the test removes them, with what
// the template has CloudFormation retain.
func (w *world) create(t *testing.T) {
	t.Helper()
	made, err := w.api().Create(t.Context(), "e2e-"+strings.ToLower(rand.Text()[:8]), w.template.Stores())
	t.Cleanup(func() { w.remove(t, made) })
	if err != nil {
		t.Fatal(err)
	}
	w.stack = made
	if w.archive == "firehose" {
		w.createStreams(t)
	}
}

func (w *world) api() stack.API {
	return stack.API{
		Endpoint: os.Getenv("AWS_ENDPOINT_URL"), Region: os.Getenv("AWS_REGION"), Credentials: w.S3.Options().Credentials, Now: time.Now,
	}
}

// streams is how the names of the stack's delivery streams begin.
func (w *world) streams() string { return w.stack.Name + "-raw-" }

// createStreams has CloudFormation make the delivery streams, which the template has in a nested one.
func (w *world) createStreams(t *testing.T) {
	t.Helper()
	given := map[string]string{
		"Streams": w.streams(), "Bucket": "arn:aws:s3:::" + w.output(t, "BucketName"), "ArchiveBuffer": "60", "LogRetentionDays": "1",
	}
	made, err := w.api().Create(t.Context(), w.stack.Name+"-streams", parse(t, "infra/archive.yaml").With(given).Stores())
	t.Cleanup(func() {
		if err := made.Delete(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// remove removes a stack, and what LocalStack may have retained of it.
func (w *world) remove(t *testing.T, made *stack.Stack) {
	if bucket := made.Resources["Bucket"]; bucket != "" {
		if err := w.RemoveBucket(bucket); err != nil {
			t.Error(err)
		}
	}
	if err := made.Delete(context.Background()); err != nil {
		t.Error(err)
	}
	w.RemoveTable(made.Resources["Table"])
	w.RemoveSecret(made.Resources["FleetKeys"])
}

func (w *world) output(t *testing.T, name string) string {
	t.Helper()
	if w.stack.Outputs[name] == "" {
		t.Fatalf("the stack has no output %s", name)
	}
	return w.stack.Outputs[name]
}

// readKeys reads the fleet's keys, which CloudFormation has made as the template says.
func (w *world) readKeys(t *testing.T) *token.Keyring {
	t.Helper()
	id := w.output(t, "FleetKeysSecretArn")
	out, err := w.Secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseSecret([]byte(*out.SecretString))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// endpoint is the ingest function, as a PBX sees it.
func (w *world) endpoint() ingesttest.Endpoint {
	return ingesttest.Endpoint{
		Base: w.ingest.base, Keys: w.keys, Store: w.store, Bucket: w.objects,
		Golden: repository + "/testdata/vendor/records.golden.jsonl", Gateway: true,
	}
}
