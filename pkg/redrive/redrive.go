package redrive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// triesAtMost is how many runs try to record something, with a table that works, before it
// goes to quarantine.
const triesAtMost = 24

// Redrive hands on what is spilled.
type Redrive struct {
	store  *store.Store
	bucket archive.Bucket
}

// New makes a Redrive.
func New(s *store.Store, b archive.Bucket) *Redrive { return &Redrive{s, b} }

// Report is what a run did.
type Report struct {
	Archived    int // texts of the table that went to the archive
	Recorded    int // objects of the archive that became records
	Quarantined int // of either
	Failed      int // to be tried again
}

// Run hands on what is spilled, in both directions. Its error tells why some of it was not.
func (r *Redrive) Run(ctx context.Context) (Report, error) {
	var report Report
	archiveErr := r.archive(ctx, &report)
	return report, errors.Join(archiveErr, r.record(ctx, &report))
}

// archive hands on what the table keeps for the archive, until that fails.
func (r *Redrive) archive(ctx context.Context, report *Report) error {
	for sp, err := range r.store.AllSpilled(ctx) {
		if err != nil {
			return err
		}
		if err := r.archiveOne(ctx, sp, report); err != nil {
			report.Failed++
			return err
		}
	}
	return nil
}

func (r *Redrive) archiveOne(ctx context.Context, sp store.Spilled, report *Report) error {
	if sp.Done {
		return r.store.Unspill(ctx, sp)
	}
	for line := range bytes.Lines(sp.Text) {
		receipt, err := archive.ParseReceipt(line)
		if err != nil {
			report.Quarantined++
			return r.quarantineText(ctx, sp, err)
		}
		if err := r.bucket.Put(ctx, receipt.Name(), line); err != nil {
			return fmt.Errorf("archive what was spilled: %w", err)
		}
	}
	report.Archived++
	return r.store.Unspill(ctx, sp)
}

// quarantineText keeps text that is no envelope.
func (r *Redrive) quarantineText(ctx context.Context, sp store.Spilled, why error) error {
	receipt := archive.Receipt{MAC: sp.MAC, Received: sp.Received, Body: sp.Text}
	if err := r.refuse(ctx, receipt, "spilled, but no envelope: "+why.Error()); err != nil {
		return err
	}
	return r.store.Unspill(ctx, sp)
}

// record makes records of what the archive keeps for the table, until the table fails.
func (r *Redrive) record(ctx context.Context, report *Report) error {
	recorder := replay.NewRecorder(r.store)
	var failed error
	for name, err := range r.bucket.List(ctx, archive.SpillPrefix, "") {
		if err != nil {
			return errors.Join(failed, err)
		}
		if err = r.recordOne(ctx, recorder, name, report); err == nil {
			continue
		}
		report.Failed++
		if failed == nil {
			failed = fmt.Errorf("record what was spilled: %w", err)
		}
		if r.store.Ping(ctx) != nil {
			break
		}
	}
	return failed
}

func (r *Redrive) recordOne(ctx context.Context, recorder *replay.Recorder, name string, report *Report) error {
	object, err := r.bucket.Get(ctx, name)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(object) {
		err := r.recordLine(ctx, recorder, line)
		if errors.Is(err, replay.ErrHeld) || err != nil && Tries(name) >= triesAtMost {
			report.Quarantined++
			err = r.quarantine(ctx, line, name, err)
		}
		if err != nil {
			return errors.Join(err, r.again(ctx, name, object))
		}
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

// quarantine keeps a line that can't be recorded, with the reason. The event itself is in
// the archive already.
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
	return archive.New(r.bucket).Keep(ctx, receipt.Refused(reason, zycoo.Version).Envelope(nil))
}

// again notes in an object's name that it could not be recorded, if the table works: while
// it is down, no try counts.
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

// Tries is how many runs could not record a spilled object, by its name.
func Tries(name string) int {
	found := triesForm.FindStringSubmatch(strings.TrimSuffix(name, ".json"))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}
