package erase_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// call is a record of a call with more members.
func call(n int, members string) string {
	return fmt.Sprintf("{event:'cc_cdr', uuid:'1795161600.%d', queueCode:'630', callType:'IN', cdrState:'queue', queueTime:5, startTime:'2026-11-20 08:06:40', %s}", n, members)
}

// packed has some bodies of one kind in one packed object, as the compaction makes it.
func packed(t testing.TB, bodies ...string) *world {
	t.Helper()
	w := newWorld(t)
	w.receive(mac, bodies...)
	var lines []byte
	for name, body := range w.objects() {
		lines = append(lines, body...)
		w.bucket.Delete(t.Context(), name)
	}
	object, err := archive.Pack(lines)
	if err == nil {
		err = w.bucket.Put(t.Context(), archive.PackedName(pbx.KindCallRecord, pbx.UTCDay(w.at), mac, 1), object)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(48 * time.Hour)
	return w
}

// erase erases the number, and the figures' files.
func (w *world) erase() (found []erase.Finding, err error) {
	e := w.erasure(w.table, w.bucket, &found)
	_, err = e.Run(w.t.Context())
	if err == nil {
		err = e.Figures(w.t.Context())
	}
	return found, err
}

func TestABareNumberInANestedValueKeepsNoOtherLineFromBeingErased(t *testing.T) {
	w := packed(t, call(1, "caller:'+491511234567'"), call(2, "caller:'+491511234567', zzz:{a:491511234567}"), call(3, "caller:'+491511234567', zzz:[{b:-491511234567.50},[1511234567e0]]"))
	found, err := w.erase()
	if err != nil {
		t.Fatal(err, found)
	}
	w.mustHaveNone()
	w.mustBeReplayed()
	var members [][]string
	for _, f := range found {
		if f.Where == "raw" {
			members = append(members, f.Members)
		}
	}
	slices.SortFunc(members, slices.Compare)
	if want := [][]string{{"caller"}, {"caller", "zzz"}, {"caller", "zzz"}}; fmt.Sprint(members) != fmt.Sprint(want) {
		t.Errorf("the members are %q, want %q", members, want)
	}
}

func TestAnEventThatWasPackedWhileItWasMaskedStandsOnceAfterwards(t *testing.T) {
	w := packed(t, call(1, "caller:'+491511234567'"), call(2, "caller:'5550100'"))
	name := archive.PackedName(pbx.KindCallRecord, pbx.UTCDay(w.at.Add(-48*time.Hour)), mac, 1)
	object := func() []byte {
		var text []byte
		for line, err := range archive.ReadLines(t.Context(), w.bucket, name) {
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, line.Text...)
		}
		return text
	}
	before := object()
	if _, err := w.erase(); err != nil {
		t.Fatal(err)
	}
	masked := object()
	both, err := archive.Pack(slices.Concat(masked, before))
	if err == nil {
		err = w.bucket.Put(t.Context(), name, both)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.erase(); err != nil {
		t.Fatal(err)
	}
	if after := object(); bytes.Count(after, []byte("\n")) != 2 {
		t.Errorf("%s", after)
	}
}

func TestANumberIsErasedFromWhatHasNoOtherPlaceForIt(t *testing.T) {
	for name, body := range map[string]string{
		"a file beside a date":             call(1, "filePath:'/rec/20181105.491511234567.wav'"),
		"a file before a date":             call(1, "filePath:'/rec/491511234567.20181105.wav'"),
		"a file beside a queue":            call(1, "filePath:'monitor/630.491511234567.wav'"),
		"a decimal":                        call(1, "caller:'491511234567.0'"),
		"a bare decimal":                   call(1, "caller:491511234567.0"),
		"an exponent":                      call(1, "x:4.91511234567e11, y:4915112345670e-1"),
		"the name of a member":             call(1, "491511234567:1, x:{'0151 1234567':2}"),
		"an object as a name":              call(1, `'{"a":491511234567}':1, x:{a:491511234567}`),
		"a no-break space":                 call(1, "caller:'0151\u00a01234567'"),
		"full width":                       call(1, "caller:'\uff10\uff11\uff15\uff111234567'"),
		"full width in GBK":                call(1, "called:'\xb9\xa4\xd7\xf7 \xa3\xb0151\xa3\xb1234567'"),
		"damaged characters":               call(1, `called:"caf\xe9 0151 1234567", x:{a:491511234567}`),
		"a duration":                       call(1, "talkingTime:491511234567, ringTime:'491511234567.0'"),
		"a time that can't be read":        call(1, "endTime:'0151 1234567'"),
		"a comment":                        call(1, "caller:'1' /* 0151 1234567 */"),
		"a member said twice":              call(1, "caller:'0151 1234567', caller:'801'"),
		"the id of a call":                 strings.Replace(call(1, "x:1"), "1795161600.1", "491511234567", 1),
		"the system in an id":              strings.Replace(call(1, "x:1"), "1795161600.1", "491511234567-1795161600.1", 1),
		"an agent's channel":               call(1, "agentCode:'Local/01511234567@from-queue/n', note:'SIP/491511234567-0000001a'"),
		"an agent before a channel's name": call(1, "agentCode:'SIP/15-11234567'"),
		"a name and number":                "{event:'cdr', uniqueid:'1795161600.1', starttime:'2026-11-20 08:06:40', source:'\"0151 1234567\" <0151-1234567>'}",
		"a form in a form":                 "data=%7Bevent%3A'hangup'%2Cuniqueid%3A'1'%2Ccalleridnum%3A'%5Cu0034%5Cx391511234567'%7D",
		"lines":                            "Event: AgentLogin\r\nAgent: Agent/01511234567\r\nUniqueid: 1795161600.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.receive(mac, body)
			if kept := strings.Join(w.texts(), ""); strings.Contains(kept, "quarantine/") {
				t.Fatalf("it was refused: %s", kept)
			}
			found, err := w.erase()
			if err != nil || len(found) == 0 {
				t.Fatal(found, err)
			}
			for _, f := range found {
				if f.Note != "" {
					t.Error(f.Note)
				}
			}
			w.mustHaveNone()
			w.mustBeReplayed()
			if again, err := w.erase(); err != nil || len(again) > 0 {
				t.Errorf("the second time it finds %+v, %v", again, err)
			}
		})
	}
}

