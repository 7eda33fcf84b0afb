package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// postWithin posts a call over a connection that ends with ctx.
func postWithin(ctx context.Context, tokens ingest.Tokens, b *backend, tokenText string) (status int, report ingest.Report) {
	in := ingest.New(tokens, records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now)
	endpoint := ingest.NewEndpoint(in, func(_ context.Context, r ingest.Report) { report = r }, time.Now)
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/pbx/"+string(mac)+"/"+tokenText, strings.NewReader(call)))
	return w.Code, report
}

func TestAnEventIsStoredThoughItsSenderHangsUp(t *testing.T) {
	after := func(wait time.Duration, hangUp func()) func(context.Context) error {
		return func(ctx context.Context) error {
			time.Sleep(wait)
			hangUp()
			return ctx.Err()
		}
	}
	for name, when := range map[string]func(b *backend, keys *token.Source, hangUp func()){
		"before all": func(_ *backend, _ *token.Source, hangUp func()) { hangUp() },
		"while the fleet keys are read": func(_ *backend, keys *token.Source, hangUp func()) {
			read := keys.Read
			keys.Read = func(ctx context.Context) (*token.Keyring, error) {
				hangUp()
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return read(ctx)
			}
		},
		"while its settings are read": func(b *backend, _ *token.Source, hangUp func()) { b.device = after(0, hangUp) },
		"while it is archived":        func(b *backend, _ *token.Source, hangUp func()) { b.keep = after(300*time.Millisecond, hangUp) },
		"while it is recorded":        func(b *backend, _ *token.Source, hangUp func()) { b.record = after(300*time.Millisecond, hangUp) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, hangUp := context.WithCancel(t.Context())
				b, keyring := &backend{}, keys(t)
				source := &token.Source{Now: time.Now, Read: func(context.Context) (*token.Keyring, error) { return keyring, nil }}
				when(b, source, hangUp)
				status, report := postWithin(ctx, source, b, keyring.Sign(mac, 1).Reveal())
				if status != http.StatusOK || report.Err != nil || report.Spilled != 0 || len(b.kept) != 1 || len(b.recorded) != 1 || ctx.Err() == nil {
					t.Errorf("answer %d, %+v, %d archived, %d recorded", status, report, len(b.kept), len(b.recorded))
				}
			})
		})
	}
}

func TestAStoreThatHangsIsReplacedThoughTheSenderHangsUp(t *testing.T) {
	for name, b := range map[string]*backend{
		"the archive hangs": {keep: hangs},
		"the records hang":  {record: hangs},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, hangUp := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer hangUp()
				began := time.Now()
				status, report := postWithin(ctx, tokentest.Fixed(keys(t)), b, keys(t).Sign(mac, 1).Reveal())
				if status != http.StatusOK || report.Spilled != 1 || strings.Count(string(b.unarchived), "\n")+len(b.unrecorded) != 1 {
					t.Errorf("answer %d, %+v", status, report)
				}
				checkPrompt(t, b, began)
			})
		})
	}
}

func TestAPBXThatIsDisabledStaysSoThoughItHangsUp(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	b := &backend{settings: store.Device{Disabled: true}}
	if status, _ := postWithin(ctx, tokentest.Fixed(keys(t)), b, keys(t).Sign(mac, 1).Reveal()); status != http.StatusForbidden || len(b.kept) != 0 {
		t.Errorf("answer %d, %d archived", status, len(b.kept))
	}
}
