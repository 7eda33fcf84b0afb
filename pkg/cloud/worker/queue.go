package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"trunkline/pkg/compact"
	"trunkline/pkg/each"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
)

// queue is a maintenance.Queue on SQS.
type queue struct {
	client *sqs.Client
	url    string
}

// batch is how many messages SQS accepts in one request.
const batch = 10

// Send implements rollup.Queue.
func (q queue) Send(ctx context.Context, tasks []rollup.Task) error { return send(ctx, q, tasks) }

// Pack implements maintenance.Queue.
func (q queue) Pack(ctx context.Context, turns []compact.Job) error { return send(ctx, q, turns) }

// Redrive implements maintenance.Queue.
func (q queue) Redrive(ctx context.Context, jobs []redrive.Job) error { return send(ctx, q, jobs) }

// sendsAtOnce is how many batches are sent concurrently.
const sendsAtOnce = 16

func send[T any](ctx context.Context, q queue, messages []T) error {
	batches := each.Loop[[]T]{Of: "batches of messages", AtOnce: sendsAtOnce, Name: func(some []T) string { return fmt.Sprintf("%d from %v on", len(some), some[0]) }}
	return batches.Do(ctx, each.From(slices.Chunk(messages, batch)), func(ctx context.Context, some []T) error {
		return sendBatch(ctx, q, some)
	})
}

func sendBatch[T any](ctx context.Context, q queue, messages []T) error {
	entries := make([]types.SendMessageBatchRequestEntry, len(messages))
	for i, message := range messages {
		body, err := json.Marshal(message)
		if err != nil {
			return err
		}
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(body))}
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return each.Stop(fmt.Errorf("send messages: %w", err)) // the queue is down
	}
	if len(out.Failed) > 0 {
		return errors.New("send messages: " + aws.ToString(out.Failed[0].Message))
	}
	return nil
}
