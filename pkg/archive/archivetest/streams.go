package archivetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// Streams stands for the delivery streams of Amazon Data Firehose, behind its HTTP interface. It
// buffers records, and Flush writes them as Firehose does: compressed, several in an object, by the
// time of their arrival, at least once.
type Streams struct {
	Bucket archive.Bucket
	Prefix string           // of the streams' names, before the kind
	Lag    time.Duration    // from an event's receipt to its arrival
	Fault  func(Call) Fault // of each request; nil: none fails

	mu       sync.Mutex
	requests int
	flushed  int
	buffers  map[string][]byte // by folder
	last     map[string][]byte // the last record of each folder, which is written again
}

// ServeHTTP implements http.Handler: the operation PutRecord.
func (s *Streams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Stream string `json:"DeliveryStreamName"`
		Record struct{ Data []byte }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "Firehose_20150804.PutRecord" {
		refuse(w, http.StatusBadRequest, "UnknownOperationException")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := None
	if s.requests++; s.Fault != nil {
		fault = s.Fault(Call{s.requests, "PutRecord", in.Stream})
	}
	folder, err := s.folder(in.Stream, in.Record.Data)
	switch {
	case err != nil || len(in.Record.Data) > 1000<<10:
		refuse(w, http.StatusBadRequest, "InvalidArgumentException")
	case fault == Throttled:
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailableException")
	case fault == Fails:
		refuse(w, http.StatusInternalServerError, "InternalFailure")
	case fault == FailsButPersisted:
		s.accept(folder, in.Record.Data)
		refuse(w, http.StatusInternalServerError, "InternalFailure")
	default:
		s.accept(folder, in.Record.Data)
		io.WriteString(w, `{"RecordId":"1","Encrypted":true}`)
	}
}

func refuse(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": "stub"})
}

// folder returns where a stream puts a record.
func (s *Streams) folder(stream string, record []byte) (string, error) {
	kind, ours := strings.CutPrefix(stream, s.Prefix)
	line, _, whole := bytes.Cut(record, []byte{'\n'})
	if !ours || !whole || !bytes.HasSuffix(record, []byte{'\n'}) {
		return "", fmt.Errorf("%s is no stream, or the record is not whole lines", stream)
	}
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return "", err
	}
	return archive.RawFolder(pbx.Kind(kind), pbx.UTCDay(receipt.Received.Add(s.Lag))), nil
}

func (s *Streams) accept(folder string, record []byte) {
	if s.buffers == nil {
		s.buffers, s.last = map[string][]byte{}, map[string][]byte{}
	}
	s.buffers[folder] = append(s.buffers[folder], record...)
	s.last[folder] = record
}

// Flush writes all buffers. It begins each object with a record that was in the one before. Every
// other object is in a deeper folder, and has no suffix.
func (s *Streams) Flush(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for folder, lines := range s.buffers {
		name := fmt.Sprintf("%s%s1-2026-11-23-23-59-59-%08d.gz", folder, s.Prefix, s.flushed)
		if s.flushed++; s.flushed%2 == 0 {
			name = fmt.Sprintf("%s2026/11/23/23/%s1-%08d", folder, s.Prefix, s.flushed)
		}
		var object bytes.Buffer
		writer := gzip.NewWriter(&object)
		_, err := writer.Write(append(lines, s.last[folder]...))
		if err != nil || writer.Close() != nil {
			t.Fatal("compress: ", err)
		}
		if err := s.Bucket.Put(context.Background(), name, object.Bytes()); err != nil {
			t.Fatal(err)
		}
		s.buffers[folder] = s.last[folder]
	}
}
