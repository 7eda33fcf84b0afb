package replay_test

import (
	"context"
	"fmt"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// The records of a call are made from the archive again, in an empty table.
func ExampleRun() {
	ctx := context.Background()
	bucket := archivetest.NewMemory()
	const name = "raw/kind=cc_cdr/dt=2018-11-05/68692e0b0001-1541415940000-78133be6c7017dceda9468640253159f.json"
	bucket.Put(ctx, name, []byte(`{"id":"68692e0b0001-1541415940000-78133be6c7017dceda9468640253159f",`+
		`"mac":"68692e0b0001","received":"2018-11-05T11:05:40Z","index":0,"kind":"cc_cdr",`+
		`"body":"{event: 'cc_cdr', uuid: '1541415929.807', queueCode: '630', startTime: '2018-11-05 19:05:31'}"}`))

	records := store.New(storetest.NewMemory(), time.Now)
	day, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := replay.Run(ctx, bucket, records, time.Now, replay.Selection{First: day, Last: day}, func(replay.Report) {})
	fmt.Println(report.Done, "object,", report.Events, "event,", report.Held, "held,", err)

	for call, err := range records.CallRecords(ctx, "68692e0b0001", pbx.ZoneAt(8*time.Hour), store.Days(day, day)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(call.Event.UUID, "in queue", call.Event.Queue, "at", call.Event.Start)
	}
	// Output:
	// 1 object, 1 event, 0 held, <nil>
	// 1541415929.807 in queue 630 at 2018-11-05T19:05:31
}
