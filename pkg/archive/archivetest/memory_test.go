package archivetest

import (
	"testing"

	"trunkline/pkg/archive"
)

func TestMemoryIsAnyOtherBucket(t *testing.T) {
	Run(t, func(*testing.T) archive.Bucket { return NewMemory() })
}
