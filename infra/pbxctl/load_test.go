package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// full has the load tests run with as much as is promised: go test ./infra/pbxctl -run
// 'TestMaintenanceRefusesNoPush|TestALargeDay' -v -full -timeout 1h. On two processors that takes
// some minutes; a year's archive, such as -full-pbxs 40 -full-days 30 makes, some hours.
var (
	full     = flag.Bool("full", false, "drive the load that is promised: 200 pushes a second")
	fullPBXs = flag.Int("full-pbxs", 4, "with -full: PBXs that maintenance is about")
	fullDays = flag.Int("full-days", 5, "with -full: their days, of 100 calls each")
)

// load is how much a load test drives.
type load struct {
	perSecond   float64
	quiet       time.Duration // without maintenance
	pbxs, days  int           // in the folder before
	callsPerDay int
}

func theLoad() load {
	if *full {
		return load{perSecond: 200, quiet: 30 * time.Second, pbxs: *fullPBXs, days: *fullDays, callsPerDay: 100}
	}
	return load{perSecond: 40, quiet: time.Second, pbxs: 3, days: 3, callsPerDay: 20}
}

// pushing is a fleet that pushes at a rate, until it is told to stop. Every other push has a
// connection of its own.
type pushing struct {
	url  string
	kept *http.Client
	once *http.Client
	stop func()

	mu      sync.Mutex
	pushed  int
	refused []string
	took    []time.Duration
}

func startPushing(t *testing.T, base string, perSecond float64) *pushing {
	t.Helper()
	const answerWithin = 30 * time.Second
	p := &pushing{
		url:  base + ownPath(t),
		kept: &http.Client{Timeout: answerWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		once: &http.Client{Timeout: answerWithin, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				running.Go(func() { p.push(n) })
			}
		}
	})
	p.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(p.stop)
	return p
}

func (p *pushing) push(n int) {
	client := p.kept
	if n%2 == 1 {
		client = p.once
	}
	today := time.Now().UTC().Format(time.DateOnly)
	body := fmt.Sprintf("{event:'cc_cdr', uuid:'%d.%d', queueCode:'630', startTime:'%s 00:00:00', caller:'49151%08d'}", time.Now().UnixNano(), n, today, n)
	began := time.Now()
	// A connection that is kept open may close just when it is used again: then HTTP has clients
	// send again (RFC 9112, 9.3.1), and Go's does so with this header.
	request, err := http.NewRequest(http.MethodPost, p.url, strings.NewReader(body))
	var response *http.Response
	if err == nil {
		request.Header.Set("Idempotency-Key", fmt.Sprint(n))
		response, err = client.Do(request)
	}
	why := ""
	switch {
	case err != nil:
		why = strings.ReplaceAll(err.Error(), p.url, "URL")
	default:
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			why = response.Status
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushed++
	p.took = append(p.took, time.Since(began))
	if why != "" {
		p.refused = append(p.refused, why)
	}
}

// so is what pushes came to since it was last called.
func (p *pushing) so() (pushed int, p99, longest time.Duration, refused []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.took)
	if n := len(p.took); n > 0 {
		p99, longest = p.took[int(math.Ceil(0.99*float64(n)))-1], p.took[n-1]
	}
	pushed, refused = p.pushed, p.refused
	p.pushed, p.took, p.refused = 0, nil, nil
	return pushed, p99, longest, refused
}

func TestMaintenanceRefusesNoPush(t *testing.T) {
	l, data := theLoad(), t.TempDir()
	s := serve(t, data)
	simulation := []string{"simulate", "--pbx", fmt.Sprint(l.pbxs), "--days", fmt.Sprint(l.days), "--seed", "1",
		"--calls", fmt.Sprint(l.callsPerDay), "--first", "2026-09-01", "--data", data}
	command := func(args ...string) func() {
		return func() {
			if got := runFor(t, time.Hour, args...); got.code != 0 {
				t.Errorf("%q: %+v", args, got)
			}
		}
	}
	command(simulation...)()
	p := startPushing(t, s.base, l.perSecond)
	var quiet time.Duration
	for _, phase := range []struct {
		name string
		do   func()
	}{
		{"quiet", func() { time.Sleep(l.quiet) }},
		{"rollup --since", command("rollup", "--all", "--day", "2026-08-01..", "--data", data)},
		{"replay", command("replay", "--day", "2026-08-01..2026-12-31", "--data", data, "--into", data)},
		{"erase", command("erase", "--number", "4915100000001", "--yes", "--data", data)},
		{"simulate", command(append(simulation, "--seed", "2")...)},
		{"hand-over", func() { s = takeOver(t, s) }},
	} {
		p.so()
		began := time.Now()
		phase.do()
		within := time.Since(began)
		pushed, p99, longest, refused := p.so()
		quiet = cmp.Or(quiet, p99)
		t.Logf("%-15s %6.1f s, %5d pushes, p99 %7.1f ms (%.1f of quiet), longest %7.1f ms", phase.name, within.Seconds(), pushed,
			float64(p99.Microseconds())/1000, float64(p99)/float64(max(quiet, 1)), float64(longest.Microseconds())/1000)
		if len(refused) > 0 {
			t.Errorf("%s: %d of %d pushes refused, such as %s", phase.name, len(refused), pushed, refused[0])
		}
	}
	p.stop()
	if _, _, _, refused := p.so(); len(refused) > 0 {
		t.Errorf("in the end %d pushes were refused, such as %s", len(refused), refused[0])
	}
	if strings.Contains(s.errs.String(), "level=ERROR") {
		t.Errorf("the log: %s", s.errs)
	}
}

