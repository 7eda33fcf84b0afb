package erase_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"trunkline/pkg/archive"
	"trunkline/pkg/erase"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// national is the number that is erased, without its country; with it, and what else is dialled
// before it, all spellings end in it.
const national = "1511234567"

// spelled are spellings of the number. Those of plain digits may stand where a number does.
var spelled = []string{
	"491511234567", "1511234567", "491511234567.0", "4.91511234567e11", "4915112345670e-1", "01511234567", "00491511234567",
	"+491511234567", "+49 151 1234567", "0151/123-45 67", "+49 (0)151 1234567", "011-49-151-1234567",
	"0151\u00a0123\u20094567", "0151\u2013123\u22124567", "\u202a0151 1234567\u202c", "49      151 1234567",
	"\uff10\uff11\uff15\uff11\uff0f1234567", "\u0660\u0661\u0665\u06611234567", "\u0967\u096b\u09671234567",
	"/rec/20181105.491511234567.wav", "/rec/491511234567.20181105.wav", "630.491511234567", "q-20181105-190531-491511234567-1795161600.1.wav",
	"SIP/491511234567-0000001a", "Local/01511234567@from-queue/n", `"Jane" <+491511234567>`, "%2B491511234567", `\u0034\x391511234567`,
	`{"a":491511234567}`, "SIP/1511-234567",
}

// author writes events in which the number stands somewhere.
type author struct {
	*rand.Rand
	around string // a text in which it may stand
	count  int
}

func (a *author) one(all ...string) string { return all[a.IntN(len(all))] }

// number is a value that has the number.
func (a *author) number() string {
	s := a.one(spelled...)
	if a.IntN(4) == 0 {
		at := a.IntN(len(a.around) + 1)
		s = a.around[:at] + s + a.around[at:]
	}
	return s
}

// members are those of an event, of which one or two have the number.
func (a *author) members() (all [][2]string) {
	a.count++
	id := fmt.Sprintf("17951616%02d.%d", a.IntN(60), a.count)
	start := fmt.Sprintf("2026-11-20 08:%02d:%02d", a.IntN(60), a.IntN(60))
	switch a.IntN(9) {
	case 0, 1, 2:
		all = [][2]string{{"event", "cc_cdr"}, {"uuid", id}, {"queueCode", "630"}, {"agentCode", "801"}, {"startTime", start}, {"caller", "5550123"}, {"called", "630"},
			{"callType", "IN"}, {"cdrState", a.one("bridged", "queue")}, {"queueTime", "7"}, {"talkingTime", "60"}, {"filePath", ""}, {"missCause", ""}, {"trunkNumber", ""}, {"endTime", ""}}
	case 3:
		all = [][2]string{{"event", "cdr"}, {"uniqueid", id}, {"starttime", start}, {"source", "801"}, {"destination", "630"}, {"callerid", ""}, {"recordfile", ""}}
	case 4:
		all = [][2]string{{"event", "ivr"}, {"uuid", id}, {"ivrId", "6600"}, {"startTime", start}, {"caller", ""}, {"ivrDtmf", "1"}, {"ivrName", ""}}
	case 5:
		all = [][2]string{{"event", "dialbegin"}, {"uniqueid", id}, {"destuniqueid", id}, {"calleridnum", ""}, {"destchannel", "SIP/801-00000001"}, {"timestamp", "1795161600.25"}, {"dialstring", ""}}
	case 6:
		all = [][2]string{{"event", "hangup"}, {"uniqueid", id}, {"calleridnum", ""}, {"calleridname", ""}, {"channel", ""}, {"cause", "16"}, {"linkedid", ""}}
	case 7:
		all = [][2]string{{"event", a.one("AgentLogin", "AgentLogoff")}, {"Agent", "801"}, {"Channel", ""}, {"Uniqueid", id}}
	case 8:
		all = [][2]string{{"event", a.one("extensionstatus", "survey")}, {"exten", fmt.Sprint(900 + a.count)}, {"statustext", "Idle"}, {"x", ""}}
	}
	for range 1 + a.IntN(2) {
		a.place(all)
		if a.IntN(5) == 0 {
			all = append(all, [2]string{a.one("note", "caller", "endTime", "uniqueid2", a.number()), a.number()})
		}
	}
	return all
}

