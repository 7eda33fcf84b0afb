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

// Folder is a data folder to check.
type Folder struct {
	Path      string
	URL       string // of its server; empty: the server is not checked
	FleetKeys string // the value of FLEET_KEYS; empty: the keys are in the folder
	// OpenClock opens the clock that the folder's records use.
	OpenClock func(store.Table) (*store.Clock, error)
}

// checkup is a checkup of a data folder.
type checkup struct {
	*doctor.Checkup
	Folder
	table   *sqlite.Table // nil if it can't be opened
	records *store.Store  // of the table
	bucket  *dir.Bucket   // nil if it can't be opened
}

// Run checks a data folder, which a server may have open. If the server's URL is set, it checks
// the server, too.
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

// open opens what it can. The returned function closes all.
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

// stores returns the stores that could be opened. An interface of a nil pointer would not be nil.
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

// clock checks that this machine's clock is plausible.
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

// writable returns an error unless the folder exists, only its owner can use it, and it is
// writable.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return doctor.Wrong("use the right one, or make it with `pbxctl serve --data`", "%s does not exist", path)
	case err != nil:
		return doctor.Wrong("run this as the user that pbxctl serve runs as", "%v", err)
	case !info.IsDir():
		return doctor.Wrong("use the right one", "%s is not a folder", path)
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
		return doctor.Wrong("stop pbxctl serve, move records.db away, and make it again with `pbxctl replay`", "some records can't be read: %v", err)
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

// localKeys returns the fleet keys of a data folder, if only its owner can use them.
func localKeys(path, fleetKeys string) (*token.Keyring, error) {
	keys, err := local.ReadKeys(path, fleetKeys)
	if err != nil {
		return nil, doctor.Wrong("restore the file fleet-keys from its copy, or set FLEET_KEYS", "%v", err)
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

// straysNamed is how many stray files an error names.
const straysNamed = 3

// owners returns an error unless all files belong to the folder's owner, and only the owner can
// use them.
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

// trusted returns an error if the clock of this machine is doubted.
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

// lastRun checks that the last hourly run was complete.
func (c *checkup) lastRun(ctx context.Context) (string, error) {
	run, ran, err := c.records.LastHourlyRun(ctx)
	if err != nil || !ran {
		return "none has run yet", err
	}
	ended := run.Ended.UTC().Format(time.RFC3339)
	if !run.Complete {
		return "", doctor.Wrong("look at the log of pbxctl serve, which tries it again every hour",
			"the last one, which ended at %s, was incomplete: %s", ended, run.Error)
	}
	return "the last one was complete, and ended at " + ended, nil
}

// notBefore returns an error if the clock is behind the time of a received event.
func (c *checkup) notBefore(ctx context.Context) error {
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that were heard", Name: each.Text[pbx.MAC]}
	return pbxs.Do(ctx, c.records.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		heard, err := c.records.LastEvent(ctx, mac)
		if early := heard.Last.Sub(c.Now()); early > doctor.ClockMayBeOff {
			return each.Stop(doctor.Wrong("have this machine set its clock by NTP", "something was received of %s that is %s in the future", mac, early.Round(time.Second)))
		}
		return err
	})
}
