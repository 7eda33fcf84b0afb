package kpi_test

import (
	"fmt"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Two calls came to queue 630 on one day: one was answered, the other gave up after seven seconds.
func ExampleDay() {
	day, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		fmt.Println(err)
		return
	}
	zone := pbx.ZoneAt(8 * time.Hour)
	d := kpi.NewDay("68692e0b0001", day, kpi.DefaultSettings, zone)
	defer d.Close()

	start, _ := pbx.ParseLocalTime("2018-11-05 19:05:31")
	received := time.Date(2018, 11, 5, 11, 8, 0, 0, time.UTC)
	d.AddCall(&pbx.CallRecord{
		UUID: "1541415931.1", Queue: "630", Agent: "101", Start: start, CallType: "incoming",
		CDRState: "bridged", QueueTime: pbx.IntOf(12), TalkingTime: pbx.IntOf(90),
	}, kpi.Source{Hash: "a", Received: received})
	d.AddCall(&pbx.CallRecord{
		UUID: "1541415931.2", Queue: "630", Start: start, CallType: "incoming",
		CDRState: "queue", QueueTime: pbx.IntOf(7),
	}, kpi.Source{Hash: "b", Received: received})

	rows, err := d.Rows()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, queue := range rows.Queues {
		thresholds := kpi.Thresholds{ServiceLevel: kpi.DefaultServiceLevel, ShortAbandon: kpi.DefaultSettings.ShortAbandon}
		figures := queue.Figures(thresholds, kpi.Published{})
		fmt.Println("queue", figures.Queue, "on", figures.Day)
		fmt.Println("offered", figures.Offered, "answered", figures.Answered, "abandoned", figures.Abandoned)
		fmt.Println("average speed of answer", *figures.ASA, "s, talk", figures.Talk, "s")
	}
	// Output:
	// queue 630 on 2018-11-05
	// offered 2 answered 1 abandoned 1
	// average speed of answer 12 s, talk 90 s
}
