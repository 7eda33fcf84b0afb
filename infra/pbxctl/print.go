package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// columns show values of a type to people.
type columns[T any] struct {
	heads []string
	cells func(T) []string
}

// show prints what a command found. Programs get an object per line as soon as it is read. People
// get a table, or the sentence nothing. What can't be read is skipped, and the error names it.
func show[T any](p *program, asJSON bool, found iter.Seq2[T, error], c columns[T], nothing string) error {
	if asJSON {
		encoder := jsonLines(p.out)
		return rows(p.ctx, found, func(row T) error { return encoder.Encode(row) })
	}
	return table(p.ctx, p.out, found, c, nothing)
}

// alignedAtOnce is how many rows of a table are aligned together, and so held in memory.
const alignedAtOnce = 10_000

// rows calls print with each row that can be read. An error of print ends it.
func rows[T any](ctx context.Context, found iter.Seq2[T, error], print func(T) error) error {
	all := each.Loop[T]{Of: "rows of the list", Name: each.Text[T]}
	return all.Do(ctx, found, func(_ context.Context, row T) error {
		if err := print(row); err != nil {
			return each.Stop(err)
		}
		return nil
	})
}

func table[T any](ctx context.Context, out io.Writer, found iter.Seq2[T, error], c columns[T], nothing string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	n := 0
	err := rows(ctx, found, func(row T) error {
		if n++; n == 1 {
			fmt.Fprintln(w, strings.Join(c.heads, "\t"))
		}
		cells := c.cells(row)
		for i := range cells {
			cells[i] = plain(cells[i])
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil || n%alignedAtOnce != 0 {
			return err
		}
		return w.Flush()
	})
	if err != nil && !each.Only(err) {
		return err
	}
	if n == 0 && err == nil {
		fmt.Fprintln(w, nothing)
	}
	return errors.Join(err, w.Flush())
}

// plain returns the text of a caller or a PBX as a cell that can't steer the terminal; - if empty.
func plain(s string) string {
	if s == "" {
		return "-"
	}
	return pbx.Printable(s)
}

// jsonLines prints an object per line. It escapes characters that could steer a terminal: JSON
// allows that for any character.
func jsonLines(out io.Writer) *json.Encoder {
	encoder := json.NewEncoder(escaped{out})
	encoder.SetEscapeHTML(false)
	return encoder
}

// escaped writes lines of JSON, and escapes what could steer a terminal.
type escaped struct{ out io.Writer }

// Write implements io.Writer. The encoder gives it a whole line at a time.
func (e escaped) Write(line []byte) (int, error) {
	plain := make([]byte, 0, len(line))
	for _, r := range string(line) {
		if r == '\n' || unicode.IsPrint(r) {
			plain = utf8.AppendRune(plain, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			plain = fmt.Appendf(plain, `\u%04x`, unit)
		}
	}
	if _, err := e.out.Write(plain); err != nil {
		return 0, err
	}
	return len(line), nil
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// section prints a table under a title. It prints nothing for an empty table.
func section[T any](p *program, title string, found iter.Seq2[T, error], c columns[T]) error {
	var all []T
	err := rows(p.ctx, found, func(row T) error {
		all = append(all, row)
		return nil
	})
	if len(all) == 0 || err != nil && !each.Only(err) {
		return err
	}
	var text strings.Builder
	if err := table(p.ctx, &text, each.Of(all...), c, ""); err != nil {
		return err
	}
	fmt.Fprintln(p.out, title)
	for line := range strings.Lines(text.String()) {
		fmt.Fprint(p.out, "  ", line)
	}
	return err
}
