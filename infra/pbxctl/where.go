package main

import (
	"context"
	"slices"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/local"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// The variables that say where the data is, if the flags don't.
const (
	stackVariable = "TRUNKLINE_STACK"
	dataVariable  = "TRUNKLINE_DATA"
)

// where is the place of records, archive and keys. A flag overrides a variable.
type where struct {
	Stack string `help:"CloudFormation stack of an environment on AWS, with region and credentials as for the AWS CLI; else $$TRUNKLINE_STACK." placeholder:"NAME"`
	Data  string `type:"path" help:"Data folder of pbxctl serve, which may be running; else $$TRUNKLINE_DATA." placeholder:"DIR"`
	// Hidden flags name a resource instead of the stack's own, such as a restored table.
	Table  string `hidden:"" help:"DynamoDB table, instead of the stack's." placeholder:"NAME"`
	Bucket string `hidden:"" help:"S3 bucket, instead of the stack's." placeholder:"NAME"`
	Secret string `hidden:"" help:"Secret of the fleet keys, instead of the stack's." placeholder:"ARN"`
}

// showing is the flag for the form of a command's results.
type showing struct {
	JSON bool `name:"json" help:"One JSON object per line."`
}

// locate completes the place from variables. It refuses two places, and none.
func (w *where) locate(p *program) error {
	if err := w.mayLocate(p); err != nil || *w != (where{}) {
		return err
	}
	return unclear("where is the data? Give --stack NAME or --data DIR, or set %s or %s", stackVariable, dataVariable)
}

// mayLocate is locate for commands that need no place.
func (w *where) mayLocate(p *program) error {
	onAWS := w.Stack+w.Table+w.Bucket+w.Secret != ""
	switch {
	case onAWS && w.Data != "":
		return unclear("--data is a folder of this machine, and --stack is on AWS: give one of them")
	case onAWS || w.Data != "":
		return nil
	case p.getenv(stackVariable) != "" && p.getenv(dataVariable) != "":
		return unclear("%s and %s are both set: give --stack NAME or --data DIR, or unset one of them", stackVariable, dataVariable)
	}
	w.Stack = p.getenv(stackVariable)
	return p.folderFromVariable(&w.Data)
}

// folderFromVariable sets a data folder from the variable. It adds the flag to the command line,
// which a server may get.
func (p *program) folderFromVariable(folder *string) (err error) {
	*folder, err = p.absolute(p.getenv(dataVariable))
	if err != nil || *folder == "" || p.args == nil {
		return err
	}
	p.args = withFlag(p.args, "--data="+*folder)
	return nil
}

// withFlag returns a command line with one more flag, before the arguments after --.
func withFlag(args []string, flag string) []string {
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	return slices.Insert(slices.Clone(args), end, flag)
}

// named returns what the flags name on AWS.
func (w where) named() stack.Site {
	return stack.Site{Stack: w.Stack, Table: w.Table, Bucket: w.Bucket, Secret: w.Secret}
}

// onAWS returns what a command uses on AWS. Flags override the stack's outputs.
func (w where) onAWS(ctx context.Context) (stack.Site, error) {
	return w.named().Find(ctx)
}

// readRecords calls use with the records, to read them.
func (w where) readRecords(p *program, use func(*store.Store) error) error {
	if w.Data == "" {
		return w.openOnAWS(p, func(at stack.Site) error { return p.recordsOnAWS(at, use) })
	}
	table, err := local.OpenRecords(p.ctx, w.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	return p.withRecords(table, use)
}

// writeRecords calls use with the records, to change single ones.
func (w where) writeRecords(p *program, use func(*store.Store) error) error {
	if w.Data == "" {
		return w.readRecords(p, use)
	}
	table, err := local.OpenTable(p.ctx, w.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	if err := p.trustClock(table, w.Data); err != nil {
		return err
	}
	return p.withRecords(table, use)
}

// readArchive calls use with the archive, to read it.
func (w where) readArchive(p *program, use func(archive.Bucket) error) error {
	if w.Data == "" {
		return w.openOnAWS(p, func(at stack.Site) error { return p.archiveOnAWS(at, use) })
	}
	bucket, err := local.OpenArchive(w.Data)
	if err != nil {
		return err
	}
	defer bucket.Close()
	return use(bucket)
}

// writeArchive calls use with the archive, to change it.
func (w where) writeArchive(p *program, use func(archive.Bucket) error) error {
	if w.Data == "" {
		return w.readArchive(p, use)
	}
	return w.changeFolder(p, func(d *local.Dir) error { return use(d.Bucket) })
}

// readBoth calls use with records and archive, to read them.
func (w where) readBoth(p *program, use func(*store.Store, archive.Bucket) error) error {
	if w.Data == "" {
		return w.openOnAWS(p, func(at stack.Site) error {
			return p.archiveOnAWS(at, func(b archive.Bucket) error {
				return p.recordsOnAWS(at, func(records *store.Store) error { return use(records, b) })
			})
		})
	}
	return w.readRecords(p, func(records *store.Store) error {
		return w.readArchive(p, func(b archive.Bucket) error { return use(records, b) })
	})
}

// writeBoth calls use with records and archive, to change them.
func (w where) writeBoth(p *program, use func(*store.Store, archive.Bucket) error) error {
	if w.Data == "" {
		return w.readBoth(p, use)
	}
	return w.changeFolder(p, func(d *local.Dir) error {
		return p.withRecords(d.Table, func(records *store.Store) error { return use(records, d.Bucket) })
	})
}

// changeFolder calls use with an existing data folder, to change it: see openFolder.
func (w where) changeFolder(p *program, use func(*local.Dir) error) error {
	there, err := local.OpenRecords(p.ctx, w.Data)
	if err != nil {
		return err
	}
	there.Close()
	return p.openFolder(w.Data, use)
}

// openOnAWS calls use with the resources on AWS.
func (w where) openOnAWS(p *program, use func(stack.Site) error) error {
	at, err := w.onAWS(p.ctx)
	if err != nil {
		return err
	}
	return use(at)
}

func (p *program) recordsOnAWS(at stack.Site, use func(*store.Store) error) error {
	if at.Table == "" {
		return unclear("where are the records? Give --stack NAME, or --table NAME as well")
	}
	table, err := stack.Table(p.ctx, at.Table)
	if err != nil {
		return err
	}
	return p.withRecords(table, use)
}

func (p *program) archiveOnAWS(at stack.Site, use func(archive.Bucket) error) error {
	if at.Bucket == "" {
		return unclear("where is the archive? Give --stack NAME, or --bucket NAME as well")
	}
	bucket, err := stack.Bucket(p.ctx, at.Bucket)
	if err != nil {
		return err
	}
	return use(bucket)
}

// signingKeys returns the keys that sign URLs: those of FLEET_KEYS, unless a secret on AWS is meant.
func (w where) signingKeys(p *program) (*token.Keyring, error) {
	fleetKeys := p.getenv("FLEET_KEYS")
	if w.Data == "" && (w.Stack != "" || w.Secret != "") {
		at, err := w.onAWS(p.ctx)
		if err != nil {
			return nil, err
		}
		return stack.Keyring(p.ctx, at.Secret)
	}
	if w.Data == "" && fleetKeys == "" {
		return nil, unclear("no key to sign with: give --stack NAME or --data DIR, or set FLEET_KEYS")
	}
	return local.ReadKeys(w.Data, fleetKeys)
}

// base returns the base of PBXs' URLs: the given one, else the stack's.
func (w where) base(p *program, said string) (string, error) {
	if said == "" && w.Stack != "" {
		at, err := w.onAWS(p.ctx)
		return at.URL, err
	}
	if said == "" {
		return "", unclear("where do PBXs reach Trunkline? Give --base URL (or --stack NAME, which has it)")
	}
	if err := token.CheckBase(said); err != nil {
		return "", unclear("--base: %w", err)
	}
	return said, nil
}

// urlFlags returns the flags by which `pbxctl device url` finds the same place.
func (w where) urlFlags() string {
	switch {
	case w.Data != "":
		return "--base URL --data " + w.Data
	case w.Stack != "":
		return "--stack " + w.Stack
	}
	return "--base URL --table " + w.Table + " --secret ARN"
}

// dataFolder is the flag for the data folder of a command.
type dataFolder struct {
	Data string `type:"path" help:"Data folder of pbxctl serve; else $$TRUNKLINE_DATA." placeholder:"DIR"`
}

// locate completes the folder from its variable. It refuses to go on without a folder.
func (f *dataFolder) locate(p *program) error {
	if f.Data != "" {
		return nil
	}
	if err := p.folderFromVariable(&f.Data); err != nil || f.Data != "" {
		return err
	}
	return unclear("where is the data folder? Give --data DIR, or set %s", dataVariable)
}
