//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trunkline/infra/e2e/tap"
	"trunkline/pkg/ingest/ingesttest"
)

// answeredWithin is the promise, and what SAM CLI takes.
const answeredWithin = 4 * time.Second

// outages are stores that fail, and what a PBX is answered then.
var outages = []struct {
	name   string
	faults map[string]tap.Fault
	status int
}{
	{"DynamoDB refuses", map[string]tap.Fault{"dynamodb": tap.Refuses}, http.StatusOK},
	{"DynamoDB hangs", map[string]tap.Fault{"dynamodb": tap.Hangs}, http.StatusOK},
	{"DynamoDB is cut off when it has written", map[string]tap.Fault{"dynamodb": tap.Cuts}, http.StatusOK},
	{"DynamoDB denies", map[string]tap.Fault{"dynamodb": tap.Denies}, http.StatusOK},
	{"S3 refuses", map[string]tap.Fault{"s3": tap.Refuses}, http.StatusOK},
	{"S3 hangs", map[string]tap.Fault{"s3": tap.Hangs}, http.StatusOK},
	{"S3 is cut off when it has written", map[string]tap.Fault{"s3": tap.Cuts}, http.StatusOK},
	{"S3 denies", map[string]tap.Fault{"s3": tap.Denies}, http.StatusOK},
	{"both refuse", map[string]tap.Fault{"dynamodb": tap.Refuses, "s3": tap.Refuses}, http.StatusServiceUnavailable},
	{"both hang", map[string]tap.Fault{"dynamodb": tap.Hangs, "s3": tap.Hangs}, http.StatusServiceUnavailable},
	{"both are cut off", map[string]tap.Fault{"dynamodb": tap.Cuts, "s3": tap.Cuts}, http.StatusServiceUnavailable},
}

// stopped is the PBX that goes on posting while stores are down.
const stopped = "0200000000aa"

// testNoKeys is a function that starts while the keys can't be read.
func (w *world) testNoKeys(t *testing.T) {
	post := func() int {
		status, _ := ingesttest.Post(t, w.endpoint().URL(stopped, 1), []byte("{event:'hangup',uniqueid:'1'}"))
		return status
	}
	w.ingest.tap.Break("secretsmanager", tap.Denies)
	if status := post(); status != http.StatusServiceUnavailable {
		t.Errorf("without keys: %d", status)
	}
	w.ingest.tap.Break("secretsmanager", tap.None)
	if status := post(); status != http.StatusOK {
		t.Errorf("with keys again: %d", status)
	}
}

// testStops stops the stores under the functions, in turn and together. Whatever was
// acknowledged is there in both, once, after the stores are back and one hour has passed.
func (w *world) testStops(t *testing.T) {
	acknowledged, refused := map[string]bool{}, map[string]bool{}
	for i, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			w.ingest.fail(t, o.faults)
			one, several := fmt.Sprintf("stop-%d-one", i), []string{fmt.Sprintf("stop-%d-a", i), fmt.Sprintf("stop-%d-b", i)}
			w.postCall(t, o.status, callRecord(one))
			w.postCall(t, o.status, "["+callRecord(several[0])+","+callRecord(several[1])+"]")
			for _, id := range append(several, one) {
				acknowledged[id], refused[id] = o.status == http.StatusOK, o.status != http.StatusOK
			}
			if o.status == http.StatusOK {
				w.postCall(t, http.StatusBadRequest, "{event:'cc_cdr', uuid:'"+one+"-x'}") // has no start
			}
		})
	}
	w.testRunsThatFail(t)
	w.redrive(t)
	archived, quarantined, records := w.inObjects(t, "raw/"), w.inObjects(t, "quarantine/"), w.inItems(t)
	for id, ok := range acknowledged {
		if ok && (archived[id] != 1 || records[id] != 1 || quarantined[id] != 0) {
			t.Errorf("%s was acknowledged, and is in the archive %d times, in the table %d times", id, archived[id], records[id])
		}
	}
	for i, o := range outages {
		if id := fmt.Sprintf("stop-%d-one-x", i); o.status == http.StatusOK && quarantined[id] != 1 {
			t.Errorf("%s was refused for its content, and is in quarantine %d times", id, quarantined[id])
		}
	}
	w.testSentAgain(t, refused)
	if left := w.inObjects(t, "spill/"); len(left) > 0 {
		t.Errorf("spilled still: %v", left)
	}
}

