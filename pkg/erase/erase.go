package erase

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Erasure says what to erase, and where.
type Erasure struct {
	Records *store.Store
	Archive archive.Bucket
	Numbers *Numbers
	// First and Last are the first and last UTC day of receipt, both included; zero: no bound.
	// Published figures and their files are searched whole.
	First, Last pbx.Day
	DryRun      bool
	// Settle waits until readers of the archive find all events that were acknowledged before; nil: they
	// find them at once.
	Settle func(ctx context.Context) error
	// AtOnce is how many objects are searched concurrently; 0: 32.
	AtOnce int
	// Found is called for each place where the number was found, never concurrently. Places
	// where it stays come last.
	Found func(Finding)
	// Progress is called with the number of objects that were searched; it may be nil.
	Progress func(objects int)

	large    *semaphore.Weighted // large objects are written one by one
	mu       sync.Mutex
	searched int
	found    int                        // places of this pass
	left     []Finding                  // those where the number stays
	vanished map[string]bool            // names of objects that were gone before they were read
	again    map[string]bool            // folders to be searched again
	done     map[string]bool            // names of this search in which the number was found
	gone     map[store.ContentHash]bool // events that are no longer in the archive
	days     map[pbx.MAC]map[pbx.Day]bool
}

// Finding is a place where the number was found: a line of an object, an item of the table or
// a file of figures.
type Finding struct {
	Where    string    `json:"where"` // the archive's folder, or the first part of the item's key
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Name     string    `json:"name,omitempty"` // of the object, or the item's key
	Now      string    `json:"now,omitempty"`  // the object's new name, if it has changed
	Line     int       `json:"line,omitempty"` // of the object, from 1
	ID       string    `json:"id,omitempty"`   // of the envelope
	Received time.Time `json:"received,omitzero"`
	Members  []string  `json:"members,omitempty"` // that have it, by their names; columns of a file
	Count    int       `json:"count"`             // of envelopes, items or texts
	Error    string    `json:"error,omitempty"`   // why the number is still there
	Note     string    `json:"note,omitempty"`    // what else happened to it
	Text     string    `json:"-"`                 // the text there, with the number
}

// ErrRemains is wrapped by the error for a number that is still there: the findings say why.
var ErrRemains = errors.New("the number is still there")

// passesAtMost is how often all data is searched, until a pass erases nothing more. Events that are
// received, redriven or compacted concurrently may bring the number back.
const passesAtMost = 5

// Run erases the number from spilled texts, from the archive and from the records. It returns the
// days whose figures must be computed again. Call Figures after that. A part that can't be read or
// written does not stop the others: then the error wraps ErrRemains or an *each.Skipped.
func (e *Erasure) Run(ctx context.Context) (map[pbx.MAC]map[pbx.Day]bool, error) {
	e.gone, e.days = map[store.ContentHash]bool{}, map[pbx.MAC]map[pbx.Day]bool{}
	undelivered, err := e.settle(ctx)
	if err != nil {
		return e.days, err
	}
	var skipped error
	for range passesAtMost {
		e.found, e.left = 0, nil
		err := goOn(func() error { return e.eraseSpilled(ctx) }, func() error {
			return e.eraseObjects(ctx, archive.RawPrefix, archive.QuarantinePrefix, archive.SpillPrefix)
		}, func() error { return e.eraseRecords(ctx) })
		if err != nil && !each.Only(err) {
			e.reportRemaining() // err says that the number may be there
			return e.days, err
		}
		if skipped = errors.Join(undelivered, err); e.DryRun || e.found == len(e.left) {
			return e.days, errors.Join(skipped, e.reportRemaining())
		}
	}
	e.reportRemaining()
	return e.days, errors.Join(skipped, fmt.Errorf("%w: each of %d passes found it again: check whether PBXs still send it, and erase it again", ErrRemains, passesAtMost))
}

// settle waits for what is on its way to the archive, and archives what delivery streams could not
// deliver. undelivered says what of that can't be read. Before that it erases the number from what may
// be sent there meanwhile: from spilled texts, and from the quarantine.
func (e *Erasure) settle(ctx context.Context) (undelivered, err error) {
	if e.DryRun {
		return nil, nil
	}
	if e.Settle != nil {
		err := goOn(func() error { return e.eraseSpilled(ctx) }, func() error { return e.eraseObjects(ctx, archive.QuarantinePrefix) })
		if err != nil && !each.Only(err) {
			e.reportRemaining()
			return nil, err
		}
		if err := e.Settle(ctx); err != nil {
			return nil, err
		}
	}
	_, err = archive.Redeliver(ctx, e.Archive)
	if err != nil && !each.Only(err) {
		return nil, err
	}
	return err, nil
}

// goOn calls functions one after the other, also after one that had to skip something.
func goOn(all ...func() error) (err error) {
	for _, do := range all {
		next := do()
		if err = errors.Join(next, err); next != nil && !each.Only(next) {
			return err
		}
	}
	return err
}

