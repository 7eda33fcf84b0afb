package listing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Columns show values of a type to people.
type Columns[T any] struct {
	Heads []string
	Cells func(T) []string
}

// alignedAtOnce is how many rows of a table are aligned together, and so held in memory.
const alignedAtOnce = 10_000

// Rows calls print with each row that can be read. An error of print ends it.
func Rows[T any](ctx context.Context, found iter.Seq2[T, error], print func(T) error) error {
	all := each.Loop[T]{Of: "rows of the list", Name: each.Text[T]}
	return all.Do(ctx, found, func(_ context.Context, row T) error {
		if err := print(row); err != nil {
			return each.Stop(err)
		}
		return nil
	})
}

// Table prints a table, or the sentence nothing for an empty one. What can't be read is skipped, and the
// error names it.
func Table[T any](ctx context.Context, out io.Writer, found iter.Seq2[T, error], c Columns[T], nothing string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	n := 0
	err := Rows(ctx, found, func(row T) error {
		if n++; n == 1 {
			fmt.Fprintln(w, strings.Join(c.Heads, "\t"))
		}
		cells := c.Cells(row)
		for i := range cells {
			cells[i] = Plain(cells[i])
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

// Plain returns the text of a caller or a PBX as a cell that can't steer the terminal; - if empty.
func Plain(s string) string {
	if s == "" {
		return "-"
	}
	return pbx.Printable(s)
}

// JSON returns an encoder that prints an object per line. It escapes characters that could steer a terminal: JSON
// allows that for any character.
func JSON(out io.Writer) *json.Encoder {
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

// Section prints a table under a title. It prints nothing for an empty table.
func Section[T any](ctx context.Context, out io.Writer, title string, found iter.Seq2[T, error], c Columns[T]) error {
	var all []T
	err := Rows(ctx, found, func(row T) error {
		all = append(all, row)
		return nil
	})
	if len(all) == 0 || err != nil && !each.Only(err) {
		return err
	}
	var text strings.Builder
	if err := Table(ctx, &text, each.Of(all...), c, ""); err != nil {
		return err
	}
	fmt.Fprintln(out, title)
	for line := range strings.Lines(text.String()) {
		fmt.Fprint(out, "  ", line)
	}
	return err
}
