package rollup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"golang.org/x/sync/semaphore"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/curated"
	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Task asks for one day of one PBX to be computed.
type Task struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
}

// String returns the task's name.
func (t Task) String() string { return t.Day.String() + " of " + string(t.MAC) }

// Queue carries tasks to workers. A task may be lost, doubled, or late.
type Queue interface {
	Send(ctx context.Context, tasks []Task) error
}

// Rollup computes the days of a fleet. It is safe for concurrent use, by many processes.
type Rollup struct {
	store  *store.Store
	bucket archive.Bucket
	config config.Schedule
	now    func() time.Time
	files  func(curated.Day) ([]curated.Object, error)
	days   [64]*semaphore.Weighted // locks of days; some days share one
	seed   maphash.Seed
	// scratch is the folder of temporary files; empty: the system's folder.
	scratch string
	room    int                 // memory for a day's records of one kind, in bytes
	large   *semaphore.Weighted // a slot for each large day that may be computed at once
}

// New makes a Rollup that reads the records in a store, and publishes there and in a bucket.
func New(s *store.Store, b archive.Bucket, c config.Schedule, now func() time.Time) *Rollup {
	r := &Rollup{
		store: s, bucket: b, config: c, now: now, files: curated.Objects, seed: maphash.MakeSeed(), room: kpi.Room,
		large: semaphore.NewWeighted(largeAtOnce),
	}
	for i := range r.days {
		r.days[i] = semaphore.NewWeighted(1)
	}
	return r
}

// largeAtOnce is how many days that are too large for memory are computed at once.
const largeAtOnce = 1

// WithScratch makes a Rollup put temporary files into a folder. The system's own folder may be in
// memory.
func (r *Rollup) WithScratch(folder string) *Rollup {
	r.scratch = folder
	return r
}

// device is what is known of a PBX.
type device struct {
	store.Device
	inferred pbx.Zone
	zone     pbx.Zone // set, else inferred, else the fallback
}

func (r *Rollup) device(ctx context.Context, mac pbx.MAC) (device, error) {
	return deviceOf(ctx, r.store, mac, r.config.DefaultZone)
}

// figureSettings are the settings that affect figures.
var figureSettings = []string{"zone", "sla_threshold_seconds", "short_abandon_seconds", "talk_includes_hold"}

// CheckSettings returns an error if a setting that affects figures can't be read. Then the PBX's
// days wait, and stay due, until the setting is corrected: no figure is computed from a guess.
func CheckSettings(mac pbx.MAC, d store.Device) error {
	if err := d.Check(figureSettings...); err != nil {
		return fmt.Errorf("the settings of %s: %w: set it again with pbxctl device set", mac, err)
	}
	return nil
}

// deviceOf returns what is known of a PBX; fallback is its zone if none is known.
func deviceOf(ctx context.Context, s *store.Store, mac pbx.MAC, fallback pbx.Zone) (device, error) {
	set, seen, err := Known(ctx, s, mac)
	if err != nil {
		return device{}, err
	}
	return device{set, seen.Zone, store.ClockZone(set, seen, fallback)}, nil
}

// Known reads a PBX's settings, and what was inferred from its records. It fails if anything that
// affects figures can't be read. If a zone is set, what was inferred does not matter.
func Known(ctx context.Context, s *store.Store, mac pbx.MAC) (store.Device, store.Seen, error) {
	set, err := s.Device(ctx, mac)
	if err != nil {
		return store.Device{}, store.Seen{}, err
	}
	if err := CheckSettings(mac, set); err != nil {
		return store.Device{}, store.Seen{}, err
	}
	seen, err := s.Seen(ctx, mac)
	if errors.Is(err, store.ErrNotUnderstood) && set.Zone.Known() {
		return set, store.Seen{}, nil // it is inferred again, and not needed until then
	}
	return set, seen, err
}

// basis returns the rules and settings that a day's figures are computed with.
func (d device) basis() store.Basis {
	s, t := settings(d.Device), Thresholds(d.Device)
	return store.Basis{
		Rules: kpi.Rules, Zone: d.zone.String(),
		Settings: fmt.Sprintf("answered within %d s, short before %d s, talk includes hold: %t", t.ServiceLevel, s.ShortAbandon, s.TalkIncludesHold),
	}
}

// Thresholds returns the thresholds that the operator has set for a PBX, or the defaults.
func Thresholds(d store.Device) kpi.Thresholds {
	return kpi.Thresholds{
		ServiceLevel: d.ServiceLevel.Or(kpi.DefaultServiceLevel),
		ShortAbandon: d.ShortAbandon.Or(kpi.DefaultSettings.ShortAbandon),
	}
}

func settings(d store.Device) kpi.Settings {
	return kpi.Settings{ShortAbandon: Thresholds(d).ShortAbandon, TalkIncludesHold: d.TalkIncludesHold}
}

// Check returns an error for an invalid task. Use it for tasks that came from outside.
func (t Task) Check() error {
	if mac, err := pbx.ParseMAC(string(t.MAC)); err != nil || mac != t.MAC || t.Day <= 0 {
		return fmt.Errorf("invalid task: day %.40q, MAC %.40q", t.Day, t.MAC)
	}
	return nil
}

// ErrSentNothing is the error of Request if the PBX sent nothing on the day.
var ErrSentNothing = errors.New("sent nothing")

// Request marks a day of a PBX as due though nothing has changed. Its error says why there is
// nothing to compute: the day has not closed, or the PBX sent nothing on it.
func (r *Rollup) Request(ctx context.Context, t Task) error {
	d, err := r.device(ctx, t.MAC)
	if err != nil {
		return err
	}
	if !r.closed(d.zone, t.Day, r.now()) {
		return fmt.Errorf("%s has not closed for %s: it closes at %s, by its zone %s", t.Day, t.MAC, r.closes(d.zone, t.Day).Format(time.RFC3339), d.zone)
	}
	tasks, err := r.RequestClosed(ctx, t.MAC, t.Day, t.Day)
	if err != nil {
		return err
	}
	if len(tasks) == 0 {
		return fmt.Errorf("%s %w on %s", t.MAC, ErrSentNothing, t.Day)
	}
	return nil
}

// RequestClosed marks the days of a PBX from first to last that have closed and have any records.
// If last is unknown, it goes on to the last closed day. Sealed days are among the tasks, but are
// not due. A day that fails is skipped: if each.Only reports true for the error, the tasks are
// those of all other days.
func (r *Rollup) RequestClosed(ctx context.Context, mac pbx.MAC, first, last pbx.Day) (tasks []Task, err error) {
	d, err := r.device(ctx, mac)
	if err != nil {
		return nil, err
	}
	sealed := r.store.Figures().SealedDays(ctx, mac, first, cmp.Or(last, r.lastClosed(d.zone, r.now())))
	recorded := r.store.RecordedDays(ctx, mac, d.zone, store.Days(first, last))
	closed := each.Where(recorded, func(day pbx.Day) bool { return r.closed(d.zone, day, r.now()) })
	seen := map[pbx.Day]bool{}
	days := each.Loop[pbx.Day]{Of: "days that were asked for", Name: each.Text[pbx.Day]}
	err = days.Do(ctx, each.Join(sealed, closed), func(ctx context.Context, day pbx.Day) error {
		if seen[day] {
			return nil
		}
		seen[day] = true
		if _, err := r.markClosed(ctx, d, Task{mac, day}); err != nil {
			return err
		}
		tasks = append(tasks, Task{mac, day})
		return nil
	})
	return tasks, err
}
