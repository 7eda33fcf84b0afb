package store_test

import (
	"fmt"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// machine is a machine whose clock can be set. It also has the time that really passes.
type machine struct {
	t      *testing.T
	table  store.Table
	shows  time.Time
	passed time.Duration
	clock  *store.Clock
}

func newMachine(t *testing.T, shows string) *machine {
	m := &machine{t: t, table: storetest.NewMemory()}
	m.set(shows)
	m.start()
	m.keep()
	return m
}

func (m *machine) start() {
	m.t.Helper()
	var err error
	m.clock, err = store.OpenClock(m.t.Context(), m.table, func() time.Time { return m.shows }, func() time.Duration { return m.passed })
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) set(shows string) {
	m.t.Helper()
	var err error
	if m.shows, err = time.Parse(time.RFC3339, shows); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) pass(d time.Duration) { m.shows, m.passed = m.shows.Add(d), m.passed+d }

func (m *machine) keep() {
	m.t.Helper()
	if err := m.clock.Keep(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) goes(want string) {
	m.t.Helper()
	got := m.clock.Now().UTC().Format(time.RFC3339)
	_, doubted := m.clock.Doubt()
	if got != want || doubted != (want != m.shows.UTC().Format(time.RFC3339)) {
		m.t.Errorf("it is %s, want %s; doubted: %t", got, want, doubted)
	}
}

// call lets a PBX report a call by its own clock.
func (m *machine) call(mac pbx.MAC, start string) {
	m.t.Helper()
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		m.t.Fatal(err)
	}
	e := &pbx.CallRecord{UUID: fmt.Sprintf("%d.1", at.Unix()), Queue: "630", Start: pbx.LocalTimeOf(at), CallType: "IN", CDRState: "queue"}
	if _, err := store.New(m.table, m.clock.Now).Record(m.t.Context(), store.Origin{MAC: mac, At: m.clock.Now()}, e); err != nil {
		m.t.Fatal(err)
	}
}

func TestAClockThatJumpsIsNotFollowed(t *testing.T) {
	for name, jump := range map[string]string{"years ahead": "2028-11-24T10:00:00Z", "to the beginning": "1970-01-01T00:00:00Z", "hours back": "2026-11-24T08:00:00Z"} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", restart ", restart), func(t *testing.T) {
				m := newMachine(t, "2026-11-24T10:00:00Z")
				m.set(jump)
				if restart {
					m.start()
				}
				m.goes("2026-11-24T10:00:00Z")
				m.pass(40 * time.Minute)
				m.goes("2026-11-24T10:40:00Z")
				m.keep()
				m.start() // it continues from the kept time
				m.goes("2026-11-24T10:40:00Z")
				m.set("2026-11-24T10:45:00Z")
				m.goes("2026-11-24T10:45:00Z")
			})
		}
	}
}

func TestAServerThatWasOffForAWhileIsNotDoubted(t *testing.T) {
	m := newMachine(t, "2026-11-24T10:00:00Z")
	for _, shows := range []string{"2026-11-24T09:10:00Z", "2026-11-30T10:00:00Z", "2026-12-06T10:00:00Z"} {
		m.set(shows)
		m.start()
		m.goes(shows)
		m.keep()
	}
}

func TestAnOperatorSaysThatAClockIsRight(t *testing.T) {
	for _, shows := range []string{"2028-11-24T10:00:00Z", "2026-11-20T10:00:00Z"} {
		m := newMachine(t, "2026-11-24T10:00:00Z")
		m.set(shows)
		m.goes("2026-11-24T10:00:00Z")
		if err := store.AcceptClock(t.Context(), m.table, m.shows); err != nil {
			t.Fatal(err)
		}
		m.keep()
		m.goes(shows)
		m.start()
		m.goes(shows)
	}
}

func TestPBXsConfirmTheClockOfAServerThatWasOffForAYear(t *testing.T) {
	m := newMachine(t, "2026-11-24T10:00:00Z")
	for _, mac := range []pbx.MAC{"68692e0b0001", "68692e0b0002", "68692e0b0003", "68692e0b0004"} {
		m.call(mac, "2026-11-24T09:00:00Z") // before it was off
	}
	m.pass(time.Minute)
	m.keep()
	m.set("2027-12-01T08:00:00Z")
	m.start()
	m.keep()
	m.goes("2026-11-24T10:01:00Z")
	m.call("68692e0b0001", "2027-12-01T07:55:00Z")
	m.call("68692e0b0002", "2026-11-24T10:01:00Z") // its clock agrees with this machine's earlier time
	m.keep()
	m.goes("2026-11-24T10:01:00Z")
	m.call("68692e0b0003", "2027-12-01T16:00:00Z") // in another zone
	m.keep()
	m.goes("2027-12-01T08:00:00Z")
}

func TestNoCallConfirmsAClockThatIsBehind(t *testing.T) {
	m := newMachine(t, "2026-11-24T10:00:00Z")
	m.set("1970-01-02T00:00:00Z")
	m.call("68692e0b0001", "1970-01-02T00:00:00Z")
	m.keep()
	m.goes("2026-11-24T10:00:00Z")
}

func TestAnUnreadableTimeIsIgnored(t *testing.T) {
	m := newMachine(t, "2026-11-24T10:00:00Z")
	err := m.table.Put(t.Context(), store.Item{Key: store.Key{PK: "CLOCK", SK: "CLOCK"}, Version: "x", Doc: []byte(`{"at":7}`)}, store.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	m.set("2028-11-24T10:00:00Z")
	m.start()
	m.goes("2028-11-24T10:00:00Z")
	m.keep()
}
