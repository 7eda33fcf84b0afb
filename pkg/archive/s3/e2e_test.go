//go:build e2e

package s3_test

import (
	"testing"

	"trunkline/infra/e2e/localcloud"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/s3"
)

func TestConformance(t *testing.T) {
	cloud := localcloud.Open(t)
	archivetest.Run(t, func(t *testing.T) archive.Bucket { return s3.New(cloud.S3, cloud.NewBucket(t)) })
}

func TestDirectIsAKeeper(t *testing.T) {
	cloud := localcloud.Open(t)
	archivetest.RunKeeper(t, func(t *testing.T) archivetest.Kept {
		b := s3.New(cloud.S3, cloud.NewBucket(t))
		return archivetest.Kept{Keeper: archive.NewDirect(b), Bucket: b}
	})
}
