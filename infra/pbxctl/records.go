package main

import (
	"errors"
	"fmt"

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
	MAC string `required:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	place
}

// day is the day that a command is asked for.
type day struct {
	Day string `help:"Only what began on this day by the PBX's clock, such as 2018-11-05." placeholder:"DAY"`
}

// span is the time of that day, or all time.
func (d day) span() (store.Span, error) {
	if d.Day == "" {
		return store.Span{}, nil
	}
	parsed, err := pbx.ParseDay(d.Day)
	if err != nil {
		return store.Span{}, fmt.Errorf("--day: %w", err)
	}
	return store.Days(parsed, parsed), nil
}

// read calls use with the records, and the PBX's MAC.
func (s source) read(p *program, use func(*store.Store, pbx.MAC) error) error {
	mac, err := pbx.ParseMAC(s.MAC)
	if err != nil {
		return fmt.Errorf("--mac: %w", err)
	}
	return s.open(p, func(s *store.Store) error { return use(s, mac) })
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
		return use(store.New(table, p.now))
	}
	table, err := local.OpenRecords(p.ctx, s.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	return use(store.New(table, p.now))
}
