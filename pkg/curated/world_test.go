package curated_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

var (
	tables = []string{"calls", "queue_kpi", "agent_kpi", "pbx_kpi", "queue_intervals", "wait_histogram"}
	today  = dayOf("2026-10-24")
)

func dayOf(s string) pbx.Day {
	d, err := pbx.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func zoneOf(name string) pbx.Zone {
	z, err := pbx.ParseZone(name)
	if err != nil {
		panic(err)
	}
	return z
}

// emptyDay is a day on which the PBX sent nothing.
func emptyDay() curated.Day {
	return curated.Day{
		MAC: "68692e0b0001", Day: today, Zone: zoneOf("Europe/Berlin"),
		Thresholds: kpi.Thresholds{ServiceLevel: 20, ShortAbandon: 10},
		Published:  kpi.Published{ComputedAt: time.Date(2026, 10, 25, 0, 20, 0, 123456000, time.UTC), Revision: 3},
		Rows:       computedRows(kpi.NewDay("68692e0b0001", today, kpi.DefaultSettings, pbx.UTC)),
	}
}

// busyDay has a call of every kind, in two queues and without one.
func busyDay() curated.Day {
	d, n := emptyDay(), 0
	day := kpi.NewDay(d.MAC, d.Day, kpi.DefaultSettings, d.Zone)
	call := func(minutes int64, c pbx.CallRecord) {
		n++
		c.UUID = fmt.Sprintf("1792800000.%d", n)
		c.Start = today.Start() + pbx.LocalTime(minutes*60)
		day.AddCall(&c, kpi.Source{Hash: fmt.Sprintf("%032d", n), Received: time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)})
	}
	known := pbx.IntOf
	call(540, pbx.CallRecord{
		Queue: "630", Agent: "800", CallType: "IN", CDRState: "bridged", Caller: "0301234567", Called: "6200",
		QueueTime: known(12), TalkingTime: known(90), HoldTime: known(5), PauseTime: known(30), RingTime: known(4), Score: known(4),
		End: today.Start() + 540*60 + 107,
	})
	call(541, pbx.CallRecord{
		Queue: "630", Agent: "801", CallType: "IN", CDRState: "bridged",
		QueueTime: known(33), TalkingTime: known(61), Score: known(2),
	})
	call(556, pbx.CallRecord{Queue: "630", CallType: "IN", CDRState: "queue", QueueTime: known(7), MissCause: "MEMBER_CANCEL"})
	call(557, pbx.CallRecord{
		Queue: "630", Agent: "801", CallType: "IN", CDRState: "queue", QueueTime: known(19), MissCause: "NO_AGENT_ANSWER",
	})
	call(558, pbx.CallRecord{Queue: "630", CallType: "IN", CDRState: "queue", QueueTime: known(40), MissCause: "NO_AGENT_LOGIN"})
	call(559, pbx.CallRecord{Queue: "630", CallType: "IN", CDRState: "queue", MissCause: "NO_ASSIGN"})
	call(560, pbx.CallRecord{Queue: "630", CallType: "IN", CDRState: "queue", QueueTime: known(40), MissCause: "ANOTHER_ONE"})
	call(600, pbx.CallRecord{Queue: "630", CallType: "IN", VoicemailState: "1", QueueTime: known(50)})
	call(601, pbx.CallRecord{Queue: "631", CallType: "IN", ForwardType: "mobile", QueueTime: known(50)})
	call(602, pbx.CallRecord{Queue: "631", CallType: "IN", CDRState: "odd"})
	call(603, pbx.CallRecord{Queue: "631", CallType: "OUT", Agent: "800", TalkingTime: known(15)})
	call(604, pbx.CallRecord{Queue: "631", CallType: "internal"})
	call(605, pbx.CallRecord{Queue: "631", CallType: "what"})
	call(606, pbx.CallRecord{CallType: "IN", CDRState: "ivr"})
	call(607, pbx.CallRecord{CallType: "IN", CDRState: "bridged"})
	day.AddCDR(&pbx.CDR{
		UniqueID: "1792800000.99", Start: today.Start() + 3600, Disposition: "ANSWERED", CallType: "inbound", Billable: known(31),
	}, kpi.Source{Hash: "1"})
	d.Rows, d.Calls = computedRows(day), day.Calls()
	return d
}

// computedRows returns the rows of a day that fits in memory.
func computedRows(day *kpi.Day) kpi.Rows {
	rows, err := day.Rows()
	if err != nil {
		panic(err)
	}
	return rows
}

// each yields calls.
func each(calls []*kpi.Call) iter.Seq2[*kpi.Call, error] {
	return func(yield func(*kpi.Call, error) bool) {
		for _, c := range calls {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// callsOf are the calls of a day.
func callsOf(t *testing.T, d curated.Day) (all []*kpi.Call) {
	t.Helper()
	for c, err := range d.Calls {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// file is a table that was read back.
type file struct {
	*parquet.File
	rows []row
}

// row has the values as JSON, by their columns.
type row map[string]string

// readAll reads back the day's tables.
func readAll(t testing.TB, d curated.Day) map[string]file {
	t.Helper()
	objects, err := curated.Objects(d)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]file{}
	for i, o := range objects {
		if want := fmt.Sprintf("curated/%s/dt=%s/%s.parquet", tables[i], d.Day, d.MAC); o.Name != want {
			t.Fatalf("object %d is %s, not %s", i, o.Name, want)
		}
		f := read(t, o.Body)
		if len(f.rows) != o.Rows {
			t.Errorf("%s: %d rows, where %d are named", o.Name, len(f.rows), o.Rows)
		}
		files[tables[i]] = f
	}
	if len(files) != len(tables) {
		t.Fatalf("%d tables", len(files))
	}
	return files
}

func read(t testing.TB, body []byte) file {
	t.Helper()
	opened, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	f := file{File: opened}
	for _, group := range opened.RowGroups() {
		rows := group.Rows()
		defer rows.Close()
		for buffer := make([]parquet.Row, 100); ; {
			n, err := rows.ReadRows(buffer)
			for _, values := range buffer[:n] {
				f.rows = append(f.rows, rowOf(t, opened, values))
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

func rowOf(t testing.TB, f *parquet.File, values parquet.Row) row {
	t.Helper()
	r := row{}
	for i, column := range f.Root().Columns() {
		text, err := json.Marshal(valueOf(column.Type(), values[i]))
		if err != nil {
			t.Fatal(err)
		}
		r[column.Name()] = string(text)
	}
	return r
}

// valueOf converts a value to its column's type.
func valueOf(as parquet.Type, v parquet.Value) any {
	if v.IsNull() {
		return nil
	}
	switch as.String() {
	case "STRING":
		return string(v.ByteArray())
	case "BOOLEAN":
		return v.Boolean()
	case "DOUBLE":
		return v.Double()
	case "DATE":
		return time.Unix(0, 0).UTC().AddDate(0, 0, int(v.Int32())).Format(time.DateOnly)
	case "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)":
		return time.UnixMicro(v.Int64()).UTC()
	case "TIMESTAMP(isAdjustedToUTC=false,unit=MICROS)":
		return time.UnixMicro(v.Int64()).UTC().Format("2006-01-02T15:04:05")
	}
	return v.Int64()
}
