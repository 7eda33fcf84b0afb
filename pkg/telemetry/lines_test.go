package telemetry

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func sayDropped(w io.Writer, n int64) { fmt.Fprintf(w, "%d lines were dropped\n", n) }

// stalled is a reader of a log that reads nothing until it is released.
type stalled struct {
	strings.Builder
	goOn chan bool
}

func (s *stalled) Write(line []byte) (int, error) {
	<-s.goOn
	return s.Builder.Write(line)
}

func TestALogThatIsNotReadStopsNobody(t *testing.T) {
	w := &stalled{goOn: make(chan bool)}
	l := NewLines(w, sayDropped)
	const more = 100
	for range linesAtMost + more {
		if n, err := io.WriteString(l, "line\n"); n != 5 || err != nil {
			t.Fatal(n, err)
		}
	}
	close(w.goOn)
	l.Close(time.Minute)
	// The writer may have taken a line before the first was dropped.
	if got := w.String(); !strings.Contains(got, fmt.Sprint(more, " lines were dropped\n")) && !strings.Contains(got, fmt.Sprint(more-1, " lines were dropped\n")) {
		t.Errorf("it does not report the dropped lines: %.200q", got)
	}
	if n := strings.Count(w.String(), "line\n"); n < linesAtMost {
		t.Errorf("%d lines were written", n)
	}
}

func TestLongLinesThatWaitAreBounded(t *testing.T) {
	w := &stalled{goOn: make(chan bool)}
	l := NewLines(w, sayDropped)
	for range 100 {
		l.Write(make([]byte, bytesAtMost/10))
	}
	close(w.goOn)
	l.Close(time.Minute)
	if n := w.Len(); n > bytesAtMost+100 {
		t.Errorf("%d bytes waited", n)
	}
}

// ending is a reader of a log that fails for some lines.
type ending struct {
	strings.Builder
	fails int
}

func (e *ending) Write(line []byte) (int, error) {
	if e.fails--; e.fails >= 0 {
		return 0, errors.New("broken pipe")
	}
	return e.Builder.Write(line)
}

func TestLinesThatNobodyReadsAreCounted(t *testing.T) {
	w := &ending{fails: 2}
	l := NewLines(w, sayDropped)
	for i := range 4 {
		fmt.Fprintln(l, i)
	}
	l.Close(time.Minute)
	if got, want := w.String(), "2\n2 lines were dropped\n3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheEndWaitsForALogOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stalled{goOn: make(chan bool)}
		l := NewLines(w, sayDropped)
		fmt.Fprintln(l, "line")
		began := time.Now()
		l.Close(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %s", took)
		}
		fmt.Fprintln(l, "too late")
		close(w.goOn)
		l.Close(time.Second)
		if got := w.String(); got != "line\n1 lines were dropped\n" {
			t.Errorf("got %q", got)
		}
	})
}
