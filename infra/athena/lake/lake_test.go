package lake_test

import (
	"flag"
	"os"
	"testing"

	"trunkline/infra/athena/lake"
)

var update = flag.Bool("update", false, "rewrite infra/lake.yaml")

const file = "../../lake.yaml"

func TestAthenaKnowsTheColumnsThatTheCodeWrites(t *testing.T) {
	want, err := lake.Template()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("infra/lake.yaml is not what the code writes: go test ./infra/athena/lake -update")
	}
}
