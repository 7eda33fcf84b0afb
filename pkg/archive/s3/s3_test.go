package s3

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trunkline/pkg/archive"
)

// over makes a Bucket whose server answers as given, and whose client does not retry.
func over(t *testing.T, answer http.HandlerFunc) *Bucket {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return New(s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, UsePathStyle: true, Retryer: aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}), "bucket")
}

func TestOnlyAMissingObjectIsErrNotExist(t *testing.T) {
	for _, c := range []struct {
		status  int
		code    string
		missing bool
	}{
		{404, "NoSuchKey", true},
		{404, "NoSuchBucket", false},
		{403, "AccessDenied", false},
		{500, "InternalError", false},
	} {
		b := over(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, "<Error><Code>"+c.code+"</Code></Error>")
		})
		if _, err := b.Get(t.Context(), "a"); err == nil || errors.Is(err, fs.ErrNotExist) != c.missing {
			t.Errorf("%s: %v", c.code, err)
		}
		if _, err := b.Open(t.Context(), "a"); err == nil || errors.Is(err, fs.ErrNotExist) != c.missing {
			t.Errorf("open, %s: %v", c.code, err)
		}
	}
}

func TestAnObjectHasTheTypeThatItsNameEndsIn(t *testing.T) {
	for name, want := range map[string]string{
		"raw/kind=cdr/x.json": "application/json", "curated/calls/x.parquet": "application/vnd.apache.parquet",
	} {
		b := over(t, func(_ http.ResponseWriter, r *http.Request) {
			got := r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type")
			if want := "PUT /bucket/" + name + " " + want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if r.Header.Get("X-Amz-Checksum-Crc32") == "" && r.Header.Get("X-Amz-Trailer") == "" {
				t.Errorf("no checksum among %v", r.Header)
			}
		})
		put, replace := b.Put(t.Context(), name, []byte("{}\n")), b.Replace(t.Context(), name, []byte("{}\n"), "")
		if put != nil || replace != nil {
			t.Errorf("put: %v, replace: %v", put, replace)
		}
	}
}

func TestOnlyAReplacementHasAConditionAndItsTagIsTheETag(t *testing.T) {
	type conditions struct{ match, noneMatch string }
	var got conditions
	b := over(t, func(w http.ResponseWriter, r *http.Request) {
		got = conditions{r.Header.Get("If-Match"), r.Header.Get("If-None-Match")}
		w.Header().Set("ETag", `"e1"`)
	})
	tag, err := b.Tag(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	for want, write := range map[conditions]func() error{
		{match: `"e1"`}:  func() error { return b.Replace(t.Context(), "a", nil, tag) },
		{noneMatch: "*"}: func() error { return b.Replace(t.Context(), "a", nil, "") },
		{}:               func() error { return b.Put(t.Context(), "a", nil) },
	} {
		if err := write(); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestOnlyAnObjectThatIsNotAsItWasIsErrChanged(t *testing.T) {
	for _, c := range []struct {
		status  int
		code    string
		changed bool
	}{
		{412, "PreconditionFailed", true},
		{409, "ConditionalRequestConflict", true},
		{404, "NoSuchKey", true},
		{404, "NoSuchBucket", false},
		{409, "InvalidBucketState", false},
		{403, "AccessDenied", false},
		{500, "InternalError", false},
	} {
		b := over(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, "<Error><Code>"+c.code+"</Code></Error>")
		})
		for _, tag := range []string{"", `"e1"`} {
			if err := b.Replace(t.Context(), "a", nil, tag); err == nil || errors.Is(err, archive.ErrChanged) != c.changed {
				t.Errorf("%s, tag %q: %v", c.code, tag, err)
			}
		}
		if err := b.Put(t.Context(), "a", nil); err == nil || errors.Is(err, archive.ErrChanged) {
			t.Errorf("%s, without a condition: %v", c.code, err)
		}
	}
}

func TestOnlyAMissingObjectHasNoTag(t *testing.T) {
	for status, missing := range map[int]bool{404: true, 403: false, 500: false} {
		b := over(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if tag, err := b.Tag(t.Context(), "a"); tag != "" || err == nil || errors.Is(err, fs.ErrNotExist) != missing {
			t.Errorf("%d: %q, %v", status, tag, err)
		}
	}
}

func TestABodyHasABound(t *testing.T) {
	for _, length := range []string{strconv.Itoa(MaxObject + 1), ""} {
		b := over(t, func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			w.WriteHeader(200)
			w.(http.Flusher).Flush() // without a length: in chunks
		})
		if body, err := b.Get(t.Context(), "a"); !errors.Is(err, errTooLarge) || body != nil {
			t.Errorf("get of length %q: %d bytes, %v", length, len(body), err)
		}
	}
	b := over(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	if err := b.Put(t.Context(), "a", make([]byte, MaxObject+1)); !errors.Is(err, errTooLarge) {
		t.Errorf("put: %v", err)
	}
}

func TestABodyThatIsCutShortIsAnError(t *testing.T) {
	b := over(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
	})
	if body, err := b.Get(t.Context(), "a"); err == nil || body != nil {
		t.Errorf("%q, %v", body, err)
	}
	stream, err := b.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if body, err := io.ReadAll(stream); err == nil {
		t.Errorf("a stream has %q", body)
	}
}

func TestAListGoesOnAfterItsPage(t *testing.T) {
	b := over(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("prefix") != "p" || q.Get("start-after") != "p/0" {
			t.Errorf("asked for %v", q)
		}
		more, names := "", []string{"p/ foreign", "p/folder/", "p/2"}
		if q.Get("continuation-token") == "" {
			more = "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>"
			names = []string{"p/1"}
		}
		contents := "<Contents><Key>" + strings.Join(names, "</Key></Contents><Contents><Key>") + "</Key></Contents>"
		io.WriteString(w, "<ListBucketResult>"+more+contents+"</ListBucketResult>")
	})
	var got []string
	for name, err := range b.List(t.Context(), "p", "p/0") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if want := []string{"p/1", "p/2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestABodyThatStallsEndsWithTheContext(t *testing.T) {
	b := over(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if body, err := b.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || body != nil {
		t.Errorf("%q, %v", body, err)
	}
}

func TestNoMethodOutlastsItsContext(t *testing.T) {
	b := over(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
		<-r.Context().Done()
	})
	for method, call := range map[string]func(context.Context) error{
		"put":     func(ctx context.Context) error { return b.Put(ctx, "a", []byte("x")) },
		"replace": func(ctx context.Context) error { return b.Replace(ctx, "a", []byte("x"), "") },
		"get":     func(ctx context.Context) error { _, err := b.Get(ctx, "a"); return err },
		"open":    func(ctx context.Context) error { _, err := b.Open(ctx, "a"); return err },
		"tag":     func(ctx context.Context) error { _, err := b.Tag(ctx, "a"); return err },
		"delete":  func(ctx context.Context) error { return b.Delete(ctx, "a") },
		"list": func(ctx context.Context) (last error) {
			for _, last = range b.List(ctx, "", "") {
			}
			return last
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", method, err)
		}
	}
}
