package tables

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/listing"
	"trunkline/pkg/redrive"
	"trunkline/pkg/replay"
)

// Refused shows events in quarantine.
func Refused() listing.Columns[replay.Refused] {
	return listing.Columns[replay.Refused]{
		Heads: []string{"RECEIVED", "MAC", "REASON", "NAME", "BODY"},
		Cells: func(r replay.Refused) []string {
			return []string{clockOr(r.Received), string(r.MAC), r.Reason, r.Name, r.Begins}
		},
	}
}

// Spilled shows what one store keeps for the other.
func Spilled() listing.Columns[redrive.Spilled] {
	return listing.Columns[redrive.Spilled]{
		Heads: []string{"IN", "RECEIVED", "MAC", "EVENTS", "KINDS", "TRIES", "BYTES"},
		Cells: func(s redrive.Spilled) []string {
			return []string{s.Where, clockOr(s.Received), string(s.MAC), strconv.Itoa(s.Events), strings.Join(s.Kinds, ", "),
				strconv.Itoa(s.Tries), strconv.Itoa(s.Bytes)}
		},
	}
}

// KeptAt shows places that have a number.
func KeptAt() listing.Columns[erase.Finding] {
	return listing.Columns[erase.Finding]{
		Heads: []string{"MAC", "WHERE", "RECEIVED", "NAME", "LINE", "MEMBERS", "COUNT", "WHY IT STAYS"},
		Cells: func(f erase.Finding) []string {
			line := ""
			if f.Line > 0 {
				line = fmt.Sprint(f.Line)
			}
			return []string{string(f.MAC), f.Where, clockOr(f.Received), f.Name, line, strings.Join(f.Members, " "), fmt.Sprint(f.Count), f.Error}
		},
	}
}

// PrintErasure prints where a number was found, what stays, and what was done. For a number that
// was found nowhere, it prints the sentence nothing.
func PrintErasure(ctx context.Context, out io.Writer, r *erase.Report, s erase.Summary, nothing string) error {
	if err := listing.Table(ctx, out, each.Of(r.Places()...), places(r, s.DryRun), nothing); err != nil {
		return err
	}
	if err := listing.Section(ctx, out, "\nWhat stays:", each.Of(r.Left...), KeptAt()); err != nil || s.DryRun {
		return err
	}
	if r.Notes > 0 {
		fmt.Fprintf(out, "\nEvents that differ from others in the number alone, and are in quarantine now: %d.\n", r.Notes)
	}
	fmt.Fprintf(out, "\nDays whose figures were computed again: %d. What keeps the number for now:\n", s.Recomputed)
	for _, what := range s.KeptForNow {
		fmt.Fprintln(out, " -", what)
	}
	return nil
}

// places shows how often a number was found at each kind of place.
func places(r *erase.Report, dryRun bool) listing.Columns[erase.Place] {
	what := "erased"
	if dryRun {
		what = "found"
	}
	return listing.Columns[erase.Place]{
		Heads: []string{"MAC", "WHERE", "COUNT", ""},
		Cells: func(at erase.Place) []string {
			return []string{string(at.MAC), at.Where, fmt.Sprint(r.Count[at]), cmp.Or(at.Error, what)}
		},
	}
}

// PrintReceipt prints an event in quarantine, whole.
func PrintReceipt(out io.Writer, name string, r archive.Receipt) error {
	const form = "Name      %s\nReceived  %s\nMAC       %s\nFrom      %s\nPlace     %d\nReason    %s\nBody      %d bytes\n\n"
	received := r.Received.UTC().Format("2006-01-02T15:04:05.000Z")
	fmt.Fprintf(out, form, name, received, listing.Plain(string(r.MAC)), listing.Plain(r.Remote), r.Index, listing.Plain(r.Reason), len(r.Body))
	for line := range strings.Lines(string(r.Body)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			line = listing.Plain(line)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// PrintReplay prints what a replay did.
func PrintReplay(ctx context.Context, out io.Writer, r replay.Summary) error {
	if r.DryRun {
		kinds := slices.Sorted(maps.Keys(r.Writes))
		err := listing.Table(ctx, out, each.Of(kinds...), listing.Columns[string]{
			Heads: []string{"KIND", "ITEMS"},
			Cells: func(kind string) []string { return []string{kind, strconv.Itoa(r.Writes[kind])} },
		}, "All of it is recorded already.")
		if err != nil {
			return err
		}
		fmt.Fprint(out, "Dry run, nothing was written: ")
	}
	fmt.Fprintf(out, "%d objects, %d events, %d held back\n", r.Objects, r.Events, r.Held)
	if r.Why != "" {
		fmt.Fprintf(out, "The first of those: %s\n", listing.Plain(r.Why))
	}
	return nil
}

// PrintAttempts prints what do reports of each event in quarantine: a line, for programs an object. The word
// done says what was done, such as released. The error says how many events it was not done with.
func PrintAttempts(out io.Writer, asJSON bool, done string, do func(did func(replay.Attempt)) error) error {
	all := 0
	encoder := listing.JSON(out)
	err := do(func(a replay.Attempt) {
		all++
		switch {
		case asJSON:
			encoder.Encode(a)
		case a.Done:
			fmt.Fprintf(out, "%s  %s\n", done, listing.Plain(a.Name))
		default:
			fmt.Fprintf(out, "not %s  %s: %s\n", done, listing.Plain(a.Name), listing.Plain(a.Why))
		}
	})
	if s, ok := errors.AsType[*each.Skipped](err); ok && s.Stopped == nil {
		return fmt.Errorf("%d of %d not %s: %w", s.Count, max(all, s.Count), done, err)
	}
	if err == nil && all == 0 && !asJSON {
		fmt.Fprintln(out, "Nothing is in quarantine.")
	}
	return err
}
