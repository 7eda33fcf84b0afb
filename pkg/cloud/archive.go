package cloud

import (
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/firehose"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/config"
)

// Archive returns the archive: the bucket, and what keeps events there.
func (s Settings) Archive(c config.Archive) (archive.Keeper, archive.Bucket) {
	bucket := s3.New(s.S3(), c.Bucket)
	direct := archive.NewDirect(bucket)
	if c.Streams == "" {
		return direct, bucket
	}
	return firehose.New(s.firehose(), c.Streams, direct), bucket
}
