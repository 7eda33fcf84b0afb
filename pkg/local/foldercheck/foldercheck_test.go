package foldercheck

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/doctor"
	"trunkline/pkg/ingest"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/store"
	"trunkline/pkg/token/tokentest"
)

const mac = "68692e0b0001"

// folder makes a data folder with keys and an event of a PBX.
func folder(t *testing.T) (path string) {
	t.Helper()
	path, _, stop := served(t)
	stop()
	return path
}

// served makes a data folder with keys and an event of a PBX, and a server of the folder.
func served(t *testing.T) (path, url string, stop func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "data")
	data, err := local.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := data.MakeKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := local.ReadKeys(path, "")
	if err != nil {
		t.Fatal(err)
	}
	in := ingest.New(tokentest.Fixed(keys), store.New(data.Table, time.Now), archive.NewDirect(data.Bucket), data.Bucket, time.Now)
	server := httptest.NewServer(ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now))
	stop = sync.OnceFunc(func() {
		server.Close()
		data.Close()
	})
	t.Cleanup(stop)
	target := server.URL + "/v1/pbx/" + mac + "/" + keys.Sign(mac, 1).Reveal()
	if status, answer := ingesttest.Post(t, target, []byte("{event:'hangup', uniqueid:'1'}")); status != http.StatusOK {
		t.Fatal(answer)
	}
	return path, server.URL, stop
}

// check runs all checks of a folder at a time.
func check(t *testing.T, f Folder, now func() time.Time) (all []doctor.Result) {
	t.Helper()
	f.OpenClock = func(table store.Table) (*store.Clock, error) {
		return store.OpenClock(t.Context(), table, now, func() time.Duration { return 0 })
	}
	Run(t.Context(), &doctor.Checkup{Now: now, Report: func(r doctor.Result) { all = append(all, r) }}, f)
	return all
}

func failed(all []doctor.Result) (failed []doctor.Result) {
	for _, r := range all {
		if !r.OK {
			failed = append(failed, r)
		}
	}
	return failed
}

func TestNothingIsWrongWithAFolderAsItShouldBe(t *testing.T) {
	t.Parallel()
	path, url, _ := served(t)
	all := check(t, Folder{Path: path, URL: url}, time.Now)
	if len(all) != 16 || len(failed(all)) > 0 {
		t.Errorf("%d checks; failed: %+v", len(all), failed(all))
	}
	if all := check(t, Folder{Path: path}, time.Now); len(all) != 10 || len(failed(all)) > 0 {
		t.Errorf("without its server: %d checks; failed: %+v", len(all), failed(all))
	}
}

