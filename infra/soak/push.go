package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/pbx"
)

// sender pushes to one PBX's URL.
type sender struct {
	w      *world
	url    string
	client *http.Client
}

func newSender(w *world, mac pbx.MAC) sender {
	path, _ := w.keys(mac)
	return sender{w, "http://" + w.server.addr + path, &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{}}}
}

// send sends a body until it is acknowledged. It returns false if the time, with an extra, is over
// before that.
func (s sender) send(ctx context.Context, body []byte) bool {
	for {
		s.w.counts.add("pushes: sent", 1)
		why := s.try(body)
		if why == "" {
			s.w.counts.add("pushes: acknowledged", 1)
			return true
		}
		s.w.counts.add("pushes: "+why, 1)
		if !sleep(ctx, 300*time.Millisecond) {
			return false
		}
	}
}

// try sends a body once, and returns why it was not acknowledged.
func (s sender) try(body []byte) string {
	began := time.Now()
	response, err := s.client.Post(s.url, "", bytes.NewReader(body))
	if err != nil {
		if s.w.server.calm(began) {
			s.w.faults.add("a push had no answer without trouble", "%v", because(err))
		}
		return "no answer: " + because(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch status := response.StatusCode; {
	case err != nil:
		return "an answer that breaks off"
	case status == http.StatusOK, status == http.StatusAccepted:
		s.w.counts.answered(time.Since(began))
		return ""
	case status == http.StatusForbidden: // somebody has disabled it
		return "answered 403"
	default:
		if s.w.server.calm(began) {
			s.w.faults.add("an honest push was refused without trouble", "%d %s", status, answer)
		}
		return fmt.Sprintf("answered %d", status)
	}
}

// because returns an error without the URL, in few words.
func because(err error) string {
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, io.EOF):
		return "connection closed"
	case ok && timeout.Timeout():
		return "time is over"
	}
	return "another error"
}

// honest is a PBX of the fleet, and its acknowledged deliveries.
type honest struct {
	sender
	pbx   fleet.PBX
	acked []fleet.Delivery // in the order of their first being sent
}

func newHonest(w *world, p fleet.PBX) *honest {
	return &honest{sender: newSender(w, p.MAC), pbx: p}
}

// givesUp is how long after the end a PBX still retries.
const givesUp = 2 * time.Minute

// push pushes the PBX's deliveries, one after the other, until the time is over. A delivery that
// has begun is retried until it is acknowledged.
func (p *honest) push(ctx context.Context, ticks <-chan time.Time) {
	sending, cancel := context.WithCancel(context.Background())
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(givesUp, cancel) })
	for d := range p.pbx.Deliveries() {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if !p.send(sending, d.Body) {
			p.w.faults.add("a push was given up", "of %s: %.200q", p.pbx.MAC, d.Body)
			return
		}
		p.acked = append(p.acked, d)
		time.Sleep(time.Millisecond) // two in one millisecond have no order
	}
}

// erasableMAC is the MAC of a PBX whose callers ask to be erased.
const erasableMAC = pbx.MAC("0200000000e1")

// callsOfEach is how many calls each of its callers makes.
const callsOfEach = 4

// erasable is the PBX of erasableMAC.
type erasable struct {
	sender
	mu      sync.Mutex
	ids     []string // of calls that were acknowledged
	callers int
	left    []int // callers of whom all calls are acknowledged, and whom nobody has begun to erase
	failed  []int // callers whose erasure did not end well, and is to be run again
	erased  []int
}

// number returns a caller's number without its country.
func number(caller int) string { return fmt.Sprintf("1555%07d", 1000000+caller*7) }

// push lets one caller after the other call.
func (e *erasable) push(ctx context.Context) {
	sending, cancel := context.WithCancel(context.Background())
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(givesUp, cancel) })
	day := time.Now().UTC().AddDate(0, 0, -4).Format(time.DateOnly)
	for caller := 0; sleep(ctx, 200*time.Millisecond); caller++ {
		for call := range callsOfEach {
			id := fmt.Sprintf("17%08d.%d", caller, call)
			spelled := []string{"+49", "0049", "0", "49"}[call%4] + number(caller)
			body := fmt.Sprintf("{event:'cc_cdr', uuid:'%s', queueCode:'630', callType:'IN', caller:'%s', startTime:'%s 10:%02d:%02d'}", id, spelled, day, caller/60%60, caller%60)
			if !e.send(sending, []byte(body)) {
				e.w.faults.add("a push was given up", "of %s", erasableMAC)
				return
			}
			e.mu.Lock()
			e.ids = append(e.ids, id)
			e.mu.Unlock()
		}
		e.mu.Lock()
		e.callers++
		e.left = append(e.left, caller)
		e.mu.Unlock()
	}
}

// choose returns a caller to be erased; false if no caller can be erased yet.
func (e *erasable) choose(dice *rand.Rand) (caller int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.left) == 0 {
		return 0, false
	}
	i := dice.IntN(len(e.left))
	caller = e.left[i]
	e.left[i] = e.left[len(e.left)-1]
	e.left = e.left[:len(e.left)-1]
	return caller, true
}

// done notes that callers were erased, or must be erased again.
func (e *erasable) done(erased bool, callers ...int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if erased {
		e.erased = append(e.erased, callers...)
	} else {
		e.failed = append(e.failed, callers...)
	}
}

// again returns the callers whose erasure has failed.
func (e *erasable) again() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	failed := e.failed
	e.failed = nil
	return failed
}
