package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"trunkline/infra/hostile"
)

// pushHostile makes the attempts of an attacker, one after the other.
func (w *world) pushHostile(ctx context.Context, n uint64) {
	dice, table := w.dice(100+n), hostile.Table()
	_, token := w.keys(hostileMAC)
	for sleep(ctx, between(dice, 100*time.Millisecond, time.Second)) {
		bad := oneOf(dice, table...)
		attempt := oneOf(dice, bad.As...).Of(hostileMAC, token)
		began := time.Now()
		status, answered := w.attempt(attempt)
		w.counts.add("hostile attempts", 1)
		if answered && status != bad.Status && w.server.calm(began) {
			w.faults.add("what is bad has another answer", "%d, not %d: %s: %s", status, bad.Status, bad.Tried, attempt.Name)
		}
	}
}

// attempt makes an attempt, and returns its status; 0 if the server hangs up. It gives up if no
// answer comes for long.
func (w *world) attempt(a hostile.Attempt) (status int, answered bool) {
	conn, err := net.DialTimeout("tcp", w.server.addr, 5*time.Second)
	if err != nil {
		return 0, false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(15 * time.Second))
	ended := make(chan struct{})
	defer close(ended)
	go feed(conn.(*net.TCPConn), a, ended)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return 0, false
	}
	if err != nil {
		return 0, true
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, true
}

// feed writes an attempt until there is an answer.
func feed(conn *net.TCPConn, a hostile.Attempt, ended <-chan struct{}) {
	_, err := io.WriteString(conn, a.Wire)
	for a.More != "" && err == nil {
		select {
		case <-ended:
			return
		case <-time.After(a.Pause):
		}
		_, err = io.WriteString(conn, a.More)
	}
	if a.HangsUp {
		conn.CloseWrite()
	}
}