// A day with a million records, beside which PBXs push.
func TestALargeDayIsComputedInLittleMemoryAndRefusesNoPush(t *testing.T) {
	if !*full {
		t.Skip("takes minutes: -full")
	}
	const records, mostMiB = 1_000_000, 200
	data := t.TempDir()
	largeDay(t, data, records)
	s := serve(t, data)
	p := startPushing(t, s.base, 50)
	time.Sleep(5 * time.Second)
	_, quiet, _, _ := p.so()
	began := time.Now()
	got := runFor(t, time.Hour, "rollup", string(newPBX), "--day", "2026-09-01", "--data", data)
	pushed, p99, longest, refused := p.so()
	peak := peakMiB(t, s.cmd.Process.Pid)
	t.Logf("%d records in %.0f s, at most %d MiB; %d pushes, p99 %s (quiet %s), longest %s", records, time.Since(began).Seconds(), peak, pushed, p99, quiet, longest)
	if got.code != 0 || peak > mostMiB || len(refused) > 0 {
		t.Errorf("exit %d %s, %d MiB, %d refused", got.code, got.errs, peak, len(refused))
	}
	p.stop()
	s.stop(t)
}

// largeDay writes records of one day, each of a call of its own.
func largeDay(t *testing.T, data string, records int) {
	t.Helper()
	d, err := local.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s := store.New(d.Table, time.Now)
	if _, err := s.ChangeDevice(t.Context(), newPBX, func(d *store.Device) error { d.Zone = pbx.UTC; return nil }); err != nil {
		t.Fatal(err)
	}
	begin := pbx.LocalTimeOf(at(t, "2026-09-01T00:00:00Z"))
	received := at(t, "2026-09-02T00:00:00Z")
	const atOnce = 256
	var writing sync.WaitGroup
	for worker := range atOnce {
		writing.Go(func() {
			for n := worker; n < records; n += atOnce {
				_, err := s.Record(t.Context(), store.Origin{MAC: newPBX, At: received, Zone: pbx.UTC}, &pbx.CallRecord{
					UUID: fmt.Sprintf("1788220800.%d", n), Queue: fmt.Sprint(630 + n%5), Agent: fmt.Sprint(800 + n%40), Caller: fmt.Sprint(5550000000 + n),
					Start: begin + pbx.LocalTime(n*80_000/records), CallType: "IN", CDRState: "bridged", QueueTime: pbx.IntOf(int64(n % 301)), TalkingTime: pbx.IntOf(int64(n % 600)),
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
}

// peakMiB is the most memory that a process had in use.
func peakMiB(t *testing.T, process int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		t.Skip("there is no /proc here")
	}
	kb, err := strconv.Atoi(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(status))[1])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// runFor is run with a limit of its own.
func runFor(t *testing.T, limit time.Duration, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var out, errs text
	c := exec.CommandContext(ctx, binary, args...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Error(err)
		return result{code: -1}
	}
	return result{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// takeOver has a new server take the place of another, and waits until that has ended.
func takeOver(t *testing.T, old *serving) *serving {
	t.Helper()
	s := serve(t, old.data, "--take-over")
	if err := old.cmd.Wait(); err != nil {
		t.Errorf("the server that was taken over ended with %v: %s", err, old.errs)
	}
	if s.base != old.base {
		t.Errorf("it listens on %s, and not on %s", s.base, old.base)
	}
	return s
}

func TestFourRestartsRefuseNoPush(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	asSystemd := func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, binary}, c.Args[1:]...)
		c.Path, _ = exec.LookPath("sh")
		c.ExtraFiles = []*os.File{socket}
	}
	for _, way := range []struct {
		name    string
		start   func(data string) *serving
		restart func(*serving) *serving
	}{
		{"with a socket of systemd", func(data string) *serving { return serveWith(t, data, asSystemd) }, func(s *serving) *serving {
			s.stop(t)
			return serveWith(t, s.data, asSystemd)
		}},
		{"by taking over", func(data string) *serving { return serve(t, data) }, func(s *serving) *serving { return takeOver(t, s) }},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := way.start(t.TempDir())
			p := startPushing(t, s.base, max(theLoad().perSecond, 100))
			for range 4 {
				time.Sleep(100 * time.Millisecond)
				s = way.restart(s)
			}
			time.Sleep(100 * time.Millisecond)
			p.stop()
			pushed, p99, longest, refused := p.so()
			t.Logf("%d pushes, p99 %s, longest %s", pushed, p99, longest)
			if len(refused) > 0 || pushed == 0 {
				t.Errorf("%d of %d pushes refused: %.200q", len(refused), pushed, refused)
			}
			s.stop(t)
		})
	}
}
