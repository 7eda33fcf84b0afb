package erase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
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
	// Tell is told of each place where the number was found, one after the other.
	Tell func(Finding)
	// Progress is told how many objects were searched; it may be nil.
	Progress func(objects int)
}

// Finding is a place where the number was found.
type Finding struct {
	Where string  `json:"where"` // the archive's folder, or the first part of the records' keys
	MAC   pbx.MAC `json:"mac,omitempty"`
	Name  string  `json:"name,omitempty"`  // of an object
	Now   string  `json:"now,omitempty"`   // the object's name afterwards, where that is another one
	Count int     `json:"count"`           // of envelopes, items or texts
	Error string  `json:"error,omitempty"` // why the number is there still
}

// ErrRemains is wrapped by the error for a number that is there still: the findings tell why.
var ErrRemains = errors.New("the number is there still")

// passesAtMost is how often all is searched: until nothing is found, since what is received,
// handed on or compacted meanwhile may bring the number back to where it was erased.
const passesAtMost = 5

// Run erases the number from what is spilled, from the archive and from the records, and
// returns the days whose figures are to be computed anew. Afterwards comes Figures.
func (e *Erasure) Run(ctx context.Context) (map[pbx.MAC]map[pbx.Day]bool, error) {
	days := map[pbx.MAC]map[pbx.Day]bool{}
	for range passesAtMost {
		found, left := 0, 0
		count := func(f Finding) {
			found++
			if f.Error != "" {
				left++
			}
			e.Tell(f)
		}
		err := e.spilled(ctx, count)
		if err == nil {
			err = e.objects(ctx, count, "raw/", archive.QuarantinePrefix, archive.SpillPrefix)
		}
		if err == nil {
			err = e.records(ctx, days, count)
		}
		switch {
		case err != nil:
			return days, err
		case left > 0:
			return days, ErrRemains
		case found == 0 || e.DryRun:
			return days, nil
		}
	}
	return days, fmt.Errorf("%w: it keeps coming back: do its PBXs send it again?", ErrRemains)
}

// Figures erases the number from the files of figures, which may have it where their records
// are gone.
func (e *Erasure) Figures(ctx context.Context) error {
	left := 0
	count := func(f Finding) {
		if f.Error != "" {
			left++
		}
		e.Tell(f)
	}
	err := e.objects(ctx, count, "curated/")
	if err == nil && left > 0 {
		err = ErrRemains
	}
	return err
}

// concerns tells whether what was received at a time is meant.
func (e *Erasure) concerns(received time.Time) bool {
	day := pbx.UTCDay(received)
	return day >= e.First && (e.Last == 0 || day <= e.Last)
}

// spilled erases the number from what the table keeps for the archive.
func (e *Erasure) spilled(ctx context.Context, tell func(Finding)) error {
	for sp, err := range e.Records.AllSpilled(ctx) {
		if err != nil {
			return err
		}
		if sp.Done || !e.concerns(sp.Received) {
			continue
		}
		lines, err := e.lines(sp.Text)
		if lines.had == 0 {
			continue
		}
		tell(finding("SPILL", sp.MAC, lines.had, err))
		if err != nil || e.DryRun {
			continue
		}
		if err := e.Records.Spill(ctx, sp.MAC, sp.Received, lines.text); err != nil {
			return err
		}
		if err := e.Records.Unspill(ctx, sp); err != nil {
			return err
		}
	}
	return nil
}

func finding(where string, mac pbx.MAC, count int, err error) Finding {
	f := Finding{Where: where, MAC: mac, Count: count}
	if err != nil {
		f.Error = err.Error()
	}
	return f
}

