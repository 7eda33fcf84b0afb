package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func TestACallerLearnsWhatIsKeptOfTheNumber(t *testing.T) {
	t.Parallel()
	data := called(t)
	ask(t, daysLater, "rollup", "--all", "--day", "2026-11-01..", "--data", data)
	before := filesWith(t, data, "12345678")
	out := ask(t, daysLater, "find", "--number", "+4915112345678", "--data", data)
	for _, want := range []string{"MAC           WHERE", "68692e0b0001  CALL ", "68692e0b0001  CDR ", "68692e0b0001  raw ", "68692e0b0001  curated ", "caller", "source"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if after := filesWith(t, data, "12345678"); !slices.Equal(after, before) {
		t.Errorf("the number is in %q, and was in %q", after, before)
	}
	if out := ask(t, daysLater, "find", "--number", "+4915187654321", "--data", data); out != "Nothing is kept of the number.\n" {
		t.Error(out)
	}
}

func TestAProgramLearnsWhatIsKeptOfTheNumber(t *testing.T) {
	t.Parallel()
	data := called(t)
	out := ask(t, daysLater, "find", "--number", "+4915112345678", "--json", "--data", data)
	kept := map[string]map[string]any{}
	for line := range strings.Lines(out) {
		var f struct {
			Where, Name, ID string
			Received        time.Time
			Line            int
			Kept            map[string]any
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Name == "" || f.Received.IsZero() {
			t.Fatalf("%v: %s", err, line)
		}
		kept[f.Where] = f.Kept
	}
	if len(kept) != 3 || kept["raw"]["body"] == "" || kept["CALL"]["event"] == nil || kept["CDR"]["event"] == nil {
		t.Errorf("%v of %s", kept, out)
	}
}

func TestAnErasureShowsWhatItFoundBeforeItAsks(t *testing.T) {
	t.Parallel()
	data := called(t)
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(string) string { return "" }, time.Now)
	c := &eraseCommand{sought: sought{Number: []string{"+4915112345678"}, Trunk: []string{"0"}}, where: where{Data: data}}
	refused := errors.New("no")
	goOn, err := c.shown(p, func() error {
		if !strings.Contains(out.String(), "68692e0b0001  CALL   1      found") {
			t.Errorf("it asks after %q", out.String())
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("it goes on: %v, %v", goOn, err)
	}
	out.Reset()
	c.JSON = true
	if _, err := c.shown(p, func() error { return refused }); !errors.Is(err, refused) || out.Len() > 0 || !strings.Contains(errs.String(), "found") {
		t.Errorf("a program reads %q: %v", out.String(), err)
	}
	c.Number = []string{"+4915187654321"}
	if goOn, err := c.shown(p, func() error { t.Error("it asks"); return nil }); goOn || err != nil {
		t.Errorf("of nothing: %v, %v", goOn, err)
	}
}

func TestAnErasureAsksThoughAnObjectCannotBeSearched(t *testing.T) {
	t.Parallel()
	data := called(t)
	damage(t, data)
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(string) string { return "" }, time.Now)
	c := &eraseCommand{sought: sought{Number: []string{"+4915112345678"}, Trunk: []string{"0"}}, where: where{Data: data}}
	asked := false
	if goOn, err := c.shown(p, func() error { asked = true; return nil }); !goOn || err != nil || !asked {
		t.Errorf("asked: %v; goes on: %v, %v", asked, goOn, err)
	}
	if !strings.Contains(errs.String(), "ndjson.gz") {
		t.Errorf("it does not say what can't be searched: %q", errs.String())
	}
}

// damage puts an object that can't be read into the archive of a data folder.
func damage(t *testing.T, data string) {
	t.Helper()
	name := filepath.Join(data, "archive", "raw", "kind=cdr", "dt="+pbx.UTCDay(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)).String(), "68692e0b0001.0001.ndjson.gz")
	if err := os.WriteFile(name, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOneLineThatCannotBeMaskedInItsPlaceKeepsNoOtherFromBeingErased(t *testing.T) {
	t.Parallel()
	data := dataOf(t,
		delivered{"2026-11-23T03:32:00Z", "{event:'cc_cdr', uuid:'1795404600.1', queueCode:'630', startTime:'2026-11-23 11:30:00', caller:'+4915112345678'}"},
		delivered{"2026-11-23T03:33:00Z", "{event:'cc_cdr', uuid:'1795404600.2', queueCode:'630', startTime:'2026-11-23 11:31:00', caller:'+4915112345678', zzz:{a:4915112345678}}"},
		delivered{"2026-11-23T03:34:00Z", "{event:'cc_cdr', uuid:'1795404600.3', queueCode:'630', startTime:'2026-11-23 11:32:00', caller:'+4915112345678', filePath:'/rec/20181105.4915112345678.wav'}"},
	)
	out, code := examine(t, nil, time.Now, "erase", "--number", "+4915112345678", "--yes", "--data", data)
	if code != 0 || len(filesWith(t, data, "15112345678")) > 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	calls := ask(t, daysLater, "calls", "68692e0b0001", "--json", "--data", data)
	into := filepath.Join(t.TempDir(), "again")
	ask(t, daysLater, "replay", "--day", "2026-11-01..2026-11-30", "--data", data, "--into", into)
	if again := ask(t, daysLater, "calls", "68692e0b0001", "--json", "--data", into); again != calls || strings.Count(calls, "0000000") < 4 {
		t.Errorf("a replay gives\n%s\nwhere there is\n%s", again, calls)
	}
}

func TestWhatStaysOfANumberIsListedWithItsPlace(t *testing.T) {
	t.Parallel()
	data := called(t)
	damage(t, data)
	out, code := examine(t, nil, time.Now, "erase", "--number", "+4915112345678", "--yes", "--data", data)
	if code != exitFailed || !strings.Contains(out, "What stays:") || !strings.Contains(out, "raw/kind=cdr/dt=2026-11-23/68692e0b0001.0001.ndjson.gz") {
		t.Errorf("exit %d: %s", code, out)
	}
	if found := filesWith(t, data, "4915112345678"); len(found) > 0 {
		t.Errorf("what it could erase is in %q", found)
	}
	if out, code := examine(t, nil, time.Now, "find", "--number", "+4915112345678", "--data", data); code != exitFailed || !strings.Contains(out, "ndjson.gz") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestASearchThatWasNotCompleteDoesNotSayThatNothingIsKept(t *testing.T) {
	t.Parallel()
	data := called(t)
	link := filepath.Join(data, "archive", "raw", "kind=cdr", "dt=2026-11-23", "68692e0b0001.0001.ndjson.gz")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		ctx  context.Context
		args []string
		says string
	}{
		{t.Context(), []string{"find"}, "Nothing was found, but not all was searched.\n"},
		{t.Context(), []string{"erase", "--dry-run"}, "Nothing was found, but not all was searched.\n"},
		{t.Context(), []string{"erase", "--yes"}, "Nothing was found, but not all was searched.\n"},
		{interrupted, []string{"find"}, ""},
		{interrupted, []string{"erase", "--dry-run"}, ""},
	} {
		var out, errs strings.Builder
		p := newProgram(c.ctx, &out, &errs, func(string) string { return "" }, time.Now)
		code := p.run(append(c.args, "--number", "+4915187654321", "--data", data))
		if code != exitFailed || !strings.Contains(out.String(), c.says) || strings.Contains(out.String(), "Nothing is kept") || strings.Contains(out.String(), "is nowhere") {
			t.Errorf("%q: exit %d: %q, %q", c.args, code, &out, &errs)
		}
	}
}
