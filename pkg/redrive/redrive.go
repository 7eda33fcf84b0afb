package redrive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// Redrive delivers spilled events to the store that could not take them. It is safe for concurrent
// use, by many processes.
type Redrive struct {
	store  *store.Store
	keeper archive.Keeper
	bucket archive.Bucket
	now    func() time.Time
}

// New makes a Redrive. The spilled texts of the table go to the keeper. The bucket has what is still
// to be recorded.
func New(s *store.Store, k archive.Keeper, b archive.Bucket, now func() time.Time) *Redrive {
	return &Redrive{s, k, b, now}
}

const (
	// atOnce is how many texts or objects of a shard are redriven concurrently.
	atOnce = 64
	// longest is how long a job works if its context has no deadline.
	longest = 5 * time.Minute
)

// Report is what a run did.
type Report struct {
	Archived    int  // texts of the table, and failed deliveries, that were archived
	Recorded    int  // objects of the archive that were recorded
	Quarantined int  // of both
	Failed      int  // the next run tries them again
	More        bool // the time ran out: the next run goes on
}

// Run delivers all spilled events in both directions. It skips what can't be delivered, and the error
// names that; the next run tries it again. A text of the table that can't be read goes to quarantine.
// If progress is not nil, Run reports to it after each delivery, never concurrently.
func (r *Redrive) Run(ctx context.Context, progress func(Report)) (Report, error) {
	d := r.delivery(progress)
	archiveErr := d.archive(ctx, r.store.AllSpilled(ctx))
	redeliverErr := d.redeliver(ctx)
	recordErr := d.record(ctx, r.bucket.List(ctx, archive.SpillPrefix, ""))
	return d.report, errors.Join(archiveErr, redeliverErr, recordErr)
}

// Do does a job until all of its shard was tried or the time is used up. It reports whether to
// enqueue the job again: more is left, and this run has made progress. Its error is as that of Run.
func (r *Redrive) Do(ctx context.Context, j Job) (done Report, again bool, err error) {
	if err := j.Check(); err != nil {
		return Report{}, false, err
	}
	d := r.delivery(nil)
	d.until = r.until(ctx)
	err = d.redrive(ctx, j.Shard)
	done = d.report
	return done, (err == nil || each.Only(err)) && done.More && done.progress() && r.now().Before(j.Until), err
}

// until returns when a job starts no more deliveries. It leaves a quarter of the time for those that
// have begun.
func (r *Redrive) until(ctx context.Context) time.Time {
	now := r.now()
	work := longest
	if deadline, ok := ctx.Deadline(); ok {
		work = min(work, deadline.Sub(now)*3/4)
	}
	return now.Add(work)
}

// progress reports whether anything was delivered.
func (r Report) progress() bool { return r.Archived+r.Recorded+r.Quarantined > 0 }

// delivery is one run of a Redrive.
type delivery struct {
	*Redrive
	recorder *replay.Recorder
	until    time.Time // zero: there is no limit
	progress func(Report)

	mu     sync.Mutex
	report Report
}

func (r *Redrive) delivery(progress func(Report)) *delivery {
	return &delivery{Redrive: r, recorder: replay.NewRecorder(r.store, r.now), progress: progress}
}

// counts changes the report.
func (d *delivery) counts(change func(*Report)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.report)
	if d.progress != nil {
		d.progress(d.report)
	}
}

func failed(r *Report)      { r.Failed++ }
func quarantined(r *Report) { r.Quarantined++ }

// over reports whether the time is used up, and notes that more is left.
func (d *delivery) over() bool {
	if d.until.IsZero() || d.now().Before(d.until) {
		return false
	}
	d.counts(func(r *Report) { r.More = true })
	return true
}

// redrive delivers what a shard keeps.
func (d *delivery) redrive(ctx context.Context, s Shard) error {
	keeper, digit := s.split()
	if keeper == table {
		return d.archive(ctx, d.store.SpilledIn(ctx, digit))
	}
	return d.record(ctx, objects(ctx, d.bucket, digit))
}

// archive archives spilled texts of the table. It stops if the archive is down.
func (d *delivery) archive(ctx context.Context, spilled iter.Seq2[store.Spilled, error]) error {
	texts := each.Loop[store.Spilled]{Of: "spilled texts", Name: nameOf, AtOnce: atOnce, Skipped: func(bad *each.Bad) { d.setAside(ctx, bad) }}
	return texts.Do(ctx, spilled, func(ctx context.Context, sp store.Spilled) error {
		if d.over() {
			return each.ErrEnough
		}
		err := d.archiveOne(ctx, sp)
		if err != nil && archive.Ping(ctx, d.bucket) != nil {
			d.counts(failed)
			return each.Stop(err)
		}
		return err
	})
}

// Redeliver archives what delivery streams could not deliver.
func (r *Redrive) Redeliver(ctx context.Context) (Report, error) {
	d := r.delivery(nil)
	err := d.redeliver(ctx)
	return d.report, err
}

func (d *delivery) redeliver(ctx context.Context) error {
	done, err := archive.Redeliver(ctx, d.bucket)
	d.counts(func(r *Report) { r.Archived += done })
	if err == nil {
		return nil
	}
	if each.Only(err) { // otherwise the archive is down
		d.counts(failed)
	}
	return fmt.Errorf("archive what was not delivered: %w", err)
}

func nameOf(sp store.Spilled) string {
	return fmt.Sprintf("the spilled text of %s, received at %s", sp.MAC, sp.Received.UTC().Format(time.RFC3339Nano))
}

