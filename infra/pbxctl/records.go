package main

import (
	"errors"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// place is where a command finds records.
type place struct {
	Data  string `xor:"source" type:"path" help:"Data folder of pbxctl serve, which may be running." placeholder:"DIR"`
	Table string `xor:"source" help:"DynamoDB table, with region and credentials as for the AWS CLI." placeholder:"NAME"`
	JSON  bool   `name:"json" help:"One JSON object per line."`
}

// source is where a command finds records, and of which PBX.
type source struct {
	MAC pbx.MAC `required:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	place
}

// records are those of a table, which are kept as long as RECORD_DAYS says.
func (p *program) records(t store.Table) (*store.Store, error) {
	days, err := config.ReadRecordDays(p.getenv)
	return store.New(t, p.now).Keeping(days), err
}

// withRecords calls use with the records of a table.
func (p *program) withRecords(t store.Table, use func(*store.Store) error) error {
	records, err := p.records(t)
	if err != nil {
		return err
	}
	return use(records)
}

// day is the day that a command is asked for.
type day struct {
	Day pbx.Day `help:"Only what began on this day by the PBX's clock, such as 2018-11-05." placeholder:"DAY"`
}

// span is the time of that day, or all time.
func (d day) span() store.Span {
	if d.Day == 0 {
		return store.Span{}
	}
	return store.Days(d.Day, d.Day)
}

// open calls use with the records, to read them.
func (s place) open(p *program, use func(*store.Store) error) error {
	if s.Table == "" && s.Data == "" {
		return errors.New("where are the records? Give --data DIR or --table NAME")
	}
	if s.Table != "" {
		table, err := openDynamoDB(p.ctx, s.Table)
		if err != nil {
			return err
		}
		return p.withRecords(table, use)
	}
	table, err := local.OpenRecords(p.ctx, s.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	return p.withRecords(table, use)
}

// openOne calls use with the records, to read those of the PBX, and with its zone.
func (s source) openOne(p *program, use func(*store.Store, pbx.Zone) error) error {
	return s.open(p, func(records *store.Store) error {
		m, err := memberOf(p.ctx, records, s.MAC)
		if err != nil {
			return err
		}
		zone, err := p.zoneOf(m)
		if err != nil {
			return err
		}
		return use(records, zone)
	})
}

// stores are where a command finds both records and archive.
type stores struct {
	Data   string `xor:"source" type:"path" help:"Data folder of pbxctl serve." placeholder:"DIR"`
	Table  string `xor:"source" and:"aws" help:"DynamoDB table, with region and credentials as for the AWS CLI." placeholder:"NAME"`
	Bucket string `and:"aws" help:"S3 bucket, with --table." placeholder:"NAME"`
	JSON   bool   `name:"json" help:"One JSON object per line."`
}

// read calls use with records and archive, to read them.
func (s stores) read(p *program, use func(*store.Store, archive.Bucket) error) error {
	if s.Data == "" && s.Table == "" {
		return errors.New("where are the records? Give --data DIR, or --table NAME and --bucket NAME")
	}
	return place{Data: s.Data, Table: s.Table}.open(p, func(records *store.Store) error {
		return vault{Data: s.Data, Bucket: s.Bucket}.read(p, func(b archive.Bucket) error { return use(records, b) })
	})
}

// write calls use with records and archive, to change them.
func (s stores) write(p *program, use func(*store.Store, archive.Bucket) error) error {
	if s.Data == "" {
		return s.read(p, use)
	}
	return openData(p, s.Data, func(d *local.Dir) error {
		return p.withRecords(d.Table, func(records *store.Store) error { return use(records, d.Bucket) })
	})
}

// vault is where a command finds the archive.
type vault struct {
	Data   string `xor:"source" type:"path" help:"Data folder of pbxctl serve." placeholder:"DIR"`
	Bucket string `xor:"source" help:"S3 bucket, with region and credentials as for the AWS CLI." placeholder:"NAME"`
}

// read calls use with the archive, to read it.
func (v vault) read(p *program, use func(archive.Bucket) error) error {
	if v.Data == "" && v.Bucket == "" {
		return errors.New("where is the archive? Give --data DIR or --bucket NAME")
	}
	if v.Bucket != "" {
		bucket, err := openS3(p.ctx, v.Bucket)
		if err != nil {
			return err
		}
		return use(bucket)
	}
	bucket, err := local.OpenArchive(v.Data)
	if err != nil {
		return err
	}
	defer bucket.Close()
	return use(bucket)
}

// write calls use with the archive, to change it.
func (v vault) write(p *program, use func(archive.Bucket) error) error {
	if v.Data == "" {
		return v.read(p, use)
	}
	return openData(p, v.Data, func(d *local.Dir) error { return use(d.Bucket) })
}

// openData calls use with a data folder that is there, to change it: see openFolder.
func openData(p *program, folder string, use func(*local.Dir) error) error {
	there, err := local.OpenRecords(p.ctx, folder)
	if err != nil {
		return err
	}
	there.Close()
	return p.openFolder(folder, use)
}
