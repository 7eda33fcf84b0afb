package redrive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// Redrive delivers spilled events to the store that could not take them.
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

// Report is what a run did.
type Report struct {
	Archived    int // texts of the table, and failed deliveries, that were archived
	Recorded    int // objects of the archive that were recorded
	Quarantined int // of both
	Failed      int // the next run tries them again
}

// Run delivers spilled events in both directions. It skips what can't be delivered, and the error
// names that; the next run tries it again. A text of the table that can't be read goes to
// quarantine.
func (r *Redrive) Run(ctx context.Context) (Report, error) {
	var report Report
	archiveErr := r.archive(ctx, &report)
	redeliverErr := r.redeliver(ctx, &report)
	return report, errors.Join(archiveErr, redeliverErr, r.record(ctx, &report))
}

// archive archives the spilled texts of the table. It stops if the archive is down.
func (r *Redrive) archive(ctx context.Context, report *Report) error {
	texts := each.Loop[store.Spilled]{Of: "spilled texts", Name: nameOf, Skipped: func(bad *each.Bad) { r.setAside(ctx, bad, report) }}
	return texts.Do(ctx, r.store.AllSpilled(ctx), func(ctx context.Context, sp store.Spilled) error {
		err := r.archiveOne(ctx, sp, report)
		if err != nil && archive.Ping(ctx, r.bucket) != nil {
			report.Failed++
			return each.Stop(err)
		}
		return err
	})
}

// redeliver archives what delivery streams could not deliver.
func (r *Redrive) redeliver(ctx context.Context, report *Report) error {
	done, err := archive.Redeliver(ctx, r.bucket)
	report.Archived += done
	if err == nil {
		return nil
	}
	if each.Only(err) { // otherwise the archive is down
		report.Failed++
	}
	return fmt.Errorf("archive what was not delivered: %w", err)
}

func nameOf(sp store.Spilled) string {
	return fmt.Sprintf("the spilled text of %s, received at %s", sp.MAC, sp.Received.UTC().Format(time.RFC3339Nano))
}

// setAside puts a text that can't be read into quarantine.
func (r *Redrive) setAside(ctx context.Context, bad *each.Bad, report *Report) {
	u, ok := errors.AsType[*store.Unreadable](bad.Err)
	if !ok {
		report.Failed++
		return
	}
	if err := r.quarantineItems(ctx, u); err != nil {
		report.Failed++
		bad.Err = errors.Join(bad.Err, err)
		return
	}
	report.Quarantined++
}

// quarantineItems puts the items of an unreadable text into quarantine, and removes them from the
// table.
func (r *Redrive) quarantineItems(ctx context.Context, u *store.Unreadable) error {
	mac, received, text := u.Spilled()
	receipt := archive.Receipt{MAC: mac, Received: received, Body: text}
	if err := r.refuse(ctx, receipt, "spilled, and can't be read: "+u.Error()); err != nil {
		return err
	}
	return r.store.Discard(ctx, u)
}

func (r *Redrive) archiveOne(ctx context.Context, sp store.Spilled, report *Report) error {
	if sp.Done {
		return r.store.Unspill(ctx, sp)
	}
	envelopes, damaged := envelopesOf(sp)
	groups := each.Loop[[]archive.Envelope]{Of: "events of spilled texts", Name: func(all []archive.Envelope) string { return all[0].ID() }}
	err := groups.Do(ctx, each.Of(archive.Groups(envelopes)...), func(ctx context.Context, all []archive.Envelope) error {
		return archive.KeepGroup(ctx, r.keeper, r.bucket, all)
	})
	if err != nil {
		return fmt.Errorf("archive what was spilled: %w", err)
	}
	if damaged {
		report.Quarantined++
	} else {
		report.Archived++
	}
	return r.store.Unspill(ctx, sp)
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

// record records the spilled objects of the archive. It stops if the table is down.
func (r *Redrive) record(ctx context.Context, report *Report) error {
	recorder := replay.NewRecorder(r.store, r.now)
	objects := each.Loop[string]{Of: "spilled objects", Name: each.Text[string], Skipped: func(*each.Bad) { report.Failed++ }}
	err := objects.Do(ctx, r.bucket.List(ctx, archive.SpillPrefix, ""), func(ctx context.Context, name string) error {
		err := r.recordOne(ctx, recorder, name, report)
		if err != nil && r.store.Ping(ctx) != nil {
			report.Failed++
			return each.Stop(err)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record what was spilled: %w", err)
	}
	return nil
}

func (r *Redrive) recordOne(ctx context.Context, recorder *replay.Recorder, name string, report *Report) error {
	object, err := r.bucket.Get(ctx, name)
	if err != nil {
		return err
	}
	lines := each.Loop[archive.Line]{Of: "lines of spilled objects", Name: archive.Line.String}
	err = lines.Do(ctx, archive.LinesOf(name, object), func(ctx context.Context, line archive.Line) error {
		err := r.recordLine(ctx, recorder, line.Text)
		if errors.Is(err, replay.ErrHeld) || err != nil && Tries(name) >= replay.TriesAtMost {
			report.Quarantined++
			err = r.quarantine(ctx, line.Text, name, err)
		}
		return err
	})
	if err != nil {
		return errors.Join(err, r.again(ctx, name, object))
	}
	report.Recorded++
	return r.bucket.Delete(ctx, name)
}

func (r *Redrive) recordLine(ctx context.Context, recorder *replay.Recorder, line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return fmt.Errorf("%w: %w", replay.ErrHeld, err)
	}
	_, err = recorder.Record(ctx, receipt)
	return err
}

// quarantine puts a line that can't be recorded into quarantine, with the reason. The event itself
// is in the archive already.
func (r *Redrive) quarantine(ctx context.Context, line []byte, name string, why error) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		receipt = archive.Receipt{Body: line}
	}
	if err := r.refuse(ctx, receipt, "not recorded: "+why.Error()); err != nil {
		return fmt.Errorf("quarantine a line of %s: %w", name, err)
	}
	return nil
}

// refuse puts a receipt in quarantine.
func (r *Redrive) refuse(ctx context.Context, receipt archive.Receipt, reason string) error {
	return archive.Keep(ctx, r.bucket, receipt.Refused(reason, zycoo.Version).Envelope(nil))
}

// again counts a failed attempt in the object's name. While the table is down, no attempt counts.
func (r *Redrive) again(ctx context.Context, name string, object []byte) error {
	if r.store.Ping(ctx) != nil {
		return nil
	}
	next := triesForm.ReplaceAllString(strings.TrimSuffix(name, ".json"), "") + fmt.Sprintf(".tries=%d.json", Tries(name)+1)
	if err := r.bucket.Put(ctx, next, object); err != nil {
		return err
	}
	return r.bucket.Delete(ctx, name)
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
