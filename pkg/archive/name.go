package archive

import (
	"fmt"
	"strings"
)

// The prefixes of the names of objects. One package writes the objects of each prefix.
const (
	RawPrefix        = "raw/"        // events as they were received
	QuarantinePrefix = "quarantine/" // what was refused
	SpillPrefix      = "spill/"      // events whose records are still to be written
	FailuresPrefix   = "failures/"   // what delivery streams could not deliver
	CuratedPrefix    = "curated/"    // published figures
	CompactionPrefix = "compaction/" // how far events are packed
	RetriedPrefix    = "retried/"    // how far the quarantine is tried again
	SegmentsPrefix   = "segments/"   // which files of raw/ are still appended to
)

// CheckName returns an error for an invalid name, which every Bucket refuses.
func CheckName(name string) error {
	if len(name) < 1 || len(name) > 512 {
		return fmt.Errorf("object %.40q: a name is 1 to 512 bytes", name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, nameLetters) != "" {
			return fmt.Errorf("object %.40q: a name is segments of letters, digits and =._-", name)
		}
	}
	return nil
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=._-"
