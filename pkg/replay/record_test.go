package replay

import (
	"reflect"
	"testing"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
)

func TestARecordIsToldAllOfItsReceipt(t *testing.T) {
	was := archivetest.FullReceipt(t)
	r := recordReceipt(was, pbx.UTC)
	for field, value := range reflect.ValueOf(r).Fields() {
		if value.IsZero() {
			t.Errorf("it is told no %s", field.Name)
		}
	}
	if r.MAC != was.MAC || r.KID != was.KID || !r.At.Equal(was.Received) || r.Index != was.Index {
		t.Errorf("%+v of %+v", r, was)
	}
}