func TestEveryFaultIsFoundByTheCheckOfItsPart(t *testing.T) {
	t.Parallel()
	now := time.Now
	tomorrow := func() time.Time { return time.Now().AddDate(0, 0, 1) }
	yesterday := func() time.Time { return time.Now().AddDate(0, 0, -1) }
	someoneElse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	t.Cleanup(someoneElse.Close)
	_, elsewhere, _ := served(t)
	for name, c := range map[string]struct {
		broken func(path string) error
		f      Folder // what the checks are given, beside the path
		now    func() time.Time
		check  string // that fails, alone or first
		says   string // what is wrong, or what to do about it
	}{
		"no folder":      {os.RemoveAll, Folder{}, now, "folder", "does not exist"},
		"a file":         {func(path string) error { return errors.Join(os.RemoveAll(path), os.WriteFile(path, nil, 0o600)) }, Folder{}, now, "folder", "is not a folder"},
		"open folder":    {chmod("", 0o755), Folder{}, now, "folder", "run `chmod go= "},
		"no archive":     {func(path string) error { return os.RemoveAll(local.ArchivePath(path)) }, Folder{}, now, "archive folder", "does not exist"},
		"open archive":   {chmod("archive", 0o750), Folder{}, now, "archive folder", "other users may read or write"},
		"linked archive": {link, Folder{}, now, "archive folder", "raw is a link, which is not followed: put its target in its place"},
		"refused event":  {refused, Folder{}, now, "quarantine", "1 events of 1 PBXs could not be read"},
		"open keys":      {chmod("fleet-keys", 0o644), Folder{}, now, "keys", "run `chmod 600"},
		"no keys":        {func(path string) error { return os.Remove(local.KeysPath(path)) }, Folder{}, now, "keys", "restore the file fleet-keys"},
		"bad keys":       {func(path string) error { return os.WriteFile(local.KeysPath(path), []byte("k1"), 0o600) }, Folder{}, now, "keys", "is not written kid:secret"},
		"bad FLEET_KEYS": {nothing, Folder{FleetKeys: "k1"}, now, "keys", "FLEET_KEYS: "},
		"copied keys": {func(path string) error { return os.WriteFile(local.KeysPath(path)+".bak", nil, 0o600) },
			Folder{}, now, "keys", "fleet-keys.bak may be a copy of the fleet keys"},
		"no records":   {func(path string) error { return os.Remove(filepath.Join(path, "records.db")) }, Folder{}, now, "records", "pbxctl replay"},
		"torn records": {tear, Folder{}, now, "records", "pbxctl replay"},
		"open file": {func(path string) error { return os.WriteFile(filepath.Join(path, "note"), nil, 0o644) }, // as umask allows
			Folder{}, now, "owners", "sudo chmod -R go= "},
		"damaged fleet list": {change(func(ctx context.Context, s store.Table, _ *store.Store) error {
			return s.Put(ctx, store.Item{Key: store.Key{PK: "FLEET", SK: "x"}, Version: "1", Doc: []byte(`{}`)}, store.Condition{})
		}), Folder{}, now, "unreadable", "The next hourly run repairs marks"},
		"early clock": {nothing, Folder{}, yesterday, "clock", "in the future"},
		"doubted clock": {change(func(ctx context.Context, t store.Table, _ *store.Store) error {
			return store.AcceptClock(ctx, t, time.Now().AddDate(0, 0, -30))
		}), Folder{}, now, "clock", "pbxctl doctor clock --accept --data "},
		"incomplete hourly run": {change(func(ctx context.Context, _ store.Table, s *store.Store) error {
			return s.KeepHourlyRun(ctx, store.HourlyRun{Ended: time.Now(), Error: "3 PBXs were skipped"})
		}), Folder{}, now, "hourly run", "was incomplete: 3 PBXs were skipped"},
		"no server":                {nothing, Folder{URL: "http://127.0.0.1:1"}, now, "url", "start it"},
		"no URL":                   {nothing, Folder{URL: "127.0.0.1"}, now, "url", "is not a valid URL"},
		"another server":           {nothing, Folder{URL: someoneElse.URL}, now, "url", "not Trunkline, but something else answers there"},
		"server of another folder": {nothing, Folder{URL: elsewhere}, now, "delivery", "FLEET_KEYS"},
		"server's clock":           {nothing, Folder{URL: elsewhere}, tomorrow, "server clock", "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := folder(t)
			if err := c.broken(path); err != nil {
				t.Fatal(err)
			}
			c.f.Path = path
			failed := failed(check(t, c.f, c.now))
			if len(failed) == 0 || failed[0].Check != c.check || !strings.Contains(failed[0].Found+": "+failed[0].Do, c.says) {
				t.Errorf("failed: %+v; want %s to say %q", failed, c.check, c.says)
			}
		})
	}
}

func nothing(string) error { return nil }

func chmod(name string, mode os.FileMode) func(string) error {
	return func(path string) error { return os.Chmod(filepath.Join(path, name), mode) }
}

// link puts a link to the archived events in their place.
func link(path string) error {
	raw := filepath.Join(local.ArchivePath(path), "raw")
	return errors.Join(os.Rename(raw, raw+"-moved"), os.Symlink(raw+"-moved", raw))
}

// refused puts an event into quarantine.
func refused(path string) error {
	text, name := `{"mac":"`+mac+`","reason":"no"}`, archive.QuarantinePrefix+time.Now().UTC().Format("dt=2006-01-02")+"/x.json"
	file := filepath.Join(local.ArchivePath(path), filepath.FromSlash(name))
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600))
}

// change changes the records directly.
func change(do func(context.Context, store.Table, *store.Store) error) func(string) error {
	return func(path string) error {
		table, err := local.OpenTable(context.Background(), path)
		if err != nil {
			return err
		}
		return errors.Join(do(context.Background(), table, store.New(table, time.Now)), table.Close())
	}
}

// tear overwrites the middle of the records.
func tear(path string) error {
	file := filepath.Join(path, "records.db")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	copy(content[len(content)/2:], bytes.Repeat([]byte{0xee}, 3000))
	return os.WriteFile(file, content, 0o600)
}
