package streams_test

import (
	"flag"
	"os"
	"testing"

	"trunkline/infra/streams"
)

var update = flag.Bool("update", false, "rewrite infra/archive.yaml")

const file = "../archive.yaml"

func TestEachKindHasADeliveryStream(t *testing.T) {
	want, err := streams.Template()
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
		t.Error("infra/archive.yaml is not what the code writes: go test ./infra/streams -update")
	}
}
