package cloud

import (
	"io"
	"time"

	"trunkline/pkg/archive/s3"
	"trunkline/pkg/config"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
)

// refreshKeys is how often a URL with an unknown key may make us read the keys.
const refreshKeys = time.Minute

// endpointPatience lets a second try of a request be made within the time that ingest gives a
// store. Left to itself, the SDK may wait a second before it, and use up that time.
var endpointPatience = Patience{Attempt: 750 * time.Millisecond, Backoff: 100 * time.Millisecond}

// Endpoint wires the ingest function: the endpoint that PBXs come in by, over DynamoDB, S3 and
// Secrets Manager. Log lines, which are metrics too, go to log.
func Endpoint(c config.Ingest, log io.Writer, now func() time.Time) *ingest.Endpoint {
	settings := NewSettings(c.AWS, endpointPatience)
	keys := &token.Source{Read: NewSecret(settings.secrets(), c.FleetKeys).Keyring, Refresh: refreshKeys, Now: now}
	records := store.New(dynamo.New(settings.DynamoDB(), c.Table), now).Keeping(c.RecordDays)
	bucket := s3.New(settings.S3(), c.Bucket)
	return ingest.NewEndpoint(ingest.New(keys, records, bucket, now), telemetry.DeliveryMetrics(log, c.Metrics, now), now)
}
