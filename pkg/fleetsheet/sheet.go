package fleetsheet

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"trunkline/pkg/pbx"
)

// sheet is a CSV file to import, and its mistakes.
type sheet struct {
	file  string
	heads []string // of the columns; empty if a column has no head
	rows  []sheetRow
	wrong []mistake
}

// sheetRow is a row that is not empty.
type sheetRow struct {
	line   int
	mac    pbx.MAC
	cells  map[string]string // by the heads of all columns
	column map[string]int    // from 1
}

// mistake is a mistake in a file.
type mistake struct {
	line, column int // from 1; 0: not in a column
	head         string
	err          error
}

func (m mistake) Error() string {
	switch {
	case m.column == 0:
		return fmt.Sprintf("line %d: %v", m.line, m.err)
	case m.head == "":
		return fmt.Sprintf("line %d, column %d: %v", m.line, m.column, m.err)
	}
	return fmt.Sprintf("line %d, column %d (%s): %v", m.line, m.column, m.head, m.err)
}

const (
	maxSheet       = 16 << 20 // bytes
	mistakesAtMost = 100      // that errors list
)

// readSheet reads a CSV file with columns of these heads. Errors call it name. It accepts all separators,
// marks, quotes and line ends that spreadsheets write. The column mac is required, and its MACs are
// parsed.
func readSheet(in io.Reader, name string, heads []string) (*sheet, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxSheet+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSheet {
		return nil, fmt.Errorf("%s is over %d MiB: split it", name, maxSheet>>20)
	}
	s := &sheet{file: name}
	if err := s.read(text, heads); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// ByteOrderMark is the mark by which Excel knows UTF-8, at the beginning of a file.
const ByteOrderMark = "\ufeff"

// read reads all rows. After an error, there are no rows to check.
func (s *sheet) read(text []byte, heads []string) error {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return errors.New(`it is UTF-16: save it as "CSV UTF-8"`)
	}
	text = bytes.TrimPrefix(text, []byte(ByteOrderMark))
	if at := invalidAt(text); at >= 0 {
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		return mistake{line: line, err: errors.New(`this is not UTF-8: save the file as "CSV UTF-8"`)}
	}
	separator, text, skipped := separatorOf(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator, -1, separator != '\t'
	for {
		record, err := r.Read()
		var broken *csv.ParseError
		switch {
		case err == io.EOF && s.heads == nil:
			return errors.New("it is empty: its first line should name the columns, such as mac,name,site,zone")
		case err == io.EOF:
			return nil
		case errors.As(err, &broken): // what follows may be wrong
			s.wrong = append(s.wrong, mistake{
				line: broken.StartLine + skipped,
				err:  fmt.Errorf("%w, at byte %d of line %d", broken.Err, broken.Column, broken.Line+skipped),
			})
			return nil
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		s.add(line+skipped, record, heads)
	}
}

// invalidAt returns where a text is not UTF-8, or -1.
func invalidAt(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// separatorOf returns the separator of a text's cells. rest is the text without Excel's first line that names
// the separator, and skipped how many lines that removed.
func separatorOf(text []byte) (separator rune, rest []byte, skipped int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	said, found := strings.CutPrefix(strings.TrimRight(string(first), "\r"), "sep=")
	if found && len(said) == 1 && strings.ContainsAny(said, ",;\t|") {
		return rune(said[0]), rest, 1
	}
	separator, most := ',', 0
	for _, each := range ",;\t" {
		if n := bytes.Count(first, []byte(string(each))); n > most {
			separator, most = each, n
		}
	}
	return separator, text, 0
}

// add adds a row. The first row has the heads.
func (s *sheet) add(line int, record []string, heads []string) {
	for i := range record {
		record[i] = unguard(strings.TrimSpace(strings.ReplaceAll(record[i], "\u00a0", " ")))
	}
	switch empty := !slices.ContainsFunc(record, func(cell string) bool { return cell != "" }); {
	case empty:
	case s.heads == nil:
		s.addHeads(line, record, heads)
	default:
		s.addRow(line, record)
	}
}

func (s *sheet) addHeads(line int, record []string, heads []string) {
	s.heads = make([]string, len(record))
	for i, cell := range record {
		head := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(cell))
		switch {
		case head == "":
		case !slices.Contains(heads, head):
			err := fmt.Errorf("%.40q is not a column; there are %s", cell, strings.Join(heads, ", "))
			s.wrong = append(s.wrong, mistake{line, i + 1, "", err})
		case slices.Contains(s.heads[:i], head):
			s.wrong = append(s.wrong, mistake{line, i + 1, "", fmt.Errorf("the column %s is there twice", head)})
		default:
			s.heads[i] = head
		}
	}
}

// has reports whether the file has a column of that head. Then even its empty cells count.
func (s *sheet) has(head string) bool { return slices.Contains(s.heads, head) }

// needs notes missing columns. If one is missing, no row is used.
func (s *sheet) needs(heads ...string) {
	for _, head := range heads {
		if !s.has(head) {
			s.wrong = append(s.wrong, mistake{line: 1, err: fmt.Errorf("there is no column %s", head)})
			s.rows = nil
		}
	}
}

func (s *sheet) addRow(line int, record []string) {
	row := sheetRow{line: line, cells: map[string]string{}, column: map[string]int{}}
	for i, head := range s.heads {
		if head != "" {
			row.column[head] = i + 1
		}
		if head != "" && i < len(record) {
			row.cells[head] = record[i]
		}
	}
	for i := len(s.heads); i < len(record); i++ {
		if record[i] != "" {
			err := fmt.Errorf("%.40q stands in no column: the first line names %d", record[i], len(s.heads))
			s.wrong = append(s.wrong, mistake{line, i + 1, "", err})
		}
	}
	if s.has("mac") {
		var err error
		row.mac, err = pbx.ParseMAC(row.cells["mac"])
		s.note(row, "mac", err)
	}
	s.rows = append(s.rows, row)
}

// note adds a mistake in a cell; a nil error adds none.
func (s *sheet) note(row sheetRow, head string, err error) {
	if err != nil {
		s.wrong = append(s.wrong, mistake{row.line, row.column[head], head, err})
	}
}

// err returns all mistakes as one error; nil if there is no mistake.
func (s *sheet) err() error {
	if len(s.wrong) == 0 {
		return nil
	}
	slices.SortStableFunc(s.wrong, func(a, b mistake) int { return cmp.Or(a.line-b.line, a.column-b.column) })
	var b strings.Builder
	fmt.Fprintf(&b, "%s has mistakes, so nothing was done:", s.file)
	for i, m := range s.wrong {
		if i == mistakesAtMost {
			fmt.Fprintf(&b, "\n  and %d more", len(s.wrong)-i)
			break
		}
		b.WriteString("\n  " + m.Error())
	}
	return errors.New(b.String())
}

// Spreadsheets read a cell that begins like this as a formula. They read digits as a number, and lose its
// leading zeros and last digits. An apostrophe marks a cell as text. It is written before such cells, and
// before those that have one already. Reading removes it.
var (
	unsafeCell  = regexp.MustCompile(`^'*[=+\-@＝＋－＠\t\r]|^0\d+$|^\d{12,}$|^'+\d+$`)
	guardedCell = regexp.MustCompile(`^'+([=+\-@＝＋－＠\t\r]|\d+$)`)
)

func guard(cell string) string {
	if unsafeCell.MatchString(cell) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if guardedCell.MatchString(cell) {
		return cell[1:]
	}
	return cell
}
