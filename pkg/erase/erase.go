package erase

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Erasure is what is to be erased, and where.
type Erasure struct {
	Records *store.Store
	Archive archive.Bucket
	Numbers *Numbers
	// First and Last are the UTC days of receipt that are meant, both included; zero: open.
	// Published figures and their files are searched whole.
	First, Last pbx.Day
	DryRun      bool
	// AtOnce is how many objects are searched side by side; 0: 32.
	AtOnce int
	// Tell is told of each place where the number was found, one after the other; of what stays
	// in the end.
	Found func(Finding)
	// Progress is told how many objects were searched; it may be nil.
	Progress func(objects int)

	mu       sync.Mutex
	searched int
	found    int                        // in this pass
	left     []Finding                  // of them
	gone     map[store.ContentHash]bool // events that the archive has no more
	days     map[pbx.MAC]map[pbx.Day]bool
}

// Finding is a place where the number was found: a line of an object, an item of the table or
// a file of figures.
type Finding struct {
	Where    string    `json:"where"` // the archive's folder, or the first part of the item's key
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Name     string    `json:"name,omitempty"` // of the object, or the item's key
	Now      string    `json:"now,omitempty"`  // the object's name afterwards, where that is another one
	Line     int       `json:"line,omitempty"` // of the object, from 1
	ID       string    `json:"id,omitempty"`   // of the envelope
	Received time.Time `json:"received,omitzero"`
	Members  []string  `json:"members,omitempty"` // that have it, by their names; columns of a file
	Count    int       `json:"count"`             // of envelopes, items or texts
	Error    string    `json:"error,omitempty"`   // why the number is there still
	Note     string    `json:"note,omitempty"`    // what else became of it
	Text     string    `json:"-"`                 // what is kept there, with the number
}

// ErrRemains is wrapped by the error for a number that is there still: the findings tell why.
var ErrRemains = errors.New("the number is there still")

// passesAtMost is how often all is searched: until nothing more is erased, since what is received,
// handed on or compacted meanwhile may bring the number back to where it was erased.
const passesAtMost = 5

// Run erases the number from what is spilled, from the archive and from the records, and
// returns the days whose figures are to be computed again. Afterwards comes Figures. What can't
// be read or written keeps the number from being erased nowhere else: the error wraps ErrRemains
// or an *each.Skipped then, and no other error does.
func (e *Erasure) Run(ctx context.Context) (map[pbx.MAC]map[pbx.Day]bool, error) {
	e.gone, e.days = map[store.ContentHash]bool{}, map[pbx.MAC]map[pbx.Day]bool{}
	var skipped error
	for range passesAtMost {
		e.found, e.left = 0, nil
		err := goOn(func() error { return e.eraseSpilled(ctx) }, func() error {
			return e.eraseObjects(ctx, archive.RawPrefix, archive.QuarantinePrefix, archive.SpillPrefix)
		}, func() error { return e.eraseRecords(ctx) })
		if err != nil && !each.Only(err) {
			e.reportRemaining() // the error says that it may be there
			return e.days, err
		}
		if skipped = err; e.DryRun || e.found == len(e.left) {
			return e.days, errors.Join(skipped, e.reportRemaining())
		}
	}
	e.reportRemaining()
	return e.days, errors.Join(skipped, fmt.Errorf("%w: it keeps coming back: do its PBXs send it again?", ErrRemains))
}

// goOn does one thing after another, also where one had to skip something.
func goOn(all ...func() error) (err error) {
	for _, do := range all {
		next := do()
		if err = errors.Join(next, err); next != nil && !each.Only(next) {
			return err
		}
	}
	return err
}

// Figures erases the number from the files of figures, which may have it where their records
// are gone.
func (e *Erasure) Figures(ctx context.Context) error {
	e.found, e.left = 0, nil
	err := e.eraseObjects(ctx, archive.CuratedPrefix)
	if remains := e.reportRemaining(); err == nil || each.Only(err) {
		err = errors.Join(err, remains)
	}
	return err
}

// remains tells of what stays.
func (e *Erasure) reportRemaining() error {
	for _, f := range e.left {
		e.Found(f)
	}
	if len(e.left) > 0 && !e.DryRun {
		return ErrRemains
	}
	return nil
}

// tell tells of a place, or keeps that something stays there.
func (e *Erasure) report(f Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.found++
	if f.Error != "" {
		e.left = append(e.left, f)
		return
	}
	e.Found(f)
}

// concerns reports whether what was received at a time is meant.
func (e *Erasure) concerns(received time.Time) bool {
	day := pbx.UTCDay(received)
	return day >= e.First && (e.Last == 0 || day <= e.Last)
}

// spilled erases the number from what the table keeps for the archive.
func (e *Erasure) eraseSpilled(ctx context.Context) error {
	all := each.Loop[store.Spilled]{Of: "spilled texts that are searched", Name: func(sp store.Spilled) string {
		return fmt.Sprintf("that of %s, %s", sp.MAC, sp.Received.Format(time.RFC3339))
	}}
	return all.Do(ctx, e.Records.AllSpilled(ctx), func(ctx context.Context, sp store.Spilled) error {
		if sp.Done || !e.concerns(sp.Received) {
			return nil
		}
		l := e.maskLines(ctx, sp.Text)
		if len(l.found) == 0 {
			return nil
		}
		var err error
		if !e.DryRun && l.changed {
			err = e.replaceSpilled(ctx, sp, l)
		}
		e.reportLines(l, Finding{Where: "SPILL", MAC: sp.MAC, Received: sp.Received}, err)
		return err
	})
}

