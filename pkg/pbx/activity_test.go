package pbx

import "testing"

func TestTheActivityOfManyCallsIsThatOfItsPartsOneAfterAnother(t *testing.T) {
	starts := []LocalTime{100, 100, 160, 1000, 1001, 1500}
	for cut := range len(starts) + 1 {
		var before, after Activity
		for i, at := range starts {
			if i < cut {
				before = before.Then(Begun(at))
			} else {
				after = after.Then(Begun(at))
			}
		}
		if got, want := before.Then(after), (Activity{6, 100, 1500, 840}); got != want {
			t.Errorf("cut at %d: %+v, want %+v", cut, got, want)
		}
	}
	if got := (Activity{}).Then(Activity{}); got != (Activity{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