// Figures erases the number from the files of figures. These may have it although their records are
// deleted.
func (e *Erasure) Figures(ctx context.Context) error {
	e.found, e.left = 0, nil
	err := e.eraseObjects(ctx, archive.CuratedPrefix)
	if remains := e.reportRemaining(); err == nil || each.Only(err) {
		err = errors.Join(err, remains)
	}
	return err
}

// reportRemaining reports the places where the number stays.
func (e *Erasure) reportRemaining() error {
	for _, f := range e.left {
		e.Found(f)
	}
	if len(e.left) > 0 && !e.DryRun {
		return ErrRemains
	}
	return nil
}

// report reports a place. A place where the number stays is kept for reportRemaining.
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

// concerns reports whether a time of receipt is within the erasure's days.
func (e *Erasure) concerns(received time.Time) bool {
	day := pbx.UTCDay(received)
	return day >= e.First && (e.Last == 0 || day <= e.Last)
}

// eraseSpilled erases the number from the spilled texts of the table.
func (e *Erasure) eraseSpilled(ctx context.Context) error {
	all := each.Loop[store.Spilled]{Of: "spilled texts that are searched", Name: func(sp store.Spilled) string {
		return fmt.Sprintf("the text of %s, received at %s", sp.MAC, sp.Received.Format(time.RFC3339))
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

// replaceSpilled replaces a spilled text.
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

// eraseRecords erases the number from the records.
func (e *Erasure) eraseRecords(ctx context.Context) error {
	all := each.Loop[pbx.MAC]{Of: "PBXs that are searched", Name: func(mac pbx.MAC) string { return string(mac) }}
	return all.Do(ctx, e.Records.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		return e.Records.Redact(ctx, mac, store.Redaction{
			Mask: e.Numbers.Member, May: e.Numbers.mayHave, Concerns: e.concerns, DryRun: e.DryRun,
			Gone:   func(h store.ContentHash) bool { return e.gone[h] },
			Report: func(r store.Redacted) { e.reportRedacted(mac, r) },
		})
	})
}

// reportRedacted reports an item of the table.
func (e *Erasure) reportRedacted(mac pbx.MAC, r store.Redacted) {
	f := Finding{Where: r.Kind, MAC: mac, Name: r.SK, Received: r.Received, Count: 1, Text: string(r.Doc)}
	if r.Err != nil {
		f.Error = r.Err.Error()
	}
	if r.Left {
		f.Error = "the operator wrote it there: change that setting"
	}
	for _, day := range r.Days {
		if e.days[mac] == nil {
			e.days[mac] = map[pbx.Day]bool{}
		}
		e.days[mac][day] = true
	}
	e.report(f)
}

// atOnce is the default of Erasure.AtOnce. It is high, since a remote store answers slowly.
const atOnce = 32

// eraseObjects erases the number from the objects of some folders. A folder from which an object has
// vanished is searched again: the object was merged with others, or packed.
func (e *Erasure) eraseObjects(ctx context.Context, folders ...string) error {
	e.vanished, e.again, e.done = map[string]bool{}, map[string]bool{}, map[string]bool{}
	e.large = semaphore.NewWeighted(1)
	all := each.Loop[string]{
		Of: "objects that are searched", Name: func(name string) string { return name }, AtOnce: cmp.Or(e.AtOnce, atOnce),
		More: func() iter.Seq2[string, error] { return e.more(ctx) },
	}
	return all.Do(ctx, e.names(ctx, folders), func(ctx context.Context, name string) error {
		defer e.progress()
		return e.eraseObject(ctx, name)
	})
}

// vanish notes that an object is gone. It is noted once, so that the search ends.
func (e *Erasure) vanish(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.vanished[name] {
		e.vanished[name], e.again[path.Dir(name)+"/"] = true, true
	}
}

// more yields the names of the folders that are to be searched again; nil: no folder is.
func (e *Erasure) more(ctx context.Context) iter.Seq2[string, error] {
	e.mu.Lock()
	defer e.mu.Unlock()
	folders := slices.Sorted(maps.Keys(e.again))
	if len(folders) == 0 {
		return nil
	}
	clear(e.again)
	return each.Where(e.names(ctx, folders), func(name string) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return !e.done[name] && !e.vanished[name]
	})
}

func (e *Erasure) progress() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.searched++; e.Progress != nil && e.searched%atOnce == 0 {
		e.Progress(e.searched)
	}
}

// names yields the names of the objects in some folders that may be within the erasure's days.
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

// concernsName reports whether an object may have events of the erasure's days.
func (e *Erasure) concernsName(name string) bool {
	_, after, dated := strings.Cut(name, "/dt=")
	if !dated || len(after) < len(time.DateOnly) || strings.HasPrefix(name, archive.CuratedPrefix) {
		return true
	}
	day, err := time.Parse(time.DateOnly, after[:len(time.DateOnly)])
	form, _ := archive.FormOf(name)
	late := strings.HasPrefix(name, archive.RawPrefix) && form == archive.Shared // it may have events of the day before
	return err != nil || e.concerns(day) || late && e.concerns(day.AddDate(0, 0, -1))
}

