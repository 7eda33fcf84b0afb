package worker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/telemetry"
)

// distant answers as late as SQS does.
type distant struct{}

// Do implements sqs.HTTPClient.
func (d *distant) Do(r *http.Request) (*http.Response, error) {
	time.Sleep(10 * time.Millisecond)
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// farAway returns a function over stores that answer as late as DynamoDB and S3 do.
func farAway(table store.Table, bucket archive.Bucket, log io.Writer) *Function {
	slowTable := storetest.NewFaulty(table, func(storetest.Call) storetest.Fault {
		time.Sleep(4 * time.Millisecond)
		return storetest.None
	})
	slowBucket := archivetest.NewFaulty(bucket, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Get" || c.Method == "Tag" {
			time.Sleep(20 * time.Millisecond)
		} else {
			time.Sleep(30 * time.Millisecond)
		}
		return archivetest.None
	})
	client := sqs.New(sqs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("https://sqs.example"), Retryer: aws.NopRetryer{}, HTTPClient: &distant{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "not-a-secret", ""),
	})
	s := store.New(slowTable, time.Now)
	r := rollup.New(s, slowBucket, config.DefaultSchedule(), time.Now)
	report := telemetry.OperationsMetrics(log, "Trunkline", time.Now)
	return newFunction(s, archive.NewDirect(slowBucket), slowBucket, r, queue{client, "https://sqs.example/due"}, report, time.Now)
}

// 10,000 PBXs may take a quarter of the function's time, and a tenth of them a tenth of that.
func TestAnHourlyRunOfALargeFleetTakesAQuarterOfItsTime(t *testing.T) {
	const (
		pbxs    = 1000
		timeout = 300 * time.Second
		quarter = (timeout - spare) / 4
	)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(90 * time.Minute) // to a time of the day at which the day before is over
		table := storetest.NewMemory()
		plain := store.New(table, time.Now)
		for i := range pbxs {
			record(t, plain, time.Now().Add(-14*time.Hour), pbx.MAC(fmt.Sprintf("68692e0b%04x", i)), time.Now().Add(-14*time.Hour))
		}
		var log strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		began := time.Now()
		if _, err := farAway(table, archivetest.NewMemory(), &log).Handle(ctx, recorded(t, "schedule.json")); err != nil {
			t.Error(err)
		}
		if took, limit := time.Since(began), quarter*pbxs/10_000; took > limit {
			t.Errorf("the run took %v, want at most %v", took, limit)
		}
		if want := fmt.Sprintf(`"msg":"schedule","pbxs":%d,"marked":%d,"sent":%d,`, pbxs, pbxs, pbxs); !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, &log)
		}
	})
}
