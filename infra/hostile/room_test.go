package hostile

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"trunkline/infra/built"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
)

// resident is how many MiB of memory the server has in use.
func (s *server) resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Skip("there is no /proc here")
	}
	kb, err := strconv.Atoi(regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindStringSubmatch(string(status))[1])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// What many slow senders of large bodies hold of the server's memory is bounded, and honest
// events get in, small ones and arrays.
func TestHonestEventsGetThroughWhileSixHundredLargeBodiesAreOnTheirWay(t *testing.T) {
	t.Parallel()
	const slow, most = pbx.MAC("0200000000ee"), 200
	s := serve(t)
	a := Attempt{Wire: post(ownPath, state+strings.Repeat(" ", 1<<20-len(state)))}.Of(slow, s.Keys.Sign(slow, 1).Reveal())
	wire := []byte(a.Wire)[:len(a.Wire)-1]
	for range 600 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			conn.Write(wire) // as far as the server reads
			io.Copy(io.Discard, conn)
		}()
	}
	array := []byte("[" + strings.Repeat(state+",", 200) + "]")
	largest := 0
	for end := time.Now().Add(2 * bodyTimeout); time.Now().Before(end); {
		s.takesHonest(t)
		if status, answer := ingesttest.Post(t, s.URL("0200000000ef", 1), array); status != http.StatusOK {
			t.Errorf("an array of another PBX: %d %s", status, answer)
		}
		largest = max(largest, s.resident(t))
	}
	if t.Logf("%d MiB", largest); largest > most && !built.Race { // the detector keeps a shadow of all memory
		t.Errorf("the server had %d MiB in use, more than %d", largest, most)
	}
	s.hasHonest(t)
}
