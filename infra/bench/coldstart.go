package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"
)

// startsPerRun is how often each function is started in a run.
const startsPerRun = 10

// coldStart measures the time from exec until the function asks for its first event.
func coldStart(ctx context.Context, w *workshop) error {
	api, err := newRuntimeAPI()
	if err != nil {
		return err
	}
	defer api.close()
	ingest, err := api.function(ctx, w, "ingest", w.root, "./functions/ingest")
	if err != nil {
		return err
	}
	empty, err := api.function(ctx, w, "empty function", ".", "./empty")
	if err != nil {
		return err
	}
	bare, err := api.function(ctx, w, "one HTTP request", ".", "./bare")
	if err != nil {
		return err
	}
	rows := []*contender{ingest, empty, bare}
	if err := inTurns(ctx, "cold start", w.runs, slices.Repeat(rows, startsPerRun)...); err != nil {
		return err
	}
	return table{
		title: fmt.Sprintf("Cold start, from exec to asking for an event: %d starts each", startsPerRun*w.runs),
		unit:  "ms", format: "%.1f", columns: []string{"binary MiB"},
		against: []*contender{empty}, rows: rows,
	}.print(os.Stdout)
}

// function builds a function and makes a contender of its starts.
func (a *runtimeAPI) function(ctx context.Context, w *workshop, name, dir, program string) (*contender, error) {
	binary, err := w.build(ctx, dir, program, "lambda.norpc")
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	return &contender{
		name:    name,
		measure: func() ([]float64, error) { return a.start(ctx, binary) },
		more:    []string{fmt.Sprintf("%.1f", float64(info.Size())/(1<<20))},
	}, nil
}

// runtimeAPI is the part of Lambda's Runtime API that a function's start needs. It accepts the
// request for the next event, and never answers it.
type runtimeAPI struct {
	addr   string
	asked  chan time.Time
	server *http.Server
}

func newRuntimeAPI() (*runtimeAPI, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &runtimeAPI{addr: listener.Addr().String(), asked: make(chan time.Time)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	a.server = &http.Server{Handler: mux}
	go a.server.Serve(listener)
	return a, nil
}

func (a *runtimeAPI) close() { a.server.Close() }

func (a *runtimeAPI) next(_ http.ResponseWriter, r *http.Request) {
	select {
	case a.asked <- time.Now():
		<-r.Context().Done()
	case <-r.Context().Done():
	}
}

// startWithin is how long a program may take to become ready.
const startWithin = 10 * time.Second

// start starts a function, and kills it when it asks for an event. It returns the milliseconds
// until then.
func (a *runtimeAPI) start(ctx context.Context, binary string) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env, cmd.Stderr = a.environment(), os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Wait()
	defer cancel() // kills it
	select {
	case at := <-a.asked:
		return []float64{at.Sub(began).Seconds() * 1000}, nil
	case <-ctx.Done():
		return nil, errors.New("it did not ask for an event")
	}
}

// environment is what Lambda sets for the ingest function, with an AWS that does not exist.
func (a *runtimeAPI) environment() []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + a.addr,
		"AWS_ENDPOINT_URL=http://127.0.0.1:1",
		"AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=none",
		"AWS_SECRET_ACCESS_KEY=none",
		"TABLE_NAME=bench",
		"BUCKET_NAME=bench",
		"FLEET_KEYS_SECRET=bench",
	}
}
