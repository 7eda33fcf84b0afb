package policy

import (
	"slices"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
)

// Firehose has names of at most 64 characters.
func TestFunctionsWriteToStreamsThatThereAre(t *testing.T) {
	ours := load(t, "../../template.yaml")
	function, _ := ours.named("IngestFunction")
	prefix := spelled(function.get("Environment", "Variables", "ARCHIVE_STREAMS"))
	if n := len(ours.of("AWS::KinesisFirehose::DeliveryStream")); n != len(pbx.Kinds()) || prefix == "" {
		t.Errorf("%d streams of %q", n, prefix)
	}
	for _, kind := range pbx.Kinds() {
		if !ours.hasStream(prefix + string(kind)) {
			t.Errorf("no stream has the name %s%s", prefix, kind)
		}
	}
	longest := slices.MaxFunc(pbx.Kinds(), func(a, b pbx.Kind) int { return len(a) - len(b) })
	for length, ok := range map[int]bool{64 - len(longest): true, 65 - len(longest): false} {
		_, err := config.ReadIngest(func(name string) string {
			return map[string]string{"ARCHIVE": "firehose", "ARCHIVE_STREAMS": string(slices.Repeat([]byte("a"), length)),
				"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "a", "TABLE_NAME": "table", "BUCKET_NAME": "bucket", "FLEET_KEYS_SECRET": "keys"}[name]
		})
		if (err == nil) != ok {
			t.Errorf("a prefix of %d characters: %v", length, err)
		}
	}
}

func TestStreamsDeliverToTheFoldersThatReadersLookIn(t *testing.T) {
	for i, r := range load(t, "../../template.yaml").of("AWS::KinesisFirehose::DeliveryStream") {
		to, kind := r.get("ExtendedS3DestinationConfiguration"), pbx.Kinds()[i]
		if got, want := get(to, "Prefix"), archive.RawKind(kind)+"dt=!{timestamp:yyyy-MM-dd}/"; got != want {
			t.Errorf("%s delivers to %v, not to %s", r.name, got, want)
		}
		if get(to, "CompressionFormat") != "GZIP" || names(get(to, "BufferingHints", "IntervalInSeconds")) != "ArchiveBuffer" {
			t.Errorf("%s: %v", r.name, to)
		}
	}
}
