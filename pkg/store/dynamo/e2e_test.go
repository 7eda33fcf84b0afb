//go:build e2e

package dynamo_test

import (
	"testing"

	"trunkline/infra/e2e/localcloud"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/store/storetest"
)

func TestConformance(t *testing.T) {
	cloud := localcloud.Open(t)
	table := dynamo.New(cloud.DynamoDB, cloud.NewTable(t))
	storetest.Run(t, func(*testing.T) store.Table { return table })
}
