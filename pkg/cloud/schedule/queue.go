package schedule

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
	"trunkline/pkg/rollup"
)

// queue is an hourly.Queue on SQS.
type queue struct {
	client *sqs.Client
	url    string
}

// batch is how many messages SQS takes at once.
const batch = 10

// Send implements rollup.Queue.
func (q queue) Send(ctx context.Context, tasks []rollup.Task) error { return send(ctx, q, tasks) }

// Pack implements hourly.Queue.
func (q queue) Pack(ctx context.Context, turns []compact.Turn) error { return send(ctx, q, turns) }

func send[T any](ctx context.Context, q queue, messages []T) error {
	for some := range slices.Chunk(messages, batch) {
		if err := sendBatch(ctx, q, some); err != nil {
			return err
		}
	}
	return nil
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
		return fmt.Errorf("send messages: %w", err)
	}
	if len(out.Failed) > 0 {
		return errors.New("send messages: " + aws.ToString(out.Failed[0].Message))
	}
	return nil
}
