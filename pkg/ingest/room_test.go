package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

// fill starts slow senders of one PBX, which take room for one large body each. It returns a
// function that ends them.
func fill(t *testing.T, r *room, mac pbx.MAC, senders int) (end func()) {
	t.Helper()
	var frees []func()
	for range senders {
		_, free, err := r.read(t.Context(), mac, strings.NewReader(strings.Repeat("x", zycoo.MaxBody)), zycoo.MaxBody, 0)
		if err != nil {
			t.Fatal(err)
		}
		frees = append(frees, free)
	}
	return func() {
		for _, free := range frees {
			free()
		}
	}
}

// body reads a body of some bytes, and reports the result and the time that it took.
func (r *room) body(ctx context.Context, mac pbx.MAC, bytes, more int) string {
	began := time.Now()
	got, free, err := r.read(ctx, mac, strings.NewReader(strings.Repeat("x", bytes)), int64(bytes), more)
	defer free()
	return fmt.Sprintf("%d bytes after %v, %v", len(got), time.Since(began), err)
}

func TestSlowSendersOfOnePBXKeepNobodyElseOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom()
		end := fill(t, r, "020000000001", 8)
		for name, c := range map[string]struct {
			mac         pbx.MAC
			bytes, more int
			want        string
		}{
			"a small event of the same PBX":     {"020000000001", smallBody - 1, 0, "8191 bytes after 0s, <nil>"},
			"a larger one":                      {"020000000001", smallBody, 0, "0 bytes after 2s, the bodies of too many deliveries are on their way"},
			"a small one that is compressed":    {"020000000001", 100, zycoo.MaxBody, "0 bytes after 2s, the bodies of too many deliveries are on their way"},
			"a large one of another PBX":        {"0200000000ff", zycoo.MaxBody, 0, "1048576 bytes after 0s, <nil>"},
			"one of another that is compressed": {"0200000000ff", zycoo.MaxBody, zycoo.MaxBody, "1048576 bytes after 0s, <nil>"},
		} {
			if got := r.body(t.Context(), c.mac, c.bytes, c.more); got != c.want {
				t.Errorf("%s: %s", name, got)
			}
		}
		end()
		if got := r.body(t.Context(), "020000000001", zycoo.MaxBody, 0); got != "1048576 bytes after 0s, <nil>" {
			t.Errorf("after they have ended: %s", got)
		}
		if r.taken != 0 || len(r.of) != 0 {
			t.Errorf("%d bytes are not given back, of %v", r.taken, r.of)
		}
	})
}

func TestSmallEventsGetInWhileLargeOnesTakeAllRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom()
		var ends []func()
		for i := range roomForAll / roomForOne {
			ends = append(ends, fill(t, r, pbx.MAC(fmt.Sprintf("0200000000%02x", i)), 8))
		}
		if got := r.body(t.Context(), "0200000000ff", 300, 0); got != "300 bytes after 0s, <nil>" {
			t.Errorf("a small event: %s", got)
		}
		go func() {
			time.Sleep(time.Second)
			ends[3]()
		}()
		if got := r.body(t.Context(), "0200000000ff", 100_000, 0); got != "100000 bytes after 1s, <nil>" {
			t.Errorf("a larger one, which waits: %s", got)
		}
	})
}

func TestABodyIsReadWholeWhateverItsSizeAndDeclaration(t *testing.T) {
	for _, size := range []int{0, 1, smallBody - 1, smallBody, smallBody + 1, 100_000, zycoo.MaxBody} {
		for _, declared := range []int64{int64(size), -1} {
			r := newRoom()
			want := bytes.Repeat([]byte("x"), size)
			got, free, err := r.read(t.Context(), "020000000001", iotest.HalfReader(bytes.NewReader(want)), declared, 0)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("of %d bytes, declared as %d: %d, %v", size, declared, len(got), err)
			}
			if free(); r.taken != 0 {
				t.Errorf("of %d bytes: %d are not given back", size, r.taken)
			}
		}
	}
}

func TestABodyThatBreaksOffGivesItsRoomBack(t *testing.T) {
	r := newRoom()
	broken := errors.New("the line is cut")
	for _, size := range []int{10, 100_000} {
		_, free, err := r.read(t.Context(), "020000000001", io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(broken)), 1<<20, 0)
		if free(); err != broken || r.taken != 0 {
			t.Errorf("after %d bytes: %v, %d bytes are not given back", size, err, r.taken)
		}
	}
}

func TestTheTableOfAnswersSaysHowMuchRoomThereIs(t *testing.T) {
	want := fmt.Sprintf("over %d KiB found no memory within %.0f seconds. Such bodies may take %d MiB together, and %d MiB of one PBX",
		smallBody>>10, roomWithin.Seconds(), roomForAll>>20, roomForOne>>20)
	if got := Busy.Answer().Case; !strings.Contains(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}