// replaceSpilled puts a text in the place of one that is spilled.
func (e *Erasure) replaceSpilled(ctx context.Context, sp store.Spilled, l maskedLines) error {
	if err := e.refuse(ctx, l.refused); err != nil {
		return err
	}
	if len(l.text) > 0 {
		if err := e.Records.Spill(ctx, sp.MAC, sp.Received, l.text); err != nil {
			return err
		}
	}
	return e.Records.Unspill(ctx, sp)
}

// records erases the number from the records.
func (e *Erasure) eraseRecords(ctx context.Context) error {
	all := each.Loop[pbx.MAC]{Of: "PBXs that are searched", Name: func(mac pbx.MAC) string { return string(mac) }}
	return all.Do(ctx, e.Records.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		return e.Records.Redact(ctx, mac, store.Redaction{
			Mask: e.Numbers.Member, May: e.Numbers.mayHave, Concerns: e.concerns, DryRun: e.DryRun,
			Gone: func(h store.ContentHash) bool { return e.gone[h] },
			Tell: func(r store.Redacted) { e.reportRedacted(mac, r) },
		})
	})
}

// redacted tells of an item of the table.
func (e *Erasure) reportRedacted(mac pbx.MAC, r store.Redacted) {
	f := Finding{Where: r.Kind, MAC: mac, Name: r.SK, Received: r.Received, Count: 1, Text: string(r.Doc)}
	if r.Err != nil {
		f.Error = r.Err.Error()
	}
	if r.Left {
		f.Error = "the operator wrote it there: change it"
	}
	for _, day := range r.Days {
		if e.days[mac] == nil {
			e.days[mac] = map[pbx.Day]bool{}
		}
		e.days[mac][day] = true
	}
	e.report(f)
}

// atOnce is how many objects are searched side by side, where nobody says it: they are far away.
const atOnce = 32

// objects erases the number from the objects of some folders.
func (e *Erasure) eraseObjects(ctx context.Context, folders ...string) error {
	all := each.Loop[string]{Of: "objects that are searched", Name: func(name string) string { return name }, AtOnce: cmp.Or(e.AtOnce, atOnce)}
	return all.Do(ctx, e.names(ctx, folders), func(ctx context.Context, name string) error {
		defer e.progress()
		return e.eraseObject(ctx, name)
	})
}

func (e *Erasure) progress() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.searched++; e.Progress != nil && e.searched%atOnce == 0 {
		e.Progress(e.searched)
	}
}

// names yields the names of the objects of some folders that may have what is meant.
func (e *Erasure) names(ctx context.Context, folders []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, folder := range folders {
			for name, err := range e.Archive.List(ctx, folder, "") {
				if err == nil && !e.concernsName(name) {
					continue
				}
				if !yield(name, err) {
					return
				}
			}
		}
	}
}

// concernsName reports whether an object may have what was received on a day that is meant.
func (e *Erasure) concernsName(name string) bool {
	_, after, dated := strings.Cut(name, "/dt=")
	if !dated || len(after) < len(time.DateOnly) || strings.HasPrefix(name, archive.CuratedPrefix) {
		return true
	}
	day, err := time.Parse(time.DateOnly, after[:len(time.DateOnly)])
	return err != nil || e.concerns(day)
}

