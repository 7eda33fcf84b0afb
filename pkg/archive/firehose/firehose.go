package firehose

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"trunkline/pkg/archive"
)

// MaxRecord is how many bytes a record may have.
const MaxRecord = 1000 << 10

// Keeper is an archive.Keeper over delivery streams. Each delivery and kind is one record.
type Keeper struct {
	client *firehose.Client
	prefix string
	large  archive.Keeper
}

// New makes a Keeper. The stream of a kind has the name <prefix><kind>. A delivery of more than
// MaxRecord bytes is kept by large. The client must retry.
func New(client *firehose.Client, prefix string, large archive.Keeper) Keeper {
	return Keeper{client, prefix, large}
}

// Keep implements archive.Keeper.
func (k Keeper) Keep(ctx context.Context, envelopes []archive.Envelope) error {
	first := envelopes[0]
	lines, err := archive.Lines(envelopes)
	if err != nil {
		return fmt.Errorf("archive %s: %w", first.ID(), err)
	}
	if len(lines) > MaxRecord {
		return k.large.Keep(ctx, envelopes)
	}
	stream := k.prefix + string(first.Kind())
	if _, err := k.client.PutRecord(ctx, &firehose.PutRecordInput{DeliveryStreamName: &stream, Record: &types.Record{Data: lines}}); err != nil {
		return fmt.Errorf("archive %d events from %s on in the stream %s: %w", len(envelopes), first.ID(), stream, err)
	}
	return nil
}
