package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is what is posted in one sample.
type load struct{ connections, events int }

// served is a server that a load is posted to.
type served struct {
	name   string
	start  func() (*server, error)
	path   string // to post to
	load   load
	posted int

	server *server
	client *http.Client
	idle   time.Duration // processor time without any event
}

// open starts the server, after it has once started and stopped it without a request.
func (s *served) open() error {
	idle, err := s.start()
	if err != nil {
		return err
	}
	if s.idle, err = idle.stop(); err != nil {
		return err
	}
	n := s.load.connections
	s.client = &http.Client{Transport: &http.Transport{MaxConnsPerHost: n, MaxIdleConnsPerHost: n}}
	s.server, err = s.start()
	return err
}

// close stops the server, and returns how many microseconds of processor time it used for each
// event.
func (s *served) close() (float64, error) {
	s.client.CloseIdleConnections()
	used, err := s.server.stop()
	return (used - s.idle).Seconds() * 1e6 / float64(s.posted), err
}

// contender returns the server as a contender, in events per second.
func (s *served) contender(ctx context.Context) *contender {
	return &contender{name: s.name, measure: func() ([]float64, error) {
		bodies, err := s.next(s.load.events)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		err = s.post(ctx, bodies)
		return []float64{float64(len(bodies)) / time.Since(began).Seconds()}, err
	}}
}

// next makes n new call records.
func (s *served) next(n int) ([][]byte, error) {
	bodies, err := callRecords(s.posted, n)
	s.posted += len(bodies)
	return bodies, err
}

// post posts bodies over all connections, and returns when all are answered.
func (s *served) post(ctx context.Context, bodies [][]byte) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var workers sync.WaitGroup
	var next atomic.Int64
	for range s.load.connections {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(bodies) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := s.postOne(ctx, bodies[i]); err != nil {
					fail(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

func (s *served) postOne(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server.url+s.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s: %s", answer.Status, said)
	}
	return err
}

// callRecords makes n copies of the vendor's call record, of different calls. The calls are
// numbered on from the given number.
func callRecords(from, n int) ([][]byte, error) {
	vendor, err := vendorRecord()
	if err != nil {
		return nil, err
	}
	start := time.Date(2018, 11, 5, 19, 5, 31, 0, time.UTC)
	bodies := make([][]byte, n)
	for i := range bodies {
		call := from + i
		bodies[i] = []byte(strings.NewReplacer(
			"1541415929.807", fmt.Sprintf("%d.%d", start.Unix()+int64(call), call),
			"2018-11-05 19:05:31", start.Add(time.Duration(call)*time.Second).Format(time.DateTime),
		).Replace(string(vendor)))
	}
	return bodies, nil
}