// object erases the number from an object. It finds nothing where the object is gone.
func (e *Erasure) eraseObject(ctx context.Context, name string) error {
	where, _, _ := strings.Cut(name, "/")
	was, tag, err := archive.GetTagged(ctx, e.Archive, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	next, err := e.rewrite(ctx, name, was)
	if err != nil {
		e.report(Finding{Where: where, MAC: next.mac, Name: name, Count: 1, Error: err.Error()})
		return err
	}
	if len(next.lines.found) == 0 {
		return nil
	}
	if !e.DryRun && next.lines.changed {
		err = e.write(ctx, name, tag, next)
	}
	f := Finding{Where: where, MAC: next.mac, Name: name}
	if next.name != name {
		f.Now = next.name
	}
	e.reportLines(next.lines, f, err)
	return err
}

// tellLines tells of lines at a place that were written, or not for a reason.
func (e *Erasure) reportLines(l maskedLines, at Finding, failed error) {
	for _, f := range l.found {
		f.Where, f.Name, f.Now, f.MAC = at.Where, at.Name, at.Now, cmp.Or(f.MAC, at.MAC)
		if failed != nil && f.Error == "" {
			f.Error = failed.Error()
		}
		e.report(f)
	}
}

// write puts an object in the place of another. What goes to quarantine is there before, and
// the old object is the last to go: whoever starts again finds it. One that somebody else
// has changed meanwhile is left to the next pass.
func (e *Erasure) write(ctx context.Context, name, tag string, next newObject) error {
	if err := e.refuse(ctx, next.lines.refused); err != nil {
		return err
	}
	if next.name == name {
		err := e.Archive.Replace(ctx, name, next.body, tag)
		if errors.Is(err, archive.ErrChanged) {
			return nil
		}
		return err
	}
	if len(next.body) > 0 {
		if err := e.Archive.Put(ctx, next.name, next.body); err != nil {
			return err
		}
	}
	return e.Archive.Delete(ctx, name)
}

// refuse puts envelopes in quarantine.
func (e *Erasure) refuse(ctx context.Context, all []archive.Envelope) error {
	for _, envelope := range all {
		if err := archive.Keep(ctx, e.Archive, envelope); err != nil {
			return err
		}
	}
	return nil
}

// object is one as it is to be written.
type newObject struct {
	name  string
	body  []byte
	mac   pbx.MAC
	lines maskedLines
}

// rewritten is an object without the number.
func (e *Erasure) rewrite(ctx context.Context, name string, was []byte) (newObject, error) {
	switch {
	case strings.HasSuffix(name, ".parquet"):
		return e.parquetObject(name, was)
	case archive.IsPacked(name):
		return e.packedObject(ctx, name, was)
	}
	return e.singleObject(ctx, name, was), nil
}

// parquet is a file of figures without the number.
func (e *Erasure) parquetObject(name string, was []byte) (newObject, error) {
	next, columns, had, err := rewriteParquet(was, e.Numbers.Member)
	o := newObject{name: name, body: next, mac: macOf(name)}
	if had > 0 {
		o.lines = maskedLines{changed: true, found: []Finding{{Members: columns, Count: had}}}
	}
	return o, err
}

// packed is a packed object without the number. It stays where nothing is left of it, since
// lines may be added to it meanwhile: so it is only replaced as it was read.
func (e *Erasure) packedObject(ctx context.Context, name string, was []byte) (newObject, error) {
	all, err := archive.Unpack(was)
	if err != nil {
		return newObject{name: name}, err
	}
	next := newObject{name: name, lines: e.maskLines(ctx, all)}
	if next.lines.changed {
		next.body, err = archive.Pack(distinct(next.lines.text))
	}
	return next, err
}

// distinct is text without the lines that it has already: an event that was packed while its own
// object was masked stands twice in the packed one, once it is masked there, too.
func distinct(text []byte) (all []byte) {
	seen := map[string]bool{}
	for line := range bytes.Lines(text) {
		if !seen[string(line)] {
			seen[string(line)] = true
			all = append(all, line...)
		}
	}
	return all
}

// macOf is the PBX whose file of figures has a name: curated/<table>/dt=<day>/<mac>.parquet.
func macOf(name string) pbx.MAC {
	mac, _ := pbx.ParseMAC(strings.TrimSuffix(path.Base(name), ".parquet"))
	return mac
}

// single is an object of envelopes without the number. Its name has the ID of its first
// envelope, or none.
func (e *Erasure) singleObject(ctx context.Context, name string, was []byte) newObject {
	l := e.maskLines(ctx, was)
	next := newObject{name: name, body: l.text, lines: l}
	if l.first != "" {
		next.name = strings.Replace(name, l.first, l.firstNow, 1)
	}
	if len(l.text) == 0 {
		next.name = "" // nothing is left of it
	}
	return next
}

// lines are envelopes, without the number.
type maskedLines struct {
	text            []byte
	changed         bool
	first, firstNow string // the ID of the first line that had the number
	refused         []archive.Envelope
	found           []Finding
}

// lines writes lines without the number, each for itself: one that has to stay keeps no other.
func (e *Erasure) maskLines(ctx context.Context, all []byte) maskedLines {
	var l maskedLines
	loop := each.Loop[archive.Line]{Of: "lines that are searched", Name: archive.Line.String}
	_ = loop.Do(ctx, archive.LinesOf("", all), func(_ context.Context, line archive.Line) error {
		return e.addLine(&l, line.N, line.Text)
	}) // what is skipped is found
	return l
}

func (e *Erasure) addLine(l *maskedLines, number int, line []byte) error {
	m, err := e.Numbers.maskLine(line)
	if !m.had || m.receipt.ID != "" && !e.concerns(m.receipt.Received) {
		l.text = append(l.text, line...)
		return nil
	}
	f := Finding{Line: number, ID: m.receipt.ID, MAC: m.receipt.MAC, Received: m.receipt.Received, Members: m.members, Count: 1, Text: string(line)}
	if err != nil {
		f.Error = err.Error()
		l.text, l.found = append(l.text, line...), append(l.found, f)
		return err
	}
	if !l.changed {
		l.first, l.firstNow = m.receipt.ID, m.envelope.ID()
	}
	l.changed = true
	if l.text = append(l.text, m.text...); len(m.text) == 0 {
		l.refused, f.Note = append(l.refused, m.envelope), "it is in quarantine now: "+notRead
	}
	if m.gone != "" {
		e.mu.Lock()
		e.gone[m.gone] = true
		e.mu.Unlock()
	}
	l.found = append(l.found, f)
	return nil
}
