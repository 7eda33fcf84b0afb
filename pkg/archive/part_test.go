package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

func previous() archive.Part {
	first, last := archivetest.PreviousDays()
	return archive.Part{First: first, Last: last}
}

// idsOf returns the IDs of the lines of a part, each once, in their order.
func idsOf(t *testing.T, p archive.Part, b archive.Bucket) []string {
	t.Helper()
	ids := map[string]bool{}
	for line, err := range p.Lines(t.Context(), b) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := archive.ParseReceipt(line.Text)
		if err != nil {
			t.Fatal(err)
		}
		ids[r.ID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func TestEachFormOfAnObjectIsRead(t *testing.T) {
	all := previous()
	first, last, one, kind := all, all, all, all
	first.Last, last.First, one.MAC, kind.Kinds = all.First, all.Last, "68692e0b0002", []pbx.Kind{pbx.KindHangup}
	for form, b := range archivetest.Forms(t) {
		for _, c := range []struct {
			part archive.Part
			want int
		}{{all, 10}, {first, 7}, {last, 3}, {one, 2}, {kind, 6}} {
			if got := idsOf(t, c.part, b); len(got) != c.want || !slices.Equal(got, idsOf(t, c.part, archivetest.Previous(t))) {
				t.Errorf("%s: %+v has %d events, want %d", form, c.part, len(got), c.want)
			}
		}
	}
}

// merging is a Bucket whose raw/ is merged into one object per folder after some reads.
type merging struct {
	archive.Bucket
	after int
}

func (m *merging) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for name, err := range m.Bucket.List(ctx, prefix, after) {
			if !yield(name, err) {
				return
			}
			if m.after--; m.after == 0 {
				if err := merge(ctx, m.Bucket); err != nil {
					yield("", err)
					return
				}
			}
		}
	}
}

// merge moves all lines of each folder to an object whose name is after all others.
func merge(ctx context.Context, b archive.Bucket) error {
	merged := map[string][]byte{}
	var old []string
	for name, err := range b.List(ctx, archive.RawPrefix, "") {
		if err != nil {
			return err
		}
		for line, err := range archive.ReadLines(ctx, b, name) {
			if err != nil {
				return err
			}
			folder := strings.Join(strings.SplitN(name, "/", 4)[:3], "/")
			merged[folder] = append(merged[folder], line.Text...)
		}
		old = append(old, name)
	}
	for folder, lines := range merged {
		if err := b.Put(ctx, folder+"/merged.0001.ndjson", lines); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := b.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func TestAMergeHidesNoEventOfAReaderThatHasBegun(t *testing.T) {
	want := idsOf(t, previous(), archivetest.Previous(t))
	for after := 1; after < 12; after++ {
		if got := idsOf(t, previous(), &merging{archivetest.Previous(t), after}); !slices.Equal(got, want) {
			t.Errorf("merged after %d names: %d events, want %d", after, len(got), len(want))
		}
		seen := map[string]bool{}
		loop := archive.Loop{}
		err := previous().Read(t.Context(), &merging{archivetest.Previous(t), after}, loop, func(_ context.Context, _ string, lines iter.Seq2[archive.Line, error]) error {
			for line, err := range lines {
				if err != nil {
					return err
				}
				r, err := archive.ParseReceipt(line.Text)
				if err != nil {
					return err
				}
				seen[r.ID] = true
			}
			return nil
		})
		if got := slices.Sorted(maps.Keys(seen)); err != nil || !slices.Equal(got, want) {
			t.Errorf("merged after %d names: %d events in objects, want %d, %v", after, len(got), len(want), err)
		}
	}
}

func TestNamesGoOnAfterAName(t *testing.T) {
	for form, b := range archivetest.Forms(t) {
		var all []string
		for name, err := range previous().Names(t.Context(), b) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, name)
		}
		for i := range all {
			part := previous()
			part.After = all[i]
			var rest []string
			for name := range part.Names(t.Context(), b) {
				rest = append(rest, name)
			}
			if !slices.Equal(rest, all[i+1:]) {
				t.Errorf("%s: after %s are %q, want %q", form, all[i], rest, all[i+1:])
			}
		}
	}
}