func TestWhatTiesRecordsTogetherIsNoNumber(t *testing.T) {
	w := newWorld(t)
	w.receive(mac, strings.ReplaceAll(call(1, "caller:'5550123'"), "1795161600", national),
		"{event:'hangup', uniqueid:'"+national+".1', linkedid:'pbx-"+national+".1', calleridnum:'5550123'}",
		"{event:'dialbegin', uniqueid:'1.1', destuniqueid:'"+national+".2', timestamp:"+national+".25}")
	before := w.texts()
	if found, err := w.erase(); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	slices.Sort(before)
	if after := slices.Sorted(slices.Values(w.texts())); !slices.Equal(after, before) {
		t.Errorf("there is\n%s\nand was\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	w.receive(mac, strings.ReplaceAll(call(1, "caller:'0151 1234567', filePath:'x-"+national+".1.wav'"), "1795161600", national))
	if found, err := w.erase(); err != nil || len(found) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
	w.mustBeReplayed()
	if all := strings.Join(w.texts(), "\n"); !strings.Contains(all, `"uuid":"1511234567.1"`) || !strings.Contains(all, `"recording":"x-0000000.1.wav"`) {
		t.Error(all)
	}
}

func TestLinesThatAreNoEnvelopesAreMaskedAsTexts(t *testing.T) {
	w := packed(t, call(1, "caller:'0151 1234567'"))
	name := archive.PackedName(pbx.KindCallRecord, pbx.UTCDay(w.at.Add(-48*time.Hour)), mac, 1)
	object, err := w.bucket.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := archive.Unpack(object)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(bytes.Clone(lines), `{"id":"x","body":"{caller:'0151 1234567'`...)
	if object, err = archive.Pack(torn); err == nil {
		err = w.bucket.Put(t.Context(), name, object)
	}
	if err != nil {
		t.Fatal(err)
	}
	if found, err := w.erase(); err != nil {
		t.Fatal(found, err)
	}
	w.mustHaveNone()
}

// Whatever can't be read is named, and the number is erased everywhere else.
func TestWhatCannotBeReadKeepsTheNumberNowhereElse(t *testing.T) {
	broken := []byte("this is not gzip")
	for name, damage := range map[string]func(*testing.T, *world) (store.Table, archive.Bucket){
		"a packed object": func(t *testing.T, w *world) (store.Table, archive.Bucket) {
			if err := w.bucket.Put(t.Context(), "raw/kind=cdr/dt=2026-11-20/68692e0b0001.0001.ndjson.gz", broken); err != nil {
				t.Fatal(err)
			}
			return w.table, w.bucket
		},
		"a file of figures": func(t *testing.T, w *world) (store.Table, archive.Bucket) {
			if err := w.bucket.Put(t.Context(), "curated/calls/dt=2026-11-20/68692e0b0001.parquet", broken); err != nil {
				t.Fatal(err)
			}
			return w.table, w.bucket
		},
		"an object that can't be got": func(t *testing.T, w *world) (store.Table, archive.Bucket) {
			return w.table, archivetest.NewFaulty(w.bucket, func(c archivetest.Call) archivetest.Fault {
				if c.Method == "Open" && strings.Contains(c.Name, "kind=survey") {
					return archivetest.Fails
				}
				return archivetest.None
			})
		},
		"an item": func(t *testing.T, w *world) (store.Table, archive.Bucket) {
			item := store.Item{Key: store.Key{PK: string(mac), SK: "CALL#x"}, Version: "1", Doc: []byte(`{"event":"0151 1234567"}`)}
			if err := w.table.Put(t.Context(), item, store.Condition{}); err != nil {
				t.Fatal(err)
			}
			return w.table, w.bucket
		},
		"the settings of a PBX": func(t *testing.T, w *world) (store.Table, archive.Bucket) {
			item := store.Item{Key: store.Key{PK: string(mac), SK: "DEVICE"}, Version: "1", Doc: []byte(`{"zone":"localtime"}`)}
			if err := w.table.Put(t.Context(), item, store.Condition{}); err != nil {
				t.Fatal(err)
			}
			return w.table, w.bucket
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.receive(mac, call(1, "caller:'0151 1234567'"), "{event:'hangup', uniqueid:'1', calleridnum:'0151 1234567'}")
			w.receive(other, call(2, "caller:'0151 1234567'"))
			w.bucket.Put(t.Context(), "raw/kind=survey/dt=2026-11-20/x.json", []byte("{}\n"))
			table, bucket := damage(t, w)
			var found []erase.Finding
			e := w.erasure(table, bucket, &found)
			_, err := e.Run(t.Context())
			figures := e.Figures(t.Context())
			if fails := err != nil || figures != nil; fails == (name == "the settings of a PBX") {
				t.Errorf("it ends with %v and %v", err, figures)
			}
			if name == "an object that can't be got" && !each.Only(err) {
				t.Errorf("%v names nothing that was skipped", err)
			}
			w.bucket.Delete(t.Context(), "raw/kind=cdr/dt=2026-11-20/68692e0b0001.0001.ndjson.gz")
			w.bucket.Delete(t.Context(), "curated/calls/dt=2026-11-20/68692e0b0001.parquet")
			for _, text := range w.texts() {
				if strings.Contains(projected(text), national) && !strings.Contains(text, "CALL#x") {
					t.Errorf("the number is in %s", text)
				}
			}
		})
	}
}

func TestAnEventThatCannotBeToldWithoutTheNumberGoesToQuarantine(t *testing.T) {
	w := newWorld(t)
	w.receive(mac, "{event:'dialbegin', uniqueid:'1795161600.1', destuniqueid:'2', timestamp:'1795161600."+national+"'}",
		"{event:'dialbegin', uniqueid:'1795161600.1', destuniqueid:'3', calleridnum:'"+national+"'}")
	found, err := w.erase()
	if err != nil {
		t.Fatal(found, err)
	}
	w.mustHaveNone()
	w.mustBeReplayed()
	all := strings.Join(w.texts(), "\n")
	if strings.Count(all, "\nquarantine/") != 1 && !strings.HasPrefix(all, "quarantine/") || strings.Contains(all, "#begin#2 ") || !strings.Contains(all, "#begin#3 ") {
		t.Error(all)
	}
	if i := slices.IndexFunc(found, func(f erase.Finding) bool { return f.Note != "" }); i < 0 {
		t.Errorf("found %+v", found)
	}
}

func TestPublishedNamesAndCausesAreErased(t *testing.T) {
	w := newWorld(t)
	w.receive(mac, call(1, "missCause:'0151 1234567'"), call(2, "missCause:'01511234567', agentCode:'SIP/01511234567'"),
		strings.Replace(call(3, "x:1"), "630", "0151 1234567", 1))
	w.at = w.at.Add(48 * time.Hour)
	w.rollUp()
	for _, item := range w.table.Items() { // so that nothing is computed again
		if strings.HasPrefix(item.SK, "CALL#") {
			w.table.Delete(t.Context(), item.Key, store.Condition{})
		}
	}
	if found, err := w.erase(); err != nil {
		t.Fatal(found, err)
	}
	w.mustHaveNone()
	all := strings.Join(w.texts(), "\n")
	if !strings.Contains(all, `"miss_causes":{"0000000":2}`) || !strings.Contains(all, "#Q#0000000 ") || !strings.Contains(all, "#A#0000000 ") {
		t.Error(all)
	}
}

func TestANumberIsErasedFromEachFormOfAnObject(t *testing.T) {
	first, last := archivetest.PreviousDays()
	replayed := func(w *world) string {
		table := storetest.NewMemory()
		report, err := replay.Run(t.Context(), w.bucket, store.New(table, before), before, replay.Selection{First: first, Last: last}, func(replay.Report) {})
		if err != nil || report.Held > 0 {
			t.Errorf("%+v, %v", report, err)
		}
		return records(table)
	}
	want := ""
	for form, bucket := range archivetest.Forms(t) {
		w := newWorld(t)
		w.bucket, w.at = bucket, w.at.Add(48*time.Hour)
		_, err := replay.Run(t.Context(), w.bucket, store.New(w.table, before), before, replay.Selection{First: first, Last: last}, func(replay.Report) {})
		if err != nil {
			t.Fatal(err)
		}
		found, err := w.erase()
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %+v, %v", form, found, err)
		}
		w.mustHaveNone()
		if got := replayed(w); got != records(w.table) {
			t.Errorf("%s: a replay gives\n%s\nwhere there is\n%s", form, got, records(w.table))
		} else if want == "" {
			want = got
		} else if got != want {
			t.Errorf("%s: there is\n%s\nand otherwise\n%s", form, got, want)
		}
	}
}

func TestADeliveryWithoutTheNumberHasTheNameOfItsIDs(t *testing.T) {
	w := newWorld(t)
	w.receive(mac, "[{event:'hangup', uniqueid:'1', calleridnum:'01511234567'}, {event:'hangup', uniqueid:'2'}]")
	if _, err := w.erase(); err != nil {
		t.Fatal(err)
	}
	w.mustHaveNone()
	for name, body := range w.objects() {
		if !strings.HasPrefix(name, archive.RawPrefix) {
			continue
		}
		var ids []string
		for line := range strings.Lines(body) {
			r, err := archive.ParseReceipt([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.ID)
		}
		if want := archive.DeliveryName(pbx.KindHangup, mac, w.at, ids); name != want || len(ids) != 2 {
			t.Errorf("%s has %q, want the name %s", name, ids, want)
		}
	}
}
