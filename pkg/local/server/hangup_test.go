package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"trunkline/pkg/archive/archivetest"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// pushes are requests of a PBX with an event each, in the formats of different senders.
type pushes struct {
	path   string
	uuids  []string
	blanks int // after the event
}

func (p pushes) body(i int) string {
	today := time.Now().UTC().Format(time.DateOnly) // a past day takes longer to record
	return fmt.Sprintf("{event:'cc_cdr', uuid:'%s', queueCode:'630', startTime:'%s 00:00:00'}", p.uuids[i], today) + strings.Repeat(" ", p.blanks)
}

// plain returns a request with a length.
func (p pushes) plain(i int, version, headers string) string {
	return fmt.Sprintf("POST %s HTTP/%s\r\nHost: pbx\r\n%sContent-Length: %d\r\n\r\n%s", p.path, version, headers, len(p.body(i)), p.body(i))
}

func (p pushes) chunked(i int) string {
	body := p.body(i)
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", p.path, body[:5], len(body)-5, body[5:])
}

// aWay is a way in which senders hang up before they are answered.
type aWay struct {
	name   string
	pushes int // on one connection
	send   func(*net.TCPConn, pushes)
}

var waysToHangUp = []aWay{
	{"half-closes, and waits", 1, func(c *net.TCPConn, p pushes) {
		io.WriteString(c, p.plain(0, "1.1", ""))
		c.CloseWrite()
		io.Copy(io.Discard, c)
	}},
	{"closes at once", 1, func(c *net.TCPConn, p pushes) { io.WriteString(c, p.plain(0, "1.1", "")) }},
	{"resets the connection", 1, func(c *net.TCPConn, p pushes) {
		io.WriteString(c, p.plain(0, "1.1", ""))
		c.SetLinger(0)
	}},
	{"speaks HTTP/1.0, and closes", 1, func(c *net.TCPConn, p pushes) { io.WriteString(c, p.plain(0, "1.0", "")) }},
	{"waits a few milliseconds for the answer", 1, func(c *net.TCPConn, p pushes) {
		io.WriteString(c, p.plain(0, "1.1", "Expect: 100-continue\r\n"))
		c.SetReadDeadline(time.Now().Add(rand.N(5 * time.Millisecond)))
		io.Copy(io.Discard, c)
	}},
	{"keeps the connection, then closes", 2, func(c *net.TCPConn, p pushes) {
		io.WriteString(c, p.plain(0, "1.1", ""))
		c.Read(make([]byte, 1<<10)) // the first answer
		io.WriteString(c, p.plain(1, "1.1", ""))
	}},
	{"pipelines two, and closes", 2, func(c *net.TCPConn, p pushes) {
		io.WriteString(c, p.plain(0, "1.1", "")+p.plain(1, "1.1", ""))
	}},
	{"sends chunks, and closes", 1, func(c *net.TCPConn, p pushes) { io.WriteString(c, p.chunked(0)) }},
}

// arrivals are the bodies that a server has read completely.
type arrivals struct {
	next  http.Handler
	mu    sync.Mutex
	read  map[string]bool // by the uuids in them
	ended int             // requests that were read completely, and are done
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := &watchedBody{ReadCloser: r.Body, note: a.note}
	r.Body = body
	a.next.ServeHTTP(w, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if body.whole {
		a.ended++
	}
}

// underWay returns how many are not yet stored or answered.
func (a *arrivals) underWay() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.read) - a.ended
}

var uuidOf = regexp.MustCompile(`uuid:'([\d.]+)'`)

func (a *arrivals) note(body []byte) {
	uuid := uuidOf.FindSubmatch(body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read[string(uuid[1])] = true
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.read)
}

// waitFor returns when n bodies are read, or no further ones come.
func (a *arrivals) waitFor(n int) {
	for was, since := a.count(), time.Now(); was < n && time.Since(since) < 3*time.Second; time.Sleep(time.Millisecond) {
		if now := a.count(); now > was {
			was, since = now, time.Now()
		}
	}
}

type watchedBody struct {
	io.ReadCloser
	text  bytes.Buffer
	whole bool
	note  func(text []byte) // called with the complete text
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.text.Write(p[:n])
	if err == io.EOF && !b.whole {
		b.whole = true
		b.note(b.text.Bytes())
	}
	return n, err
}

// serveNoting starts a server that notes its arrivals.
func serveNoting(t *testing.T, a *arrivals, data string) *Server {
	t.Helper()
	s := open(t, Config{Folder: data})
	a.next, s.requests.next = s.requests.next, a
	s.Serve()
	return s
}

