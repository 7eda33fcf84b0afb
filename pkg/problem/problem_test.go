package problem

import (
	"net/http/httptest"
	"testing"
)

func TestAProblemIsWrittenAsTheRFCSays(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, Problem{Title: "No", Status: 400, Detail: "Because", Place: Place{Line: 1, Column: 2, Member: "m"},
		Events: []Event{{Status: 200}, {Index: 1, Status: 400, Title: "No", Place: Place{Line: 3}}}})
	const want = `{"title":"No","status":400,"detail":"Because","line":1,"column":2,"member":"m",` +
		`"events":[{"index":0,"status":200},{"index":1,"status":400,"title":"No","line":3}]}` + "\n"
	if w.Code != 400 || w.Body.String() != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestUnknownMembersOfAProblemAreLeftOut(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, Problem{Title: "Not found", Status: 404})
	if got, want := w.Body.String(), `{"title":"Not found","status":404}`+"\n"; w.Code != 404 || got != want {
		t.Errorf("got %d %s, want 404 %s", w.Code, got, want)
	}
}