// testRunsThatFail has the hourly run find the stores as they were, or lack one right: it
// fails, and loses nothing of what it would have handed on.
func (w *world) testRunsThatFail(t *testing.T) {
	for _, faults := range []map[string]tap.Fault{
		{"dynamodb": tap.Denies}, {"s3": tap.Denies}, {"s3:PutObject": tap.Cuts, "dynamodb:PutItem": tap.Denies}, {"dynamodb:GetItem": tap.Denies},
	} {
		t.Run(fmt.Sprint("the hourly run with ", faults), func(t *testing.T) {
			w.rollup.fail(t, faults)
			if answer, lines := w.rollup.invoke(t, recorded(t, "schedule.json")); !strings.Contains(answer, `"errorMessage":`) {
				t.Errorf("it answers %s\n%s", answer, lines)
			}
			w.doRedriveJobs(t)
		})
	}
}

// testSentAgain is a PBX that does as it was told by 503: then a record is there, and once.
func (w *world) testSentAgain(t *testing.T, refused map[string]bool) {
	for id, sendAgain := range refused {
		if sendAgain {
			w.postCall(t, http.StatusOK, callRecord(id))
		}
	}
	archived, records := w.inObjects(t, "raw/"), w.inItems(t)
	for id, sent := range refused {
		if sent && (archived[id] < 1 || records[id] != 1) {
			t.Errorf("%s was sent again, and is in the archive %d times, in the table %d times", id, archived[id], records[id])
		}
	}
}

// fail breaks what the function asks of AWS until the end of the test.
func (f *function) fail(t *testing.T, faults map[string]tap.Fault) {
	for what, fault := range faults {
		f.tap.Break(what, fault)
		t.Cleanup(func() { f.tap.Break(what, tap.None) })
	}
}

func (w *world) postCall(t *testing.T, want int, body string) {
	t.Helper()
	began := time.Now()
	status, answer := ingesttest.Post(t, w.endpoint().URL(stopped, 1), []byte(body))
	if took := time.Since(began); status != want || took > answeredWithin {
		t.Errorf("%d %s after %v, want %d", status, answer, took, want)
	}
}

func callRecord(uuid string) string {
	return "{event:'cc_cdr', uuid:'" + uuid + "', queueCode:'630', startTime:'2026-11-05 19:05:31', talkingTime:'7'}"
}

// inObjects counts by uuid the receipts of call records in the bucket. It reads S3 without
// the product's code.
func (w *world) inObjects(t *testing.T, prefix string) map[string]int {
	t.Helper()
	found := map[string]int{}
	pages := s3.NewListObjectsV2Paginator(w.S3, &s3.ListObjectsV2Input{Bucket: &w.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			for line := range bytes.Lines(w.read(t, *object.Key)) {
				var receipt struct{ Body string }
				if err := json.Unmarshal(line, &receipt); err != nil {
					t.Fatalf("%s: %v", *object.Key, err)
				}
				if _, rest, ok := strings.Cut(receipt.Body, "uuid:'"); ok {
					id, _, _ := strings.Cut(rest, "'")
					found[id]++
				}
			}
		}
	}
	return found
}

func (w *world) read(t *testing.T, key string) []byte {
	t.Helper()
	out, err := w.S3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &w.bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// inItems counts by uuid the call records in the table. It reads DynamoDB without the
// product's code.
func (w *world) inItems(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	pages := dynamodb.NewQueryPaginator(w.DynamoDB, &dynamodb.QueryInput{
		TableName: &w.table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": &types.AttributeValueMemberS{Value: stopped}, ":sk": &types.AttributeValueMemberS{Value: "CALL#"},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			doc := item["doc"].(*types.AttributeValueMemberM).Value
			event := doc["event"].(*types.AttributeValueMemberM).Value
			found[event["uuid"].(*types.AttributeValueMemberS).Value]++
		}
	}
	return found
}
