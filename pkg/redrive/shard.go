package redrive

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/archive"
)

// Shard is a part of the spill that is redriven by itself: <store that keeps it>/<hexadecimal digit>.
// The digit is that of a partition of the table, or of the names in the archive.
type Shard string

// Job asks a worker to redrive a shard. As a message it may be lost, delivered twice, or delivered
// late.
type Job struct {
	Shard Shard `json:"redrive"`
	// Until is when the next hourly run sends jobs. An unfinished job is enqueued again only before
	// that.
	Until time.Time `json:"until"`
}

// Check returns an error if the shard of the job does not exist.
func (j Job) Check() error {
	for _, k := range keepers {
		if slices.Contains(slices.Collect(k.shards()), j.Shard) {
			return nil
		}
	}
	return fmt.Errorf("%.40q is not a shard of the spill", string(j.Shard))
}

// keeper is a store that keeps events for the other one.
type keeper string

const (
	table     keeper = "table"
	inArchive keeper = "archive"
)

var keepers = [...]keeper{table, inArchive}

const digits = "0123456789abcdef"

func (k keeper) shards() iter.Seq[Shard] {
	return func(yield func(Shard) bool) {
		for _, digit := range digits {
			if !yield(Shard(string(k) + "/" + string(digit))) {
				return
			}
		}
	}
}

func (s Shard) split() (k keeper, digit string) {
	name, digit, _ := strings.Cut(string(s), "/")
	return keeper(name), digit
}

// objects yields the names of the spilled objects of a shard. The names that the version before gave
// begin with a digit of the time of receipt instead.
func objects(ctx context.Context, b archive.Bucket, digit string) iter.Seq2[string, error] {
	return b.List(ctx, archive.SpillPrefix+digit, "")
}
