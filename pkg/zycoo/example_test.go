package zycoo_test

import (
	"fmt"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

// A body holds one event or several. An element that is no event says where and why.
func ExampleDecode() {
	body, err := zycoo.Decode([]byte(`[
  {event: 'cc_cdr', uuid: '1541415929.807', queueCode: '630', startTime: '2018-11-05 19:05:31', queueTime: '7'},
  {event: 'cc_cdr', uuid: '1541415929.808'}
]`))
	if err != nil {
		fmt.Println(err) // the body is too large
		return
	}
	for _, element := range body.Elements {
		if element.Err != nil {
			fmt.Println(element.Err)
			continue
		}
		switch e := element.Event.(type) {
		case *pbx.CallRecord:
			fmt.Println("call", e.UUID, "in queue", e.Queue, "at", e.Start, "waited", e.QueueTime, "s")
		case *pbx.Unrecognised:
			fmt.Println("an event of an unknown kind")
		}
	}
	// Output:
	// call 1541415929.807 in queue 630 at 2018-11-05T19:05:31 waited 7 s
	// line 3, column 3: member "startTime": is missing or empty, and the event can't be told from others without it
}
