package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

func TestAURLIsTriedWithoutLeavingAnythingBehind(t *testing.T) {
	for _, c := range []struct {
		name   string
		device store.Device
		tokens ingest.Tokens
		down   bool
		want   ingest.Outcome
	}{
		{name: "it works", want: ingest.Admitted},
		{name: "the table is down", down: true, want: ingest.Admitted},
		{name: "it was revoked", device: store.Device{MinGeneration: 2}, want: ingest.Unauthorised},
		{name: "the PBX is disabled", device: store.Device{Disabled: true}, want: ingest.Disabled},
		{name: "the keys can't be read", tokens: &token.Source{Now: time.Now, Read: func(context.Context) (*token.Keyring, error) { return nil, errDown }}, want: ingest.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, bucket := storetest.NewMemory(), archivetest.NewMemory()
			if c.want == ingest.Unauthorised || c.want == ingest.Disabled {
				if err := store.New(table, time.Now).SetDevice(t.Context(), mac, c.device); err != nil {
					t.Fatal(err)
				}
			}
			before := len(table.Items())
			faulty := storetest.NewFaulty(table, func(storetest.Call) storetest.Fault {
				if c.down {
					return storetest.Fails
				}
				return storetest.None
			})
			if c.tokens == nil {
				c.tokens = tokentest.Fixed(keys(t))
			}
			in := ingest.New(c.tokens, store.New(faulty, time.Now), archive.NewDirect(bucket), bucket, time.Now)
			var reports []ingest.Report
			endpoint := ingest.NewEndpoint(in, func(_ context.Context, r ingest.Report) { reports = append(reports, r) }, time.Now)
			path := "/v1/pbx/" + string(mac) + "/" + keys(t).Sign(mac, 1).Reveal()
			answers := map[string]*httptest.ResponseRecorder{}
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				if method == http.MethodPost && c.want == ingest.Admitted {
					continue // it would be stored
				}
				w := httptest.NewRecorder()
				endpoint.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(call)))
				answers[method] = w
			}
			get, head := answers[http.MethodGet], answers[http.MethodHead]
			if want := c.want.Answer(); get.Code != want.Status || !strings.Contains(get.Body.String(), want.Title) || head.Code != want.Status || head.Body.Len() > 0 {
				t.Errorf("answers %d %s and %d %s", get.Code, get.Body, head.Code, head.Body)
			}
			if post := answers[http.MethodPost]; post != nil && (post.Code != get.Code || post.Body.String() != get.Body.String()) {
				t.Errorf("POST is answered %d %s", post.Code, post.Body)
			}
			if after := len(table.Items()); after != before {
				t.Errorf("%d items became %d", before, after)
			}
			for name := range bucket.List(t.Context(), "", "") {
				t.Errorf("%s is left behind", name)
			}
			if reports[0].Outcome != c.want || len(reports[0].Events) > 0 {
				t.Errorf("reported: %+v", reports[0])
			}
		})
	}
}
