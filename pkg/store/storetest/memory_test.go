package storetest

import (
	"testing"

	"trunkline/pkg/store"
)

func TestMemoryIsAnyOtherTable(t *testing.T) {
	Run(t, func(*testing.T) store.Table { return NewMemory() })
}
