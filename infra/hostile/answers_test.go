package hostile

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func TestABadInputIsAnsweredAndLeavesNoMoreThanItShould(t *testing.T) {
	t.Parallel()
	s := serve(t)
	macs := []pbx.MAC{honest}
	for _, bad := range Table() {
		t.Run(bad.Tried, func(t *testing.T) {
			for _, a := range bad.As {
				mac := pbx.MAC(fmt.Sprintf("02000000%04x", len(macs)))
				macs = append(macs, mac)
				t.Run(a.Name, func(t *testing.T) { s.check(t, mac, bad, a) })
			}
		})
	}
	s.hasHonest(t)
	s.checkLog(t, s.honest+s.delivered)
	s.isFreeOf(t, secrets(s.Keys), s.log(t))
	marks := map[string]bool{"retried/quarantine.json": true, "segments/unfinished": true}
	for _, kind := range pbx.Kinds() {
		marks["compaction/"+string(kind)+".json"] = true
	}
	for _, name := range s.archived(t, "") {
		if !marks[name] && !slices.ContainsFunc(macs, func(mac pbx.MAC) bool { return strings.Contains(name, "/"+string(mac)+"-") }) {
			t.Errorf("%s is of no PBX", name)
		}
	}
}

func (s *server) check(t *testing.T, mac pbx.MAC, bad Bad, a Attempt) {
	began := time.Now()
	got := s.try(t, a.Of(mac, s.Keys.Sign(mac, 1).Reveal()))
	if got.status != bad.Status || !strings.Contains(got.body, bad.Says) {
		t.Errorf("answer %d %.300s\nwant %d %s", got.status, got.body, bad.Status, bad.Says)
	}
	if bad.Says != "" { // the endpoint has seen it
		s.delivered++
	}
	if took := time.Since(began); took > promptly && bad.Kept != Nothing {
		t.Errorf("it took %s", took)
	}
	if kept := s.kept(t, mac); kept != bad.Kept {
		t.Errorf("%s is kept, want %s", kept, bad.Kept)
	}
	s.takesHonest(t)
}

// What stands behind a request, wherever its end is taken to be, is a request that needs a
// token of its own.
func TestARequestBehindAnotherOpensNothing(t *testing.T) {
	s := serve(t)
	behind := post("/v1/pbx/"+string(honest)+"/none", state)
	chunks := "39\r\n" + state + "\r\n0\r\n"
	for i, first := range []string{
		post(ownPath, state),
		post(ownPath, state, fmt.Sprint("Content-Length: ", len(state))),
		chunked(ownPath, chunks+"\r\n"),
		chunked(ownPath, chunks+"X: trailer\r\n\r\n", "Trailer: X"),
		chunked(ownPath, chunks+"\r\n", fmt.Sprint("Content-Length: ", len(behind)+70)),
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(within))
		mac := pbx.MAC(fmt.Sprintf("02000001%04x", i))
		a := Attempt{Wire: first + behind}.Of(mac, s.Keys.Sign(mac, 1).Reveal())
		fmt.Fprint(conn, a.Wire)
		both := bufio.NewReader(conn)
		one, err1 := read(both)
		two, err2 := read(both)
		if one.status != 200 || two.status == 200 || err1 != nil || err2 != nil {
			t.Errorf("%d: answered %d, then %d, %v, %v", i, one.status, two.status, err1, err2)
		}
	}
	s.hasHonest(t)
}

// hasHonest looks for every honest event that was taken.
func (s *server) hasHonest(t *testing.T) {
	t.Helper()
	archived, records := len(s.archived(t, honest)), s.recorded(t, honest)
	if archived != s.honest || records != s.honest {
		t.Errorf("of %d honest events %d are archived, %d recorded", s.honest, archived, records)
	}
}