func TestFormsAreKnownByTheirNames(t *testing.T) {
	const folder, mac, id = "raw/kind=cdr/dt=2026-11-20/", "68692e0b0001", "68692e0b0001-1795219198750-73278a08a30fde105d9068a650671db9"
	for name, want := range map[string]archive.Form{
		folder + id + ".json": archive.Single, folder + id + ".ndjson": archive.Delivery, folder + mac + ".0001.ndjson.gz": archive.Packed,
		folder + "x.json": archive.Shared, folder + "2026/11/" + id + ".json": archive.Shared, folder + mac + "-1.ndjson": archive.Shared,
		folder + "stream-1.ndjson.gz": archive.Shared, "raw/x.json": archive.Shared, "quarantine/dt=2026-11-20/" + id + ".json": archive.Shared,
	} {
		form, of := archive.FormOf(name)
		if form != want || (of == mac) != (want != archive.Shared) {
			t.Errorf("%s is %d of %q", name, form, of)
		}
	}
}

func TestALineThatIsTooLongKeepsNoOtherFromBeingRead(t *testing.T) {
	b := archivetest.NewMemory()
	long := bytes.Repeat([]byte("x"), 16<<20+1)
	if err := b.Put(t.Context(), "raw/a", slices.Concat([]byte("1\n"), long, []byte("\n2\n"), long)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line, err := range archive.ReadLines(t.Context(), b, "raw/a") {
		if bad, ok := errors.AsType[*each.Bad](err); ok && errors.Is(err, archive.ErrDamaged) {
			got = append(got, bad.Name)
			continue
		}
		got = append(got, fmt.Sprintf("%d %q", line.N, line.Text))
	}
	if want := []string{`1 "1\n"`, "line 2 of raw/a", `3 "2\n"`, "line 4 of raw/a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	whole, err := archive.Pack([]byte("{}\n{}\n"))
	if err != nil {
		t.Fatal(err)
	}
	const folder = "raw/kind=cdr/dt=2026-11-20/"
	for name, body := range map[string][]byte{
		"stream":                      whole[:len(whole)-5],
		"stream.gz":                   slices.Concat(whole, []byte("no member")),
		"68692e0b0001.0001.ndjson.gz": []byte("not compressed\n"),
	} {
		b := archivetest.NewMemory()
		if err := b.Put(t.Context(), folder+name, body); err != nil {
			t.Fatal(err)
		}
		var last error
		for _, last = range archive.ReadLines(t.Context(), b, folder+name) {
		}
		if !errors.Is(last, archive.ErrDamaged) {
			t.Errorf("%s: %v", name, last)
		}
		failing := archivetest.NewFaulty(b, func(c archivetest.Call) archivetest.Fault {
			return map[string]archivetest.Fault{"Read": archivetest.Fails}[c.Method]
		})
		for _, last = range archive.ReadLines(t.Context(), failing, folder+name) {
		}
		if errors.Is(last, archive.ErrDamaged) || !errors.Is(last, archivetest.ErrInjected) {
			t.Errorf("%s, which the store does not deliver: %v", name, last)
		}
		bad := 0
		for _, err := range previous().Lines(t.Context(), b) {
			if b, ok := errors.AsType[*each.Bad](err); ok && b.Name == folder+name {
				bad++
			}
		}
		if bad != 1 {
			t.Errorf("%s is named %d times", name, bad)
		}
	}
	for _, last := range archive.ReadLines(t.Context(), archivetest.NewMemory(), folder+"none") {
		if !errors.Is(last, fs.ErrNotExist) {
			t.Error(last)
		}
	}
}
