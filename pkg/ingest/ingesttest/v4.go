package ingesttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/testdata"
)

// V4 is a PBX with software v4, and V4Zone is its time zone.
const (
	V4     = pbx.MAC("02000000f404")
	V4Zone = "Asia/Shanghai"
)

// testV4 sends what a PBX with software v4 sends: strict JSON, lines and forms, with AMI's
// names. Then it checks the records.
func testV4(t *testing.T, d Endpoint) {
	zone, err := pbx.ParseZone(V4Zone)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Store.SetDevice(t.Context(), V4, store.Device{Zone: zone}); err != nil {
		t.Fatal(err)
	}
	send := func(name, want string) {
		body, err := testdata.FS.ReadFile("dialect/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := Post(t, d.URL(V4, 1), body); status != 200 || strings.TrimSpace(answer) != want {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	send("cdr_v4", `{"stored":1}`)
	send("dial_v4_lines", `{"stored":2}`)
	d.checkLive(t, store.CallAnswered)
	send("signs_v4", `{"stored":3,"unrecognised":1}`)
	d.checkLive(t, store.CallAnswered)
	send("hangup_v4_form", `{"stored":1}`)
	d.checkLive(t, store.CallEnded)
	d.checkLeg(t, zone)
	d.checkSigns(t)
}

// checkLive checks the state of the one call.
func (d Endpoint) checkLive(t *testing.T, want store.CallState) {
	t.Helper()
	calls, err := d.Store.LiveCalls(t.Context(), V4)
	if err != nil || len(calls) != 1 || calls[0].State != want || calls[0].Caller != "07801234567" || calls[0].UniqueID != "1780515827.110" {
		t.Errorf("calls %+v, %v, want one that is %s", calls, err, want)
	}
}

// checkLeg checks the plain record, whose start comes from its id.
func (d Endpoint) checkLeg(t *testing.T, zone pbx.Zone) {
	t.Helper()
	var legs []string
	for r, err := range d.Store.CDRs(t.Context(), V4, zone, store.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		e := r.Event
		legs = append(legs, fmt.Sprint(e.Start, " ", e.StartFromID, " ", e.Source, " ", e.Destination, " ", e.Disposition, " ", e.Duration))
	}
	if want := []string{"2026-06-04T03:43:47 true 07801234567 104 NO ANSWER 27"}; !slices.Equal(legs, want) {
		t.Errorf("plain records %q, want %q", legs, want)
	}
}

// checkSigns checks the login and the logoff of one agent.
func (d Endpoint) checkSigns(t *testing.T) {
	t.Helper()
	logins, logoffs := 0, 0
	for sign, err := range d.Store.Signs(t.Context(), V4, time.Unix(0, 0), time.Now().Add(time.Hour)) {
		if err != nil || sign.Agent != "101" {
			t.Fatal(sign, err)
		}
		if sign.Login {
			logins++
		} else {
			logoffs++
		}
	}
	if logins != 1 || logoffs != 1 {
		t.Errorf("%d logins, %d logoffs", logins, logoffs)
	}
}