// setAside puts a text that can't be read into quarantine.
func (d *delivery) setAside(ctx context.Context, bad *each.Bad) {
	u, ok := errors.AsType[*store.Unreadable](bad.Err)
	if !ok {
		d.counts(failed)
		return
	}
	if err := d.quarantineItems(ctx, u); err != nil {
		d.counts(failed)
		bad.Err = errors.Join(bad.Err, err)
		return
	}
	d.counts(quarantined)
}

// quarantineItems puts the items of an unreadable text into quarantine, and removes them from the
// table.
func (d *delivery) quarantineItems(ctx context.Context, u *store.Unreadable) error {
	mac, received, text := u.Spilled()
	receipt := archive.Receipt{MAC: mac, Received: received, Body: text}
	if err := d.refuse(ctx, receipt, "spilled, and can't be read: "+u.Error()); err != nil {
		return err
	}
	return d.store.Discard(ctx, u)
}

func (d *delivery) archiveOne(ctx context.Context, sp store.Spilled) error {
	if sp.Done {
		return d.store.Unspill(ctx, sp)
	}
	envelopes, damaged := envelopesOf(sp)
	groups := each.Loop[[]archive.Envelope]{Of: "events of spilled texts", Name: func(all []archive.Envelope) string { return all[0].ID() }}
	err := groups.Do(ctx, each.Of(archive.Groups(envelopes)...), func(ctx context.Context, all []archive.Envelope) error {
		return archive.KeepGroup(ctx, d.keeper, d.bucket, all)
	})
	if err != nil {
		return fmt.Errorf("archive what was spilled: %w", err)
	}
	if err := d.store.Unspill(ctx, sp); err != nil {
		return err
	}
	d.counts(func(r *Report) {
		if damaged {
			r.Quarantined++
		} else {
			r.Archived++
		}
	})
	return nil
}

// envelopesOf returns the envelopes of a spilled text, and reports whether a line is not one: then its
// text is refused.
func envelopesOf(sp store.Spilled) (all []archive.Envelope, damaged bool) {
	for line := range bytes.Lines(sp.Text) {
		envelope, err := envelopeOf(line)
		if err != nil {
			damaged = true
			receipt := archive.Receipt{MAC: sp.MAC, Received: sp.Received, Body: line}
			envelope = receipt.Refused("spilled, but no envelope: "+err.Error(), zycoo.Version).Envelope(nil)
		}
		all = append(all, envelope)
	}
	return all, damaged
}

// envelopeOf returns the envelope of a spilled line, to be written as that line.
func envelopeOf(line []byte) (archive.Envelope, error) {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return archive.Envelope{}, err
	}
	return receipt.As(line), archive.CheckName(receipt.Name())
}

// record records spilled objects of the archive. It stops if the table is down.
func (d *delivery) record(ctx context.Context, names iter.Seq2[string, error]) error {
	objects := each.Loop[string]{Of: "spilled objects", Name: each.Text[string], AtOnce: atOnce, Skipped: func(*each.Bad) { d.counts(failed) }}
	err := objects.Do(ctx, names, func(ctx context.Context, name string) error {
		if d.over() {
			return each.ErrEnough
		}
		err := d.recordOne(ctx, name)
		if err != nil && d.store.Ping(ctx) != nil {
			d.counts(failed)
			return each.Stop(err)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record what was spilled: %w", err)
	}
	return nil
}

func (d *delivery) recordOne(ctx context.Context, name string) error {
	object, err := d.bucket.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another run has recorded it
	}
	if err != nil {
		return err
	}
	lines := each.Loop[archive.Line]{Of: "lines of spilled objects", Name: archive.Line.String}
	err = lines.Do(ctx, archive.LinesOf(name, object), func(ctx context.Context, line archive.Line) error {
		err := d.recordLine(ctx, line.Text)
		if errors.Is(err, replay.ErrHeld) || err != nil && Tries(name) >= replay.TriesAtMost {
			d.counts(quarantined)
			err = d.quarantine(ctx, line.Text, name, err)
		}
		return err
	})
	if err != nil {
		return errors.Join(err, d.again(ctx, name, object))
	}
	if err := d.bucket.Delete(ctx, name); err != nil {
		return err
	}
	d.counts(func(r *Report) { r.Recorded++ })
	return nil
}

func (d *delivery) recordLine(ctx context.Context, line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return fmt.Errorf("%w: %w", replay.ErrHeld, err)
	}
	_, err = d.recorder.Record(ctx, receipt)
	return err
}

// quarantine puts a line that can't be recorded into quarantine, with the reason. The event itself
// is in the archive already.
func (d *delivery) quarantine(ctx context.Context, line []byte, name string, why error) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		receipt = archive.Receipt{Body: line}
	}
	if err := d.refuse(ctx, receipt, "not recorded: "+why.Error()); err != nil {
		return fmt.Errorf("quarantine a line of %s: %w", name, err)
	}
	return nil
}

// refuse puts a receipt in quarantine.
func (d *delivery) refuse(ctx context.Context, receipt archive.Receipt, reason string) error {
	return archive.Keep(ctx, d.bucket, receipt.Refused(reason, zycoo.Version).Envelope(nil))
}

// again counts a failed attempt in the object's name. While the table is down, no attempt counts.
func (d *delivery) again(ctx context.Context, name string, object []byte) error {
	if d.store.Ping(ctx) != nil {
		return nil
	}
	next := triesForm.ReplaceAllString(strings.TrimSuffix(name, ".json"), "") + fmt.Sprintf(".tries=%d.json", Tries(name)+1)
	if err := d.bucket.Put(ctx, next, object); err != nil {
		return err
	}
	return d.bucket.Delete(ctx, name)
}

var triesForm = regexp.MustCompile(`\.tries=(\d+)$`)

// Tries returns how many runs could not record a spilled object, from its name.
func Tries(name string) int {
	found := triesForm.FindStringSubmatch(strings.TrimSuffix(name, ".json"))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}
