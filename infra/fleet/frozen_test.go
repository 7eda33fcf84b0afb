package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// Figures elsewhere were computed from what such fleets post.
func TestAFleetWithoutV4PostsWhatItAlwaysDid(t *testing.T) {
	h := sha256.New()
	for _, p := range troubled(t).All() {
		for d := range p.Deliveries() {
			fmt.Fprintf(h, "%s %s %s\n", d.MAC, d.At, d.Body)
		}
	}
	const want = "d572ff472fe76ff1506c88cdeea370b1a76a421af969cba69eced3df8e93fa32"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the deliveries have the hash %s", got)
	}
}