// eraseObject erases the number from an object. It finds nothing if the object is deleted.
func (e *Erasure) eraseObject(ctx context.Context, name string) error {
	where, _, _ := strings.Cut(name, "/")
	if isLarge(name) {
		if !e.mayBeIn(ctx, name) {
			return nil
		}
		if err := e.large.Acquire(ctx, 1); err != nil {
			return err
		}
		defer e.large.Release(1)
	}
	next, tag, err := e.rewrite(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		e.vanish(name)
		return nil
	}
	if errors.Is(err, archive.ErrDamaged) {
		e.report(Finding{Where: where, MAC: next.mac, Name: name, Count: 1, Error: err.Error()})
	}
	if err != nil || len(next.lines.found) == 0 {
		return err
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

// reportLines reports the lines of a place. failed is why they could not be written, or nil.
func (e *Erasure) reportLines(l maskedLines, at Finding, failed error) {
	e.mu.Lock()
	if e.done != nil {
		e.done[at.Name] = true
	}
	e.mu.Unlock()
	for _, f := range l.found {
		f.Where, f.Name, f.Now, f.MAC = at.Where, at.Name, at.Now, cmp.Or(f.MAC, at.MAC)
		if failed != nil && f.Error == "" {
			f.Error = failed.Error()
		}
		e.report(f)
	}
}

// write replaces an object. It puts events into quarantine first, and deletes the old object last:
// so an erasure that is started again finds it. If the object was changed concurrently, write leaves
// it to the next pass.
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

// newObject is an object that is to be written.
type newObject struct {
	name  string
	body  []byte
	mac   pbx.MAC
	lines maskedLines
}

// rewrite returns an object without the number, and the tag that it had before it was read.
func (e *Erasure) rewrite(ctx context.Context, name string) (next newObject, tag string, err error) {
	if isLarge(name) {
		if tag, err = e.Archive.Tag(ctx, name); err != nil {
			return next, "", err
		}
		next, err = e.largeObject(ctx, name)
		return next, tag, err
	}
	was, tag, err := archive.GetTagged(ctx, e.Archive, name)
	if err != nil {
		return next, "", err
	}
	if strings.HasSuffix(name, ".parquet") {
		next, err = e.parquetObject(name, was)
		return next, tag, err
	}
	return e.singleObject(ctx, name, was), tag, nil
}

// parquetObject returns a file of figures without the number.
func (e *Erasure) parquetObject(name string, was []byte) (newObject, error) {
	next, columns, had, err := rewriteParquet(was, e.Numbers.Member)
	o := newObject{name: name, body: next, mac: macOf(name)}
	if had > 0 {
		o.lines = maskedLines{changed: true, found: []Finding{{Members: columns, Count: had}}}
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", archive.ErrDamaged, err)
	}
	return o, err
}

// macOf returns the PBX of a file of figures: curated/<table>/dt=<day>/<mac>.parquet.
func macOf(name string) pbx.MAC {
	mac, _ := pbx.ParseMAC(strings.TrimSuffix(path.Base(name), ".parquet"))
	return mac
}

// singleObject returns an object of envelopes without the number. If its name has the ID of its
// first envelope, or a hash of all IDs, the name changes with them.
func (e *Erasure) singleObject(ctx context.Context, name string, was []byte) newObject {
	l := e.maskLines(ctx, was)
	next := newObject{name: name, body: l.text, lines: l}
	form, _ := archive.FormOf(name)
	switch {
	case len(l.text) == 0:
		next.name = "" // nothing is left of it
	case form == archive.Delivery && l.changed:
		next.name = deliveryName(name, l.text)
	case l.first != "":
		next.name = strings.Replace(name, l.first, l.firstNow, 1)
	}
	return next
}

// deliveryName returns the name of the object of a delivery's envelopes; the given one if a line is
// not an envelope.
func deliveryName(name string, lines []byte) string {
	var ids []string
	var last archive.Receipt
	for line := range bytes.Lines(lines) {
		r, err := archive.ParseReceipt(line)
		if err != nil {
			return name
		}
		ids, last = append(ids, r.ID), r
	}
	return archive.DeliveryName(last.Kind, last.MAC, last.Received, ids)
}

// maskedLines are the lines of a text without the number.
type maskedLines struct {
	text            []byte
	changed         bool
	first, firstNow string // the ID of the first line that had the number
	refused         []archive.Envelope
	found           []Finding
}

// maskLines writes lines without the number. A line that can't be masked does not stop the others.
func (e *Erasure) maskLines(ctx context.Context, all []byte) maskedLines {
	var l maskedLines
	loop := each.Loop[archive.Line]{Of: "lines that are searched", Name: archive.Line.String}
	_ = loop.Do(ctx, archive.LinesOf("", all), func(_ context.Context, line archive.Line) error {
		return e.addLine(&l, line.N, line.Text)
	}) // addLine has added a finding for each line that is skipped
	return l
}

// addLine adds a line to l, without the number. It adds a finding if the line had it.
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
