package main

import (
	"syscall"
	"time"
)

// sleep pauses the thread: time.Sleep is up to a millisecond late in a program that waits
// for the network, which is more than the floors take to answer.
func sleep(d time.Duration) {
	if d > 0 {
		pause := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&pause, nil) // a signal may end it early: the next one is in time again
	}
}
