package archivetest

import (
	"testing"

	"trunkline/pkg/archive"
)

func direct(b archive.Bucket) Kept { return Kept{Keeper: archive.NewDirect(b), Bucket: b} }

func TestDirectIsAKeeperInMemory(t *testing.T) {
	RunKeeper(t, func(*testing.T) Kept { return direct(NewMemory()) })
}

func TestDirectIsAKeeperInAFolder(t *testing.T) {
	RunKeeper(t, func(t *testing.T) Kept { return direct(openDir(t)) })
}

func TestDirectLosesNothingThatItHasAcknowledged(t *testing.T) {
	RunKeeperFaults(t, func(_ *testing.T, fault func(Call) Fault) Kept { return direct(NewFaulty(NewMemory(), fault)) })
}
