package erase

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// rewriteParquet writes a file with all its texts masked, and tells how many changed.
func rewriteParquet(file []byte, mask func(string) string) (next []byte, had int, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the reader panics at some files that are none
			err = fmt.Errorf("it is no Parquet file: %v", cause)
		}
	}()
	opened, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, 0, fmt.Errorf("it is no Parquet file: %w", err)
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, opened.Schema(), parquet.CreatedBy("trunkline", "", ""), parquet.Compression(&parquet.Snappy),
		parquet.DataPageVersion(1), parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain))
	for _, group := range opened.RowGroups() {
		n, err := copyRows(w, group, mask)
		if had += n; err != nil {
			return nil, had, err
		}
	}
	if had == 0 {
		return nil, 0, nil
	}
	if err := w.Close(); err != nil {
		return nil, had, fmt.Errorf("write a Parquet file: %w", err)
	}
	return out.Bytes(), had, nil
}

// copyRows writes the rows of a group, masked.
func copyRows(w *parquet.GenericWriter[any], group parquet.RowGroup, mask func(string) string) (had int, err error) {
	rows := group.Rows()
	defer rows.Close()
	some := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(some)
		if err != nil && !errors.Is(err, io.EOF) {
			return had, fmt.Errorf("read a Parquet file: %w", err)
		}
		for _, row := range some[:n] {
			had += maskRow(row, mask)
		}
		if _, err := w.WriteRows(some[:n]); err != nil {
			return had, fmt.Errorf("write a Parquet file: %w", err)
		}
		if err != nil || n == 0 {
			return had, nil
		}
	}
}

func maskRow(row parquet.Row, mask func(string) string) (had int) {
	for i, value := range row {
		if value.Kind() != parquet.ByteArray || value.IsNull() {
			continue
		}
		was := string(value.ByteArray())
		if now := mask(was); now != was {
			row[i] = parquet.ByteArrayValue([]byte(now)).Level(value.RepetitionLevel(), value.DefinitionLevel(), value.Column())
			had++
		}
	}
	return had
}
