package foldercheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trunkline/pkg/archive/dir"
	"trunkline/pkg/doctor"
	"trunkline/pkg/each"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
	"trunkline/pkg/token"
)

// leastFree is the free disk space below which a folder is in danger.
const leastFree = 1 << 30

// Folder is a data folder that is checked.
type Folder struct {
	Path      string
	URL       string // where its server listens; empty where that is not checked
	FleetKeys string // as FLEET_KEYS has them; empty where the folder has them
	// OpenClock opens the clock that the folder's records go by.
	OpenClock func(store.Table) (*store.Clock, error)
}

// checkup is a checkup of a data folder.
type checkup struct {
	*doctor.Checkup
	Folder
	table   *sqlite.Table // nil: can't be opened
	records *store.Store  // of the table
	bucket  *dir.Bucket   // nil: can't be opened
}

// Run checks a data folder, which a server may have open, and that server where its URL is given.
func Run(ctx context.Context, to *doctor.Checkup, f Folder) {
	c := &checkup{Checkup: to, Folder: f}
	if !c.Check(ctx, "folder", func(context.Context) (string, error) { return c.Path, writable(c.Path) }) {
		return
	}
	defer c.open(ctx)()
	c.disk(ctx)
	c.Check(ctx, "records", func(ctx context.Context) (string, error) { return "the file is whole", wholeRecords(ctx, c.Path) })
	c.archive(ctx)
	keys := c.Keys(ctx, func(context.Context) (*token.Keyring, error) { return localKeys(c.Path, c.FleetKeys) })
	c.Check(ctx, "owners", func(context.Context) (string, error) {
		return "all files are the owner's, for the owner alone", owners(c.Path)
	})
	if c.table != nil {
		c.Unreadable(ctx, c.records)
		c.clock(ctx)
		c.Check(ctx, "hourly run", c.lastRun)
	}
	if c.URL != "" {
		c.Delivery(ctx, c.URL, keys, c.stores())
	}
}

// open opens what can be opened, until the function that it returns is called.
func (c *checkup) open(ctx context.Context) (closeAll func()) {
	if table, err := local.OpenTable(ctx, c.Path); err == nil {
		c.table, c.records = table, store.New(table, c.Now)
	}
	if bucket, err := local.OpenArchive(c.Path); err == nil {
		c.bucket = bucket
	}
	return func() {
		if c.bucket != nil {
			c.bucket.Close()
		}
		if c.table != nil {
			c.table.Close()
		}
	}
}

// stores are those that could be opened. An interface of a nil pointer would not be nil.
func (c *checkup) stores() (s doctor.Stores) {
	if c.table != nil {
		s.Table = c.table
	}
	if c.bucket != nil {
		s.Bucket = c.bucket
		s.Remove = func(_ context.Context, name string) error {
			return os.Remove(filepath.Join(local.ArchivePath(c.Path), filepath.FromSlash(name)))
		}
	}
	return s
}

