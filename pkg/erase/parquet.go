package erase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// rewriteParquet writes a file with all its texts masked. It returns how many texts changed, and in
// which columns.
func rewriteParquet(file []byte, mask func(column, text string) string) (next []byte, columns []string, had int, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the reader panics at some invalid files
			err = fmt.Errorf("it is not a Parquet file: %v", cause)
		}
	}()
	opened, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, 0, fmt.Errorf("it is not a Parquet file: %w", err)
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, opened.Schema(), parquet.CreatedBy("trunkline", "", ""), parquet.Compression(&parquet.Snappy),
		parquet.DataPageVersion(1), parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain))
	m := &maskedRows{mask: mask, paths: opened.Schema().Columns()}
	for _, group := range opened.RowGroups() {
		if err := m.copy(w, group); err != nil {
			return nil, nil, m.had, err
		}
	}
	if m.had == 0 {
		return nil, nil, 0, nil
	}
	if err := w.Close(); err != nil {
		return nil, nil, m.had, fmt.Errorf("write a Parquet file: %w", err)
	}
	return out.Bytes(), m.columns, m.had, nil
}

// maskedRows masks the rows of a file.
type maskedRows struct {
	mask    func(column, text string) string
	paths   [][]string // of columns
	had     int
	columns []string // that had the number
}

// copy writes the rows of a group, masked.
func (m *maskedRows) copy(w *parquet.GenericWriter[any], group parquet.RowGroup) error {
	rows := group.Rows()
	defer rows.Close()
	some := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(some)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read a Parquet file: %w", err)
		}
		for _, row := range some[:n] {
			m.row(row)
		}
		if _, err := w.WriteRows(some[:n]); err != nil {
			return fmt.Errorf("write a Parquet file: %w", err)
		}
		if err != nil || n == 0 {
			return nil
		}
	}
}

func (m *maskedRows) row(row parquet.Row) {
	for i, value := range row {
		column := strings.Join(m.paths[value.Column()], ".")
		if value.Kind() != parquet.ByteArray || value.IsNull() || column == "inputs_hash" {
			continue
		}
		was := string(value.ByteArray())
		now := m.mask(column, was)
		if now == was {
			continue
		}
		row[i] = parquet.ByteArrayValue([]byte(now)).Level(value.RepetitionLevel(), value.DefinitionLevel(), value.Column())
		if m.had++; !slices.Contains(m.columns, column) {
			m.columns = append(m.columns, column)
		}
	}
}
