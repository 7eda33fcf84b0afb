package archive

import (
	"context"
	"iter"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Quarantined selects events in quarantine. A zero member selects all of them.
type Quarantined struct {
	MAC         pbx.MAC
	First, Last pbx.Day // UTC days of receipt, both included
}

// Names yields the names of the selected objects, in the order of their days.
func (q Quarantined) Names(ctx context.Context, b Bucket) iter.Seq2[string, error] {
	const folder = QuarantinePrefix + "dt="
	listed := b.List(ctx, QuarantinePrefix, folder+q.First.String())
	return each.Where(listed, func(name string) bool {
		day, file, _ := strings.Cut(strings.TrimPrefix(name, folder), "/")
		return (q.Last == 0 || day <= q.Last.String()) && strings.HasPrefix(file, string(q.MAC))
	})
}