func (c *checkup) disk(ctx context.Context) {
	c.Check(ctx, "disk", func(context.Context) (string, error) {
		free, err := freeSpace(c.Path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d GiB are free", free>>30), enough(free)
	})
}

func (c *checkup) archive(ctx context.Context) {
	path := local.ArchivePath(c.Path)
	c.Check(ctx, "archive folder", func(context.Context) (string, error) {
		if err := writable(path); err != nil || c.bucket == nil {
			return path, err
		}
		return path, c.bucket.CheckLinks()
	})
	if c.bucket != nil {
		c.Quarantine(ctx, c.bucket)
	}
}

// clock checks that this machine's clock can be right.
func (c *checkup) clock(ctx context.Context) {
	c.Check(ctx, "clock", func(ctx context.Context) (string, error) {
		if err := c.notBefore(ctx); err != nil {
			return "", err
		}
		return "it is later than all that was received", c.trusted()
	})
}

func enough(free uint64) error {
	if free < leastFree {
		return doctor.Wrong("make room, or move the folder to another disk", "only %d MiB are free", free>>20)
	}
	return nil
}

// writable tells whether a folder is there, for its owner alone, and files can be made in it.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return doctor.Wrong("give the right one, or make it with `pbxctl serve --data`", "%s is not there", path)
	case err != nil:
		return doctor.Wrong("run this as the user that pbxctl serve runs as", "%v", err)
	case !info.IsDir():
		return doctor.Wrong("give the right one", "%s is no folder", path)
	case info.Mode().Perm()&0o077 != 0:
		return doctor.Wrong("run `chmod go= "+path+"`", "other users may read or write %s", path)
	}
	f, err := os.CreateTemp(path, "~doctor-*")
	if err != nil {
		return doctor.Wrong("run this as the user that pbxctl serve runs as, and on a disk that is neither full nor read-only", "%v", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func wholeRecords(ctx context.Context, path string) error {
	if err := checkRecords(ctx, path); err != nil {
		return doctor.Wrong("stop pbxctl serve, put records.db aside, and make it anew with `pbxctl replay`", "the records can't be read whole: %v", err)
	}
	return nil
}

func checkRecords(ctx context.Context, path string) error {
	table, err := local.OpenRecords(ctx, path)
	if err != nil {
		return err
	}
	defer table.Close()
	return table.Check(ctx)
}

// localKeys are the fleet keys of a data folder, if they are for its owner alone.
func localKeys(path, fleetKeys string) (*token.Keyring, error) {
	keys, err := local.ReadKeys(path, fleetKeys)
	if err != nil {
		return nil, doctor.Wrong("put the file fleet-keys back from its copy, or give the keys in FLEET_KEYS", "%v", err)
	}
	if fleetKeys != "" {
		return keys, nil
	}
	file := local.KeysPath(path)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, doctor.Wrong("run `chmod 600 "+file+"`", "other users may read the fleet keys")
	}
	if copies := local.Copies(path); len(copies) > 0 {
		return nil, doctor.Wrong("move it elsewhere, or remove it: a key that is retired may be in it", "%s may be a copy of the fleet keys", filepath.Join(path, copies[0]))
	}
	return keys, nil
}

// straysNamed is how many files are named that others own or may use.
const straysNamed = 3

// owners looks whether all files are the owner's of the folder, and for the owner alone.
func owners(path string) error {
	found, err := local.Strays(path, straysNamed)
	if err != nil || len(found) == 0 {
		return err
	}
	var names []string
	for _, s := range found {
		names = append(names, s.Path+" "+s.Why)
	}
	return doctor.Wrong("run `sudo chown -R --reference="+path+" "+path+"` and `sudo chmod -R go= "+path+"`", "%s", strings.Join(names, ", "))
}

// trusted looks whether the clock of this machine can be right.
func (c *checkup) trusted() error {
	clock, err := c.OpenClock(c.table)
	if err != nil {
		return err
	}
	if doubt, doubted := clock.Doubt(); doubted {
		return doctor.Wrong(local.ClockAdvice(c.Path), "%s", doubt)
	}
	return nil
}

// lastRun looks whether the last hourly run was complete.
func (c *checkup) lastRun(ctx context.Context) (string, error) {
	run, ran, err := c.records.LastHourlyRun(ctx)
	if err != nil || !ran {
		return "there was none yet", err
	}
	ended := run.Ended.UTC().Format(time.RFC3339)
	if !run.Complete {
		return "", doctor.Wrong("look at the log of pbxctl serve, which tries it again every hour",
			"the last one, which ended at %s, was incomplete: %s", ended, run.Error)
	}
	return "the last one was complete, and ended at " + ended, nil
}

// notBefore tells whether the clock shows a time after all that was received.
func (c *checkup) notBefore(ctx context.Context) error {
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that were heard", Name: each.Text[pbx.MAC]}
	return pbxs.Do(ctx, c.records.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		heard, err := c.records.Heard(ctx, mac)
		if early := heard.Last.Sub(c.Now()); early > doctor.ClockMayBeOff {
			return each.Stop(doctor.Wrong("have this machine set its clock by NTP", "something was received of %s that is %s in the future", mac, early.Round(time.Second)))
		}
		return err
	})
}
