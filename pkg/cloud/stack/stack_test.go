package stack

import (
	"testing"
	"time"
)

func TestStacksWithoutDeliveryStreamsHoldNothing(t *testing.T) {
	for seconds, want := range map[string]time.Duration{"": 0, "0": 0, "300": 5 * time.Minute, "soon": 0} {
		if got := bufferOf(seconds); got != want {
			t.Errorf("%q: %v", seconds, got)
		}
	}
}
