package hostile

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
)

// Connections that only hang there cost an honest PBX no event and no time, and go by
// themselves.
func TestHonestEventsGetThroughWhileAThousandConnectionsHang(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var hanging []net.Conn
	for i := range 1000 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		a := Attempt{Wire: [...]string{"", "P", "POST " + ownPath + headers, cut(post(ownPath, state), len(state))}[i%4]}
		fmt.Fprint(conn, a.Of(honest, s.Keys.Sign(honest, 1).Reveal()).Wire)
		hanging = append(hanging, conn)
	}
	for end := time.Now().Add(bodyTimeout / 2); time.Now().Before(end); {
		s.takesHonest(t)
	}
	if s.honest < 5 {
		t.Errorf("only %d honest events got through", s.honest)
	}
	end := time.Now().Add(within)
	for i, conn := range hanging {
		conn.SetReadDeadline(end)
		answer, err := io.ReadAll(conn)
		if err != nil || strings.Contains(string(answer), " 200 ") {
			t.Errorf("connection %d: %q, %v", i, answer, err)
		}
	}
	s.takesHonest(t)
	s.hasHonest(t)
}

// After a refusal the server soon closes the connection. It neither waits for the client nor reads
// on without end.
func TestTheServerStopsReadingAfterARefusal(t *testing.T) {
	t.Parallel()
	s := serve(t)
	refused := "POST /v1/pbx/" + string(honest) + "/none" + headers
	for name, a := range map[string]Attempt{
		"a long body":              {Wire: refused + "Content-Length: 999999999999\r\n\r\n", More: strings.Repeat("x", 1<<16)},
		"a body without end":       {Wire: refused + "Transfer-Encoding: chunked\r\n\r\n", More: "400\r\n" + strings.Repeat("x", 0x400) + "\r\n"},
		"a body that is asked for": {Wire: refused + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"},
	} {
		began := time.Now()
		if got := s.try(t, a); got.status != 401 || time.Since(began) > bodyTimeout+promptly {
			t.Errorf("%s: %+v after %s", name, got, time.Since(began))
		}
	}
	s.takesHonest(t)
}

// Where strangers' connections take all descriptors that the server may have, events are still appended
// to the segment that is open. No other can be made: what is acknowledged all the same is handed on
// later, and the server recovers.
func TestAServerThatMayOpenNothingMoreLosesNoAcknowledgedEvent(t *testing.T) {
	t.Parallel()
	s := serve(t, "sh", "-c", `ulimit -n 60; exec "$@"`, "sh")
	s.takesHonest(t) // over a connection that stays
	for range 200 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "P")
	}
	const other, step = pbx.MAC("0200000000cc"), "{event:'ivr', uuid:'1541415931.1', ivrId:'610', startTime:'2018-11-05 19:05:31'}"
	for end := time.Now().Add(within); !strings.Contains(s.log(t), "spilled=1"); {
		s.takesHonest(t)
		if status, _ := ingesttest.Post(t, s.URL(other, 1), []byte(step)); status != http.StatusOK {
			t.Fatalf("an event of another kind is answered %d", status)
		}
		if time.Now().After(end) {
			t.Fatalf("there were descriptors enough: %s", s.log(t))
		}
	}
	time.Sleep(5 * bodyTimeout) // those who hang have come and gone, as many at a time as there is room for
	http.DefaultClient.CloseIdleConnections()
	s.takesHonest(t)
	s.stop(t)
	s.pbxctl(t, "spill redrive")
	s.hasHonest(t)
	if len(s.archived(t, other)) == 0 || s.recorded(t, other) != 1 {
		t.Errorf("of the other kind %q are archived, %d recorded", s.archived(t, other), s.recorded(t, other))
	}
}
