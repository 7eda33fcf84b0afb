// Package worker wires the rollup function, which handles the hourly schedule and the messages of
// its queue. It is apart from package cloud so that the ingest function links neither Parquet nor
// SQS.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud"
	"trunkline/pkg/compact"
	"trunkline/pkg/config"
	"trunkline/pkg/each"
	"trunkline/pkg/maintenance"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/telemetry"
)

// timeouts are long enough for pages of a megabyte, and for files of many.
var timeouts = cloud.Timeouts{Attempt: 20 * time.Second, Backoff: 2 * time.Second}

// spare is the time that is left to report what was not done.
const spare = 5 * time.Second

// New returns the rollup function over DynamoDB, S3, Firehose and SQS. It writes log lines, which are also
// metrics, to log.
func New(c config.Rollup, log io.Writer, now func() time.Time) *Function {
	settings := cloud.NewSettings(c.AWS, timeouts)
	client := sqs.New(sqs.Options{
		Region: settings.Region, Credentials: settings.Credentials, HTTPClient: settings.HTTP,
		BaseEndpoint: settings.Endpoint, Retryer: settings.Retryer(),
	})
	records := store.New(dynamo.New(settings.DynamoDB(), c.Table), now).Keeping(c.RecordDays)
	keeper, bucket := settings.Archive(c.Archive)
	r := rollup.New(records, bucket, c.Schedule, now)
	report := telemetry.OperationsMetrics(log, c.Metrics, now)
	return newFunction(records, keeper, bucket, r, queue{client, c.Queue}, report, now)
}

func newFunction(
	s *store.Store, k archive.Keeper, b archive.Bucket, r *rollup.Rollup, q maintenance.Queue, report telemetry.Operations, now func() time.Time,
) *Function {
	return &Function{maintenance.New(s, k, b, r, report, now), q, report, now}
}

// Function is the rollup function.
type Function struct {
	worker *maintenance.Worker
	queue  maintenance.Queue
	report telemetry.Operations
	now    func() time.Time
}

// event is the function's input: messages of the queue, or {"schedule":"hourly"} from the
// schedule.
type event struct {
	Schedule string    `json:"schedule"`
	Records  []message `json:"Records"`
}

// message is a message of SQS, in the form that its developer guide documents.
type message struct {
	ID     string `json:"messageId"`
	Body   string `json:"body"`
	Source string `json:"eventSource"`
}

// Failures reports to SQS which messages to deliver again (ReportBatchItemFailures).
type Failures struct {
	Failures []Failure `json:"batchItemFailures"`
}

// Failure is a message that was not handled.
type Failure struct {
	ID string `json:"itemIdentifier"`
}

// Handle handles an event. If it returns an error, AWS retries the whole event later. Tasks that
// failed are reported one by one, and only those are delivered again. Items that a loop skipped
// are reported too, but are an error only if a loop has done nothing at all.
func (f *Function) Handle(ctx context.Context, in json.RawMessage) (any, error) {
	var e event
	if err := json.Unmarshal(in, &e); err != nil {
		return nil, fmt.Errorf("the input is neither an event of the schedule nor messages of SQS: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
		defer cancel()
	}
	switch {
	case len(e.Records) > 0:
		return f.work(ctx, e.Records), nil
	case e.Schedule != "":
		err := f.worker.Run(ctx, f.queue)
		if each.Only(err) && !each.Nothing(err) {
			return nil, nil // it is reported, and the next hour retries it
		}
		return nil, err
	}
	return nil, errors.New("the input is neither an event of the schedule nor messages of SQS")
}

// work handles messages: first the days, which are short, then the jobs that have turns. Each message
// that fails or is not reached is delivered again by itself, and in the end goes to the dead-letter
// queue.
func (f *Function) work(ctx context.Context, messages []message) Failures {
	done := map[string]bool{} // by message
	var turns []turn
	days := each.Loop[message]{Of: "messages of the queue", Name: func(m message) string { return m.ID }}
	err := days.Do(ctx, each.Of(messages...), func(ctx context.Context, m message) error {
		if turn, ok := f.turnOf(m); ok {
			turns = append(turns, turn)
			return nil
		}
		var task rollup.Task
		if err := json.Unmarshal([]byte(m.Body), &task); err != nil {
			f.report.Worked(ctx, task.MAC, task.Day, "", err)
			return err
		}
		err := f.worker.Compute(ctx, task)
		done[m.ID] = err == nil
		return err
	})
	f.report.Asked(ctx, len(messages), errors.Join(err, f.take(ctx, turns, done)))
	failed := Failures{[]Failure{}}
	for _, m := range messages {
		if !done[m.ID] {
			failed.Failures = append(failed.Failures, Failure{m.ID})
		}
	}
	return failed
}

// turn is a turn at a job that may need several ones, and the message that asks for it.
type turn struct {
	message, name string
	do            func(context.Context) (again bool, err error)
	enqueue       func(context.Context) error
}

// turnOf returns the turn that a message asks for; ok reports whether it asks for one.
func (f *Function) turnOf(m message) (t turn, ok bool) {
	var pack compact.Job
	if json.Unmarshal([]byte(m.Body), &pack) == nil && pack.Check() == nil {
		return turn{m.ID, string(pack.Kind),
			func(ctx context.Context) (bool, error) { return f.worker.Pack(ctx, pack) },
			func(ctx context.Context) error { return f.queue.Pack(ctx, []compact.Job{pack}) },
		}, true
	}
	var job redrive.Job
	if json.Unmarshal([]byte(m.Body), &job) == nil && job.Check() == nil {
		return turn{m.ID, string(job.Shard),
			func(ctx context.Context) (again bool, err error) {
				again, _ = f.worker.Redrive(ctx, job) // which has reported the error; the next hour sends another job
				return again, nil
			},
			func(ctx context.Context) error { return f.queue.Redrive(ctx, []redrive.Job{job}) },
		}, true
	}
	return turn{}, false
}

// take takes turns, each in its share of the time that is left, and notes those that are done.
func (f *Function) take(ctx context.Context, turns []turn, done map[string]bool) error {
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = f.now().Add(time.Hour)
	}
	share := deadline.Sub(f.now()) / time.Duration(max(1, len(turns)))
	jobs := each.Loop[turn]{Of: "turns at packing and redriving", Name: func(t turn) string { return t.name }}
	return jobs.Do(ctx, each.Of(turns...), func(ctx context.Context, t turn) error {
		err := t.take(ctx, share)
		done[t.message] = err == nil || each.Only(err) // what was skipped comes again with the next turn
		return err
	})
}

// take takes a turn, and has another follow while there is more.
func (t turn) take(ctx context.Context, share time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	again, err := t.do(ctx)
	if again {
		err = errors.Join(err, t.enqueue(ctx))
	}
	return err
}