// open makes a server that does not serve yet. Other settings are those of pbxctl serve.
func open(t *testing.T, c Config) *Server {
	t.Helper()
	c.Addr, c.BodyTimeout = "127.0.0.1:0", time.Minute
	if c.Getenv == nil {
		c.Getenv = func(name string) string { return map[string]string{"FLEET_KEYS": fleetKeys}[name] }
	}
	c.Now, c.Machine, c.Log, c.Schedule = time.Now, time.Now, io.Discard, local.Hourly
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hangUp lets 64 concurrent senders hang up on a server, in each way until it has sent ofEach
// events. The uuids are numbers: of the round, the way and the event.
func hangUp(s *Server, path string, round, ofEach int) {
	addr := strings.TrimPrefix(s.URL, "http://")
	connections := make(chan func(), 64)
	var senders sync.WaitGroup
	for range cap(connections) {
		senders.Go(func() {
			for send := range connections {
				send()
			}
		})
	}
	for n := 0; n < ofEach; n += 2 {
		for way, w := range waysToHangUp {
			for first := n; first < n+2; first += w.pushes {
				p := pushes{path: path}
				for i := range w.pushes {
					p.uuids = append(p.uuids, fmt.Sprintf("%d.%d.%d", round, way, first+i))
				}
				connections <- func() {
					conn, err := net.Dial("tcp", addr)
					if err != nil {
						return // the server has stopped
					}
					defer conn.Close()
					conn.SetDeadline(time.Now().Add(20 * time.Second))
					w.send(conn.(*net.TCPConn), p)
				}
			}
		}
	}
	close(connections)
	senders.Wait()
}

// checkStored checks that all that was read is in records and archive, and counts it. First it
// hands on the spill.
func (a *arrivals) checkStored(t *testing.T, data string) (byWay []int) {
	t.Helper()
	handOn(t, data)
	recorded, archived := readBack(t, data)
	byWay = make([]int, len(waysToHangUp))
	for uuid := range a.read {
		if !recorded[uuid] || !archived[uuid] {
			t.Errorf("event %s was read whole: recorded %v, archived %v", uuid, recorded[uuid], archived[uuid])
			continue
		}
		var round, way, n int
		fmt.Sscanf(uuid, "%d.%d.%d", &round, &way, &n)
		byWay[way]++
	}
	if len(recorded) != len(a.read) || len(archived) != len(a.read) {
		t.Errorf("%d events were read whole, %d are recorded, %d archived", len(a.read), len(recorded), len(archived))
	}
	return byWay
}

// handOn hands on the spill.
func handOn(t *testing.T, data string) {
	t.Helper()
	folder, err := local.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if _, err := redrive.New(store.New(folder.Table, time.Now), archive.NewDirect(folder.Bucket), folder.Bucket, time.Now).Run(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// readBack returns which events are in the records and in the archive of a folder, by uuid.
func readBack(t *testing.T, data string) (recorded, archived map[string]bool) {
	t.Helper()
	recorded, archived = map[string]bool{}, map[string]bool{}
	folder, err := local.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for r, err := range store.New(folder.Table, time.Now).CallRecords(t.Context(), hangingUp, pbx.UTC, store.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		recorded[r.Event.UUID] = true
	}
	for _, receipt := range archivetest.Receipts(t, folder.Bucket, "raw/") {
		archived[string(uuidOf.FindSubmatch(receipt.Body)[1])] = true
	}
	return recorded, archived
}

const (
	hangingUp = pbx.MAC("68692e0b0001")
	fleetKeys = "k1:an-example-that-signs-no-real-urls-at-all"
)

func ownPath(t *testing.T) string {
	t.Helper()
	keys, err := token.ParseKeys(fleetKeys)
	if err != nil {
		t.Fatal(err)
	}
	return ingesttest.Endpoint{Keys: keys}.URL(hangingUp, 1)
}

// ofEachWay is how many events are sent in each way of hanging up.
const ofEachWay = 1000

func TestWhatHasArrivedWholeIsStoredHoweverItsSenderHangsUp(t *testing.T) {
	t.Parallel()
	data, a := t.TempDir(), &arrivals{read: map[string]bool{}}
	s := serveNoting(t, a, data)
	hangUp(s, ownPath(t), 0, ofEachWay)
	a.waitFor(ofEachWay * len(waysToHangUp))
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	for way, n := range a.checkStored(t, data) {
		if t.Logf("%4d of %d stored of who %s", n, ofEachWay, waysToHangUp[way].name); n < ofEachWay*99/100 {
			t.Errorf("only %d of %d of who %s", n, ofEachWay, waysToHangUp[way].name)
		}
	}
}

func TestWhatHasArrivedWholeIsStoredThoughTheServerStops(t *testing.T) {
	t.Parallel()
	const rounds = 10
	data, a := t.TempDir(), &arrivals{read: map[string]bool{}}
	all := ofEachWay / rounds * len(waysToHangUp) // in a round
	underWay := 0
	for round := range rounds {
		s := serveNoting(t, a, data)
		var sending sync.WaitGroup
		before := a.count()
		sending.Go(func() { hangUp(s, ownPath(t), round, ofEachWay/rounds) })
		a.waitFor(before + all/2*round/rounds) // the rest comes too late
		underWay += a.underWay()
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if n := a.underWay(); n != 0 {
			t.Errorf("%d requests are under way after the stop", n)
		}
		sending.Wait()
	}
	byWay := a.checkStored(t, data)
	t.Logf("%d of %d were read whole, by way %v, and %d under way when it was told to stop", a.count(), all*rounds, byWay, underWay)
	if underWay == 0 {
		t.Error("nothing was under way")
	}
}

func TestALargePushIsReadToItsEndThoughItsSenderHasClosed(t *testing.T) {
	t.Parallel()
	const large = 20
	data, a := t.TempDir(), &arrivals{read: map[string]bool{}}
	s := serveNoting(t, a, data)
	for i := range large {
		conn := dial(t, s)
		p := pushes{ownPath(t), []string{fmt.Sprintf("0.0.%d", i)}, 1<<20 - 200}
		io.WriteString(conn, p.plain(0, "1.1", ""))
		conn.Close()
	}
	a.waitFor(large)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if n := a.checkStored(t, data)[0]; n != large {
		t.Errorf("%d of %d are stored", n, large)
	}
}
