package hostile

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/pkg/apigw"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
)

// The keys are rotated while PBXs send without a pause, some still by a URL of the old key:
// no event of theirs is refused.
func TestKeysAreRotatedUnderLoadWithoutALostEvent(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "") // keys of its folder
	old := s.URL(honest, 1)
	var fresh atomic.Pointer[string]
	fresh.Store(&old)
	var sent [2]atomic.Int64 // by the old URL, and by the newest
	ctx, enough := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	for i := range sent {
		sending.Go(func() {
			for ; ctx.Err() == nil; sent[i].Add(1) {
				url := [...]string{old, *fresh.Load()}[i]
				body := fmt.Sprintf("{event:'cc_cdr', uuid:'%d.%d', startTime:'2018-11-05 19:05:31'}", i, sent[i].Load())
				if status, answer := ingesttest.Post(t, url, []byte(body)); status != http.StatusOK {
					t.Errorf("by URL %d: %d %s", i, status, answer)
				}
			}
		})
	}
	more := func() {
		t.Helper()
		for i := range sent {
			for n, end := sent[i].Load(), time.Now().Add(within); sent[i].Load() < n+20; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("no events come through")
				}
			}
		}
	}
	more()
	s.pbxctl(t, "keys rotate")
	more()
	url := strings.TrimSpace(s.pbxctl(t, "device url 68692e0b0001 --base "+s.Base))
	if !strings.Contains(url, "/k2-1-") {
		t.Fatalf("the new URL is %s", url)
	}
	fresh.Store(&url)
	more()
	enough()
	sending.Wait()
	if n := int(sent[0].Load() + sent[1].Load()); s.recorded(t, honest) != n || len(s.archived(t, honest)) != n {
		t.Errorf("of %d events %d are recorded, %d archived", n, s.recorded(t, honest), len(s.archived(t, honest)))
	}
	s.pbxctl(t, "keys retire k1 --yes")
	time.Sleep(time.Second)                                          // since keys were last read for one that is not known
	ingesttest.Post(t, strings.Replace(url, "/k2-", "/k9-", 1), nil) // has them read
	if status, _ := ingesttest.Post(t, old, []byte(state)); status != http.StatusUnauthorized {
		t.Errorf("the old URL is answered %d", status)
	}
	if status, _ := ingesttest.Post(t, url, []byte(state)); status != http.StatusOK {
		t.Errorf("the new URL is answered %d", status)
	}
}

// The function has its keys from a secret that others change, and may be asked by strangers
// a thousand times a minute. (What each minute brings is package token's to promise.)
func TestTheFunctionFollowsItsSecretAndStrangersDoNotHaveItRead(t *testing.T) {
	both, only := parse(t, "k2:another-example-that-signs-no-urls-at-all,"+fleetKeys), parse(t, "k2:another-example-that-signs-no-urls-at-all")
	secret, reads, now := parse(t, fleetKeys), 0, time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	keys := &token.Source{Refresh: time.Minute, Now: clock, Read: func(context.Context) (*token.Keyring, error) {
		reads++
		return secret, nil
	}}
	bucket := archivetest.NewMemory()
	in := ingest.New(keys, store.New(storetest.NewMemory(), clock), archive.NewDirect(bucket), bucket, clock)
	invoke := apigw.Handler(ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, clock))
	ask := func(token string, want int) {
		t.Helper()
		now = now.Add(time.Millisecond)
		a := Attempt{Wire: post(ownPath, state)}.Of(honest, token)
		event, _ := gatewayEvent(a)
		if got, err := invoke(t.Context(), event); err != nil || got.StatusCode != want {
			t.Errorf("answer %d, %v, want %d", got.StatusCode, err, want)
		}
	}
	old, fresh := secret.Sign(honest, 1).Reveal(), both.Sign(honest, 1).Reveal()
	ask(old, 200)
	secret = both
	ask(fresh, 200)
	ask(old, 200)
	secret = only
	now = now.Add(token.KeptFor)
	ask(old, 401)
	ask(fresh, 200)
	reads = 0
	for i := range 10_000 { // in ten seconds
		ask(fmt.Sprintf("x%d%s", i, old[2:]), 401)
	}
	if reads > 1 {
		t.Errorf("strangers had the secret read %d times", reads)
	}
	ask(fresh, 200)
	kept := 0
	for _, err := range bucket.List(t.Context(), "", "") {
		if kept++; err != nil {
			t.Fatal(err)
		}
	}
	if kept != 5 {
		t.Errorf("%d events are kept", kept)
	}
}

func parse(t *testing.T, keys string) *token.Keyring {
	t.Helper()
	k, err := token.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
