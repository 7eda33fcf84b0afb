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

	"trunkline/pkg/rollup"
)

// queue is a rollup.Queue on SQS.
type queue struct {
	client *sqs.Client
	url    string
}

// batch is how many messages SQS takes at once.
const batch = 10

// Send implements rollup.Queue.
func (q queue) Send(ctx context.Context, tasks []rollup.Task) error {
	for some := range slices.Chunk(tasks, batch) {
		if err := q.sendBatch(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (q queue) sendBatch(ctx context.Context, tasks []rollup.Task) error {
	entries := make([]types.SendMessageBatchRequestEntry, len(tasks))
	for i, task := range tasks {
		body, err := json.Marshal(task)
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