// place puts the number in a member that an event can have it in.
func (a *author) place(all [][2]string) {
	m := &all[1+a.IntN(len(all)-1)]
	switch strings.ToLower(m[0]) {
	case "uuid", "uniqueid", "exten":
		m[1] = a.number() + fmt.Sprintf("x%d", a.count) // which stays another one
	case "starttime":
	case "agentcode", "agent":
		m[1] = "x-" + a.number() // else a caller may be an agent afterwards, and the call internal
	case "timestamp":
		m[1] = "+" + a.number() // else some are times
	default:
		m[1] = a.number()
	}
}

// body writes members in one of the dialects.
func (a *author) body(all [][2]string) string {
	switch a.IntN(6) {
	case 0:
		return a.literal(all, "'", func(s string) string {
			return strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`).Replace(s)
		})
	case 1:
		return a.literal(all, "", func(s string) string { b, _ := json.Marshal(s); return string(b) })
	case 2:
		values := url.Values{}
		for _, m := range all {
			values.Add(m[0], m[1])
		}
		return values.Encode()
	case 3:
		return "data=" + url.QueryEscape(a.literal(all, "", escapedDigits))
	case 4:
		var b strings.Builder
		for _, m := range all {
			fmt.Fprintf(&b, "%s: %s\r\n", m[0], strings.NewReplacer("\r", "", "\n", "").Replace(m[1]))
		}
		return b.String()
	}
	return strings.NewReplacer("5550123", "\xb9\xa4\xd7\xf7", "801", "caf\xe9").Replace(a.literal(all, "", escapedDigits))
}

// escapedDigits writes a string of JSON with its digits escaped.
func escapedDigits(s string) string {
	b, _ := json.Marshal(s)
	var out strings.Builder
	for _, r := range strings.ReplaceAll(string(b), `\u`, `\\u`) {
		if r >= '0' && r <= '9' && !strings.Contains(string(b), `\u`) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// literal writes an object. Some of it is nested, or a bare number, or a comment.
func (a *author) literal(all [][2]string, quote string, escape func(string) string) string {
	var b strings.Builder
	for i, m := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		value := quote + escape(m[1]) + quote
		if slices.Contains(spelled[:7], m[1]) && a.IntN(2) == 0 {
			value = m[1] // bare
		}
		b.WriteString(quote + escape(m[0]) + quote + ":" + value)
	}
	switch a.IntN(6) {
	case 0:
		fmt.Fprintf(&b, ", zzz:{a:%s, b:[%s]}", a.one(spelled[:7]...), a.one(spelled[:7]...))
	case 1:
		fmt.Fprintf(&b, ", zzz:{'%s':{c:'%s'}}", a.one(spelled[:19]...), a.one(spelled[:19]...))
	case 2:
		fmt.Fprintf(&b, " /* %s */", a.one(spelled[:19]...))
	case 3:
		fmt.Fprintf(&b, ", '%s':%s", a.one(spelled[:19]...), a.one(spelled[:7]...))
	}
	return "{" + b.String() + "}"
}

// keepSpilled leaves a body as if each store had once failed at it.
func (w *world) keepSpilled(body string) {
	w.t.Helper()
	ctx := context.Background()
	w.at = w.at.Add(time.Second)
	e := archive.Envelope{MAC: mac, Received: w.at, Body: []byte(body)}
	b, err := zycoo.Decode(e.Body)
	if err != nil || len(b.Elements) != 1 || b.Elements[0].Err != nil {
		return
	}
	e.Event = b.Elements[0].Event
	lines, err := archive.Lines([]archive.Envelope{e})
	if err == nil {
		err = store.New(w.table, w.now).Spill(ctx, mac, w.at, lines)
	}
	if err == nil {
		err = archive.Spill(ctx, w.bucket, []archive.Envelope{e})
	}
	if err == nil {
		err = archive.Keep(ctx, w.bucket, e)
	}
	receipt, _ := archive.ParseReceipt(lines)
	if err == nil {
		_, err = replay.NewRecorder(store.New(w.table, w.now), w.now).Record(ctx, receipt)
	}
	if err != nil && !strings.Contains(err.Error(), "can't be recorded") {
		w.t.Fatal(err)
	}
}

// mustHaveNone fails the test if a text has the number, or if its meaning has it. It ignores the
// script of the digits and all characters between them.
func (w *world) mustHaveNone() {
	w.t.Helper()
	for _, text := range w.texts() {
		for _, meant := range append(meanings(text), text) {
			if strings.Contains(projected(meant), national) {
				w.t.Errorf("the number is in %.900q", meant)
				return
			}
		}
	}
}

// meanings are what the lines of a text mean: the body, what it says, and that unescaped.
func meanings(text string) (all []string) {
	_, line, _ := strings.Cut(text, " ")
	for line := range strings.Lines(line) {
		r, err := archive.ParseReceipt([]byte(line))
		if err != nil {
			continue
		}
		all = append(all, string(r.Body), r.Reason)
		if b, err := zycoo.Decode(r.Body); err == nil {
			for _, element := range b.Elements {
				said, _ := json.Marshal(element.Event)
				all = append(all, string(said))
			}
		}
		if plain, err := url.QueryUnescape(string(r.Body)); err == nil {
			all = append(all, plain)
		}
	}
	return all
}

// projected is a text of which only digits count, and what parts two numbers.
func projected(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			zero := r
			for unicode.IsDigit(zero-1) && r-zero < 9 {
				zero--
			}
			if r < 0x80 {
				zero = '0'
			} else if r >= 0x966 && r <= 0x96f {
				zero = 0x966
			}
			return '0' + r - zero
		case unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) || strings.ContainsRune("+./()\u2212\uff0f", r):
			return -1
		}
		return 'x'
	}, text)
}

// counts are the figures of whole PBXs, but for what counts names.
func (w *world) counts(n *erase.Numbers) (all []string) {
	for _, row := range w.figures() {
		sk, text, _ := strings.Cut(row, " ")
		var figures map[string]any
		if !strings.HasSuffix(sk, "#P") || json.Unmarshal([]byte(text), &figures) != nil {
			continue
		}
		delete(figures, "agents")
		delete(figures, "ivr")
		delete(figures, "miss_causes")
		b, _ := json.Marshal(figures)
		all = append(all, sk+" "+n.Mask(string(b)))
	}
	return all
}

func FuzzNothingIsLeftOfANumber(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, "a <b> 'c' \"d\" %2")
	}
	n, err := erase.ParseNumbers(spellings, erase.DefaultPrefixes())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, seed uint64, around string) {
		around = strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return r
		}, around[:min(len(around), 200)])
		a := &author{Rand: rand.New(rand.NewPCG(seed, 1)), around: around}
		w := newWorld(t)
		var bodies []string
		for range 5 {
			body := a.body(a.members())
			bodies = append(bodies, body)
			if a.IntN(6) == 0 {
				w.keepSpilled(body)
			} else {
				w.receive(mac, body)
			}
		}
		if a.IntN(2) == 0 {
			w.compact()
		}
		w.at = w.at.Add(48 * time.Hour)
		w.rollUp()
		before := w.counts(n)
		var found []erase.Finding
		e := w.erasure(w.table, w.bucket, &found)
		if _, err := e.Run(t.Context()); err != nil {
			t.Fatalf("%v %+v of %q", err, found, bodies)
		}
		for _, f := range found {
			if f.Note != "" {
				t.Logf("%s of %q", f.Note, bodies)
			}
		}
		w.mustBeReplayed()
		w.rollUp()
		if err := e.Figures(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.mustHaveNone()
		if after := w.counts(n); !slices.Equal(after, before) {
			t.Errorf("figures are %s\nand were %s", after, before)
		}
		if t.Failed() {
			t.Logf("of %q", bodies)
		}
	})
}
