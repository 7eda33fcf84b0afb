package store_test

import (
	"slices"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// strange is an event of a kind that the store does not know.
type strange struct{ pbx.Common }

func (strange) Kind() pbx.Kind { return "strange" }

func TestEachKindOfEventHasARecord(t *testing.T) {
	start := pbx.LocalTimeOf(received)
	var kinds []pbx.Kind
	for _, e := range []pbx.Event{
		&pbx.DialBegin{}, &pbx.DialEnd{}, &pbx.Hangup{}, &pbx.ExtensionStatus{}, &pbx.IVRStep{Start: start}, &pbx.CallRecord{Start: start},
		&pbx.CDR{Start: start}, &pbx.BridgeEnter{}, &pbx.AgentLogin{}, &pbx.AgentLogoff{}, &pbx.Unrecognised{},
	} {
		kinds = append(kinds, e.Kind())
		table := storetest.NewMemory()
		puts := 0
		counted := storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
			if c.Method == "Put" && c.Key.PK == string(mac) && c.Key.SK != "HEARD" {
				puts++
			}
			return storetest.None
		})
		_, err := store.New(counted, func() time.Time { return received }).Record(t.Context(), store.Origin{MAC: mac, At: received}, e)
		if recorded := puts > 0; err != nil || recorded != (e.Kind() != pbx.KindUnrecognised) {
			t.Errorf("%s: %d items were put, %v", e.Kind(), puts, err)
		}
	}
	if !slices.Equal(kinds, pbx.Kinds()) {
		t.Errorf("the kinds are %q, not %q", kinds, pbx.Kinds())
	}
}

func TestAnEventOfAKindWithoutARecordIsAnError(t *testing.T) {
	s := store.New(storetest.NewMemory(), func() time.Time { return received })
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, &strange{}); err == nil {
		t.Error("it is recorded")
	}
}
