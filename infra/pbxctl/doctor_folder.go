package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// leastFree is the free disk space below which a folder is in danger.
const leastFree = 1 << 30

// folder checks a data folder, and the server of it where its URL is given.
func (d *checkup) folder(path, url string) {
	if !d.check("folder", func(context.Context) (string, error) { return path, writable(path) }) {
		return
	}
	d.check("disk", func(context.Context) (string, error) {
		free, err := freeSpace(path)
		if err == nil {
			err = enough(free)
		}
		return fmt.Sprintf("%d GiB are free", free>>30), err
	})
	var w witness
	if table, err := local.OpenTable(d.p.ctx, path); err == nil {
		defer table.Close()
		w.table = table
	}
	d.check("records", func(ctx context.Context) (string, error) { return "the file is whole", wholeRecords(ctx, path) })
	bucket, err := local.OpenArchive(path)
	if err == nil {
		defer bucket.Close()
		w.bucket = bucket
		w.remove = func(_ context.Context, name string) error {
			return os.Remove(filepath.Join(local.ArchivePath(path), filepath.FromSlash(name)))
		}
	}
	d.check("archive folder", func(context.Context) (string, error) {
		err := writable(local.ArchivePath(path))
		if err == nil && bucket != nil {
			err = bucket.CheckLinks()
		}
		return local.ArchivePath(path), err
	})
	if w.bucket != nil {
		d.quarantine(w.bucket)
	}
	keys := d.keys(func(context.Context) (*token.Keyring, error) { return localKeys(path, d.p.getenv("FLEET_KEYS")) })
	d.check("owners", func(context.Context) (string, error) {
		return "all files are the owner's, for the owner alone", owners(path)
	})
	if w.table != nil {
		d.unreadable(store.New(w.table, d.p.now))
		d.check("clock", func(ctx context.Context) (string, error) {
			err := d.notBefore(ctx, store.New(w.table, d.p.now))
			if err == nil {
				err = d.trusted(w.table, path)
			}
			return "it is later than all that was received", err
		})
		d.check("hourly run", func(ctx context.Context) (string, error) {
			return d.lastRun(ctx, store.New(w.table, d.p.now))
		})
	}
	if url != "" {
		d.door(url, keys, w)
	}
}

func enough(free uint64) error {
	if free < leastFree {
		return wrong("make room, or move the folder to another disk", "only %d MiB are free", free>>20)
	}
	return nil
}

// writable tells whether a folder is there, for its owner alone, and files can be made in it.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wrong("give the right one, or make it with `pbxctl serve --data`", "%s is not there", path)
	case err != nil:
		return wrong("run this as the user that pbxctl serve runs as", "%v", err)
	case !info.IsDir():
		return wrong("give the right one", "%s is no folder", path)
	case info.Mode().Perm()&0o077 != 0:
		return wrong("run `chmod go= "+path+"`", "other users may read or write %s", path)
	}
	f, err := os.CreateTemp(path, "~doctor-*")
	if err != nil {
		return wrong("run this as the user that pbxctl serve runs as, and on a disk that is neither full nor read-only", "%v", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func wholeRecords(ctx context.Context, path string) error {
	table, err := local.OpenRecords(ctx, path)
	if err == nil {
		defer table.Close()
		err = table.Check(ctx)
	}
	if err != nil {
		return wrong("stop pbxctl serve, put records.db aside, and make it anew with `pbxctl replay`", "the records can't be read whole: %v", err)
	}
	return nil
}

// localKeys are the fleet keys of a data folder, if they are for its owner alone.
func localKeys(path, fleetKeys string) (*token.Keyring, error) {
	keys, err := local.ReadKeys(path, fleetKeys)
	if err != nil {
		return nil, wrong("put the file fleet-keys back from its copy, or give the keys in FLEET_KEYS", "%v", err)
	}
	if fleetKeys != "" {
		return keys, nil
	}
	file := local.KeysPath(path)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, wrong("run `chmod 600 "+file+"`", "other users may read the fleet keys")
	}
	if copies := local.Copies(path); len(copies) > 0 {
		return nil, wrong("move it elsewhere, or remove it: a key that is retired may be in it", "%s may be a copy of the fleet keys", filepath.Join(path, copies[0]))
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
	return wrong("run `sudo chown -R --reference="+path+" "+path+"` and `sudo chmod -R go= "+path+"`", "%s", strings.Join(names, ", "))
}

// trusted looks whether the clock of this machine can be right.
func (d *checkup) trusted(t store.Table, path string) error {
	clock, err := d.p.openClock(t)
	if err != nil {
		return err
	}
	if doubt, doubted := clock.Doubt(); doubted {
		return wrong(whatToDo(path), "%s", doubt)
	}
	return nil
}

// lastRun looks whether the last hourly run was complete.
func (d *checkup) lastRun(ctx context.Context, s *store.Store) (string, error) {
	run, ran, err := s.LastHourlyRun(ctx)
	if err != nil || !ran {
		return "there was none yet", err
	}
	ended := run.Ended.UTC().Format(time.RFC3339)
	if !run.Complete {
		return "", wrong("look at the log of pbxctl serve, which tries it again every hour",
			"the last one, which ended at %s, was incomplete: %s", ended, run.Error)
	}
	return "the last one was complete, and ended at " + ended, nil
}

// notBefore tells whether the clock shows a time after all that was received.
func (d *checkup) notBefore(ctx context.Context, s *store.Store) error {
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that were heard", Name: each.Text[pbx.MAC]}
	return pbxs.Do(ctx, s.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		heard, err := s.Heard(ctx, mac)
		if early := heard.Last.Sub(d.p.now()); early > clockMayBeOff {
			return each.Stop(wrong("have this machine set its clock by NTP", "something was received of %s that is %s in the future", mac, early.Round(time.Second)))
		}
		return err
	})
}
