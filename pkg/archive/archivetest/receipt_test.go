package archivetest

import (
	"slices"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

func TestAReceiptComesBackWithAllOfItsFields(t *testing.T) {
	refused := FullReceipt(t)
	refused.Kind = "" // nobody knows it of what was refused
	accepted := FullReceipt(t).Refused("", 0)
	for name, c := range map[string]struct {
		receipt archive.Receipt
		event   pbx.Event
	}{"refused": {refused, nil}, "accepted": {accepted, &pbx.Hangup{UniqueID: "1795161600.1"}}} {
		t.Run(name, func(t *testing.T) {
			line, err := archive.Lines([]archive.Envelope{c.receipt.Envelope(c.event)})
			if err != nil {
				t.Fatal(err)
			}
			again, err := archive.ParseReceipt(line)
			if differ := Differences(c.receipt, again); err != nil || len(differ) > 0 {
				t.Errorf("%q differ, %v, in %s", differ, err, line)
			}
		})
	}
}

func TestADifferenceIsReported(t *testing.T) {
	was := FullReceipt(t)
	is := was.Refused("another", 2)
	is.Body = nil
	if got := Differences(was, is); !slices.Equal(got, []string{"Reason", "Decoder", "Body"}) {
		t.Errorf("%q", got)
	}
}
