package firehose_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/firehose"
	"trunkline/pkg/pbx"
)

// over makes a Keeper over a stand-in for Firehose, whose client does not retry.
func over(t *testing.T, s *archivetest.Streams) archivetest.Kept {
	t.Helper()
	if s.Prefix = "fleet-"; s.Bucket == nil {
		s.Bucket = archivetest.NewMemory()
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	keeper := firehose.New(client, s.Prefix, archive.NewDirect(s.Bucket))
	return archivetest.Kept{Keeper: keeper, Bucket: s.Bucket, Settle: func(t *testing.T) { s.Flush(t) }}
}

func TestDeliveryStreamsAreAKeeper(t *testing.T) {
	for name, lag := range map[string]time.Duration{"delivered at once": 0, "delivered on the next day": time.Minute} {
		t.Run(name, func(t *testing.T) {
			archivetest.RunKeeper(t, func(t *testing.T) archivetest.Kept { return over(t, &archivetest.Streams{Lag: lag}) })
		})
	}
}

func TestDeliveryStreamsLoseNothingThatTheyHaveAcknowledged(t *testing.T) {
	archivetest.RunKeeperFaults(t, func(t *testing.T, fault func(archivetest.Call) archivetest.Fault) archivetest.Kept {
		return over(t, &archivetest.Streams{Fault: fault})
	})
}

var received = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Lines are longer than what they are made of, so the limit is met by trying.
func TestADeliveryIsOneRecordUnlessItIsTooLarge(t *testing.T) {
	requests := 0
	s := &archivetest.Streams{Fault: func(archivetest.Call) archivetest.Fault { requests++; return archivetest.None }}
	k := over(t, s)
	all := archivetest.Envelopes("68692e0b0001", received, 0, 2)
	lines, err := archive.Lines(all)
	if err != nil {
		t.Fatal(err)
	}
	fill := firehose.MaxRecord - len(lines)
	for _, c := range []struct{ fill, requests int }{{fill, 1}, {fill + 1, 1}} {
		large := append([]archive.Envelope{}, all...)
		large[1].Body = append(append([]byte{}, all[1].Body...), strings.Repeat(" ", c.fill)...)
		if err := k.Keeper.Keep(t.Context(), large); err != nil || requests != c.requests {
			t.Errorf("filled with %d bytes: %d requests, want %d, %v", c.fill, requests, c.requests, err)
		}
	}
	k.Settle(t)
	day := pbx.UTCDay(received)
	var objects []string
	for name, err := range (archive.Part{First: day, Last: day}).Names(t.Context(), s.Bucket) {
		if objects = append(objects, name); err != nil {
			t.Error(err)
		}
	}
	if len(objects) != 2 {
		t.Errorf("%q, want one object of the stream and one of the large delivery", objects)
	}
}
