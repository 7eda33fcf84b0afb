package completion

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type program struct {
	Device struct {
		List struct {
			Stack string
			Table string `hidden:""`
			JSON  bool
		} `cmd:""`
		Secret struct{} `cmd:"" hidden:""`
	} `cmd:""`
	Doctor struct {
		Check struct{ URL string } `cmd:"" default:"withargs"`
	} `cmd:""`
}

func TestTheLastWordIsCompleted(t *testing.T) {
	t.Parallel()
	root := kong.Must(&program{}, kong.Name("p")).Model.Node
	for typed, want := range map[string]string{
		"":                        "device doctor",
		"d":                       "device doctor",
		"device ":                 "list",
		"device list -":           "--help --json --stack",
		"device list --stack x -": "--help --json --stack",
		"device list --stack ":    "", // a value, which the shell completes
		"device list --json ":     "",
		"doctor -":                "--help --url", // those of its default command
		"--json device ":          "list",
	} {
		got := Words(root, strings.Split(typed, " "))
		if slices.Sort(got); strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := Words(root, nil); got != nil {
		t.Errorf("nothing typed: %q", got)
	}
}