// records erases the number from the records.
func (e *Erasure) records(ctx context.Context, days map[pbx.MAC]map[pbx.Day]bool, tell func(Finding)) error {
	for mac, err := range e.Records.Fleet(ctx) {
		if err != nil {
			return err
		}
		found, err := e.Records.Redact(ctx, mac, store.Redaction{Mask: e.Numbers.Mask, Concerns: e.concerns, DryRun: e.DryRun})
		if days[mac] == nil {
			days[mac] = map[pbx.Day]bool{}
		}
		for day := range found.Days {
			days[mac][day] = true
		}
		for kind, n := range found.Items {
			tell(finding(kind, mac, n, nil))
		}
		for kind, n := range found.Left {
			tell(finding(kind, mac, n, errors.New("the operator wrote it there: change it")))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many objects are searched side by side.
const atOnce = 32

// objects erases the number from the objects of some folders.
func (e *Erasure) objects(ctx context.Context, tell func(Finding), folders ...string) error {
	var batch []string
	searched := 0
	for _, folder := range folders {
		for name, err := range e.Archive.List(ctx, folder, "") {
			if err != nil {
				return err
			}
			if !e.concernsName(name) {
				continue
			}
			if batch = append(batch, name); len(batch) < atOnce {
				continue
			}
			if err := e.search(ctx, batch, tell); err != nil {
				return err
			}
			if searched += len(batch); e.Progress != nil {
				e.Progress(searched)
			}
			batch = batch[:0]
		}
	}
	return e.search(ctx, batch, tell)
}

// concernsName tells whether an object may have what was received on a day that is meant.
func (e *Erasure) concernsName(name string) bool {
	_, after, dated := strings.Cut(name, "/dt=")
	if !dated || len(after) < len(time.DateOnly) || strings.HasPrefix(name, "curated/") {
		return true
	}
	day, err := time.Parse(time.DateOnly, after[:len(time.DateOnly)])
	return err != nil || e.concerns(day)
}

// search erases the number from a few objects side by side.
func (e *Erasure) search(ctx context.Context, names []string, tell func(Finding)) error {
	findings, errs := make([]*Finding, len(names)), make([]error, len(names))
	var workers sync.WaitGroup
	for i, name := range names {
		workers.Go(func() { findings[i], errs[i] = e.object(ctx, name) })
	}
	workers.Wait()
	for _, f := range findings {
		if f != nil {
			tell(*f)
		}
	}
	return errors.Join(errs...)
}

// object erases the number from an object. It finds nothing where the object is gone.
func (e *Erasure) object(ctx context.Context, name string) (*Finding, error) {
	tag, err := e.Archive.Tag(ctx, name)
	var object []byte
	if err == nil {
		object, err = e.Archive.Get(ctx, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	next, err := e.rewritten(name, object)
	if err == nil && next.had == 0 {
		return nil, nil
	}
	where, _, _ := strings.Cut(name, "/")
	f := finding(where, next.mac, next.had, err)
	if f.Name = name; next.name != name {
		f.Now = next.name
	}
	if err != nil || e.DryRun {
		return &f, nil
	}
	return &f, e.write(ctx, name, tag, next)
}

// write puts an object in the place of another. What goes to quarantine is there before, and
// the old object is the last to go: whoever starts again finds it. One that somebody else
// has changed meanwhile is left to the next pass.
func (e *Erasure) write(ctx context.Context, name, tag string, next object) error {
	for _, envelope := range next.refused {
		if err := archive.New(e.Archive).Keep(ctx, envelope); err != nil {
			return err
		}
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

// object is one as it is to be written.
type object struct {
	name    string
	body    []byte
	mac     pbx.MAC
	had     int // places that had the number
	refused []archive.Envelope
}

// rewritten is an object without the number.
func (e *Erasure) rewritten(name string, body []byte) (object, error) {
	switch {
	case strings.HasSuffix(name, ".parquet"):
		next, had, err := rewriteParquet(body, e.Numbers.Mask)
		return object{name: name, body: next, mac: macOf(name), had: had}, err
	case archive.IsPacked(name):
		return e.packed(name, body)
	}
	return e.linesOf(name, body)
}

// packed is a packed object without the number. It stays where nothing is left of it, since
// lines may be added to it meanwhile: so it is only replaced as it was read.
func (e *Erasure) packed(name string, body []byte) (object, error) {
	all, err := archive.Unpack(body)
	if err != nil {
		return object{name: name}, err
	}
	l, err := e.lines(all)
	next := object{name: name, mac: l.mac, had: l.had, refused: l.refused}
	if err == nil && l.had > 0 {
		next.body, err = archive.Pack(l.text)
	}
	return next, err
}

// macOf is the PBX whose file of figures has a name: curated/<table>/dt=<day>/<mac>.parquet.
func macOf(name string) pbx.MAC {
	mac, _ := pbx.ParseMAC(strings.TrimSuffix(path.Base(name), ".parquet"))
	return mac
}

// linesOf is an object of envelopes without the number. Its name has the ID of its first
// envelope, or none.
func (e *Erasure) linesOf(name string, body []byte) (object, error) {
	l, err := e.lines(body)
	next := object{name: name, body: l.text, mac: l.mac, had: l.had, refused: l.refused}
	if l.first != "" {
		next.name = strings.Replace(name, l.first, l.firstNow, 1)
	}
	if len(l.text) == 0 {
		next.name = "" // nothing is left of it
	}
	return next, err
}

// lines are envelopes, without the number.
type lines struct {
	text            []byte
	mac             pbx.MAC
	had             int
	first, firstNow string // the ID of the first line that had the number
	refused         []archive.Envelope
}

func (e *Erasure) lines(all []byte) (lines, error) {
	var l lines
	for line := range bytes.Lines(all) {
		receipt, _ := archive.ParseReceipt(line)
		masked, had, err := e.Numbers.envelope(line)
		if had && receipt.ID != "" && !e.concerns(receipt.Received) {
			had, err = false, nil
		}
		if !had {
			l.text = append(l.text, line...)
			continue
		}
		l.had++
		l.mac = receipt.MAC
		if err != nil {
			return l, err
		}
		if l.had == 1 {
			l.first, l.firstNow = receipt.ID, masked.ID()
		}
		if masked.Reason != "" && receipt.Reason == "" {
			l.refused = append(l.refused, masked)
			continue
		}
		text, err := archive.Lines([]archive.Envelope{masked})
		if err != nil {
			return l, err
		}
		l.text = append(l.text, text...)
	}
	return l, nil
}
