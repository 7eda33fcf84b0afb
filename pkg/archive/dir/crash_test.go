package dir

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// crashing is the variable with the folder to which this program, started again, writes until it is
// killed.
const crashing = "TRUNKLINE_TEST_PUT_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashing); path != "" {
		fmt.Println(putUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// putUntilKilled runs several writers, and prints the name of each object that was acknowledged.
func putUntilKilled(path string) error {
	b, err := Open(path)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("raw/kind=%d/dt=%d/%d", w, i%3, i)
				if err := b.Put(context.Background(), name, bodyOf(name)); err != nil {
					failed <- err
				}
				os.Stdout.WriteString(name + "\n")
			}
		}()
	}
	return <-failed
}

func bodyOf(name string) []byte { return []byte(strings.Repeat(name, 1000)) }

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	path := t.TempDir()
	acknowledged := putAndKill(t, path, 200)
	b := openNew(t, path)
	for _, name := range acknowledged {
		if body, err := b.Get(t.Context(), name); err != nil || string(body) != string(bodyOf(name)) {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
	for name, err := range b.List(t.Context(), "", "") { // those that were not acknowledged too
		if err != nil {
			t.Fatal(err)
		}
		if body, err := b.Get(t.Context(), name); err != nil || string(body) != string(bodyOf(name)) {
			t.Errorf("%s is no whole object: %d bytes, %v", name, len(body), err)
		}
	}
	if left, err := b.root.Open(aside); err != nil {
		t.Error(err)
	} else if names, err := left.Readdirnames(-1); len(names) != 0 || err != nil {
		t.Errorf("left aside: %q, %v", names, err)
	}
}

// putAndKill kills such a program after some objects, and returns what it acknowledged.
func putAndKill(t *testing.T, path string, after int) (acknowledged []string) {
	t.Helper()
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = append(os.Environ(), crashing+"="+path)
	out, err := program.StdoutPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == after {
			program.Process.Kill()
		}
	}
	if err := program.Wait(); len(acknowledged) < after {
		t.Fatalf("ended by itself: %v, %q", err, acknowledged)
	}
	return acknowledged
}
