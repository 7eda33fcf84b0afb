package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Part is a part of raw/: the events of some kinds, days and PBXs.
type Part struct {
	Kinds       []pbx.Kind // empty: all
	First, Last pbx.Day    // UTC days of receipt, both included
	MAC         pbx.MAC    // empty: all PBXs
	// After is the name of an object: it and all before it are left out. Empty: none is.
	After string
}

// Lines reads the lines of the part, object by object, in the order of Names. It drops lines of other
// PBXs and days, and torn ones. An event may come twice, under one ID. What can't be read is an
// *each.Bad of its name. No event is missed while others merge, pack or erase objects.
func (p Part) Lines(ctx context.Context, b Bucket) iter.Seq2[Line, error] {
	r := newReading(ctx, b, p)
	return func(yield func(Line, error) bool) {
		for names := p.join(p.After, r.list); names != nil; names = r.more() {
			for name, err := range names {
				if err != nil {
					if !yield(Line{}, err) || !isBad(err) {
						return
					}
				} else if !r.object(name, yield) {
					return
				}
			}
		}
	}
}

// Loop is a loop over the objects of a part.
type Loop struct {
	AtOnce  int               // objects that are read concurrently
	Listed  func(name string) // is called with each name, in the order of Names; may be nil
	Skipped func(*each.Bad)   // is called for each object that is skipped; may be nil
}

// Read calls do for each object of the part, with its lines: those that Part.Lines yields. For an
// object that no longer exists, the lines are fs.ErrNotExist, and the error of do is ignored. At the
// end, Read calls do for the objects that have its events now. Read fails as each.Loop does.
func (p Part) Read(ctx context.Context, b Bucket, l Loop, do func(ctx context.Context, name string, lines iter.Seq2[Line, error]) error) error {
	r := newReading(ctx, b, p)
	objects := each.Loop[string]{Of: "archived objects", Name: each.Text[string], AtOnce: l.AtOnce, Skipped: l.Skipped, More: r.more}
	listed := each.Where(p.join(p.After, r.list), func(name string) bool {
		if l.Listed != nil {
			l.Listed(name)
		}
		return true
	})
	return objects.Do(ctx, listed, func(ctx context.Context, name string) error {
		err := do(ctx, name, p.lines(ctx, b, name))
		if r.end(name, err); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// Names yields the names of the objects that may have events of the part: by day, then by kind, then
// in the order of their bytes. An object that replaces others has a name after theirs.
func (p Part) Names(ctx context.Context, b Bucket) iter.Seq2[string, error] {
	return p.join(p.After, func(f folder, after string) iter.Seq2[string, error] {
		return each.Where(b.List(ctx, f.name, after), func(name string) bool { return p.has(f, name) })
	})
}

// join joins the names of the part's folders after a name, as list lists them.
func (p Part) join(after string, list func(f folder, after string) iter.Seq2[string, error]) iter.Seq2[string, error] {
	var parts []iter.Seq2[string, error]
	begun, _ := folderOf(after)
	for _, f := range p.folders(begun) {
		if f.name == begun {
			parts = append(parts, list(f, after))
		} else {
			parts = append(parts, list(f, ""))
		}
	}
	return each.Join(parts...)
}

// folder is a folder of a kind and day.
type folder struct {
	name string
	late bool // of the day after the part: only some lines of its Shared objects are of the part
}

// folders returns the folders of the part in their order, from one of them on; otherwise all. A
// delivery stream puts an event into the folder of the day on which it arrives there. So the day
// after the part is read, too.
func (p Part) folders(begun string) (all []folder) {
	kinds := p.Kinds
	if len(kinds) == 0 {
		kinds = pbx.Kinds()
	}
	for day := p.First; day <= p.Last+1; day++ {
		for _, kind := range kinds {
			all = append(all, folder{RawFolder(kind, day), day > p.Last})
		}
	}
	at := slices.IndexFunc(all, func(f folder) bool { return f.name == begun })
	return all[max(0, at):]
}

// has reports whether an object of a folder may have events of the part.
func (p Part) has(f folder, name string) bool {
	form, mac := FormOf(name)
	if form == Shared {
		return true
	}
	return !f.late && (p.MAC == "" || mac == p.MAC)
}

// lines yields the lines of an object that are of the part.
func (p Part) lines(ctx context.Context, b Bucket, name string) iter.Seq2[Line, error] {
	form, _ := FormOf(name)
	all := ReadLines(ctx, b, name)
	switch form {
	case Single:
		return all // written at once: none is torn
	case Shared:
		return each.Where(all, func(l Line) bool { return !l.Torn() && p.selects(l.Text) })
	}
	return each.Where(all, func(l Line) bool { return !l.Torn() })
}

// selects reports whether a line is of the part. One that is not an envelope is of every part of all
// PBXs.
func (p Part) selects(text []byte) bool {
	mac, received, ok := receiptOf(text)
	if !ok {
		return p.MAC == ""
	}
	day := pbx.UTCDay(received)
	return day >= p.First && day <= p.Last && (p.MAC == "" || mac == p.MAC)
}

// receiptOf returns the PBX and time of receipt of a line: by its beginning, if that is as Lines
// writes it, which is most of the work saved.
func receiptOf(text []byte) (mac pbx.MAC, received time.Time, ok bool) {
	const begin, macEnd, end = `{"id":"`, len(`{"id":"`) + 12, len(`{"id":"`) + 12 + 1 + 13
	if bytes.HasPrefix(text, []byte(begin)) && len(text) > end && text[macEnd] == '-' && text[end] == '-' {
		mac, macErr := pbx.ParseMAC(string(text[len(begin):macEnd]))
		at, err := strconv.ParseInt(string(text[macEnd+1:end]), 10, 64)
		if macErr == nil && err == nil {
			return mac, time.UnixMilli(at), true
		}
	}
	r, err := ParseReceipt(text)
	return r.MAC, r.Received, err == nil
}

// reading is the reading of a part. It lists a folder again where an object has vanished.
type reading struct {
	ctx    context.Context
	bucket Bucket
	part   Part
	seed   maphash.Seed

	mu      sync.Mutex
	folders map[string]*listed // that are being read, or to be listed again
}

// listed is what is known of a folder that was listed.
type listed struct {
	folder
	seen     map[uint64]bool // hashes of names
	pending  int             // names that are being read
	through  bool            // all names are listed
	vanished bool
}

func newReading(ctx context.Context, b Bucket, p Part) *reading {
	return &reading{ctx: ctx, bucket: b, part: p, seed: maphash.MakeSeed(), folders: map[string]*listed{}}
}

// list yields the names in a folder after a given one that were not seen before.
func (r *reading) list(f folder, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r.enter(f)
		unseen := func(name string) bool { return r.part.has(f, name) && r.begin(f, name) }
		for name, err := range each.Where(r.bucket.List(r.ctx, f.name, after), unseen) {
			if !yield(name, err) {
				return
			}
		}
		r.leave(f)
	}
}

func (r *reading) enter(f folder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.folders[f.name] == nil {
		r.folders[f.name] = &listed{folder: f, seen: map[uint64]bool{}}
	}
	r.folders[f.name].through, r.folders[f.name].vanished = false, false
}

// begin notes that an object is next, and reports whether it is new.
func (r *reading) begin(f folder, name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	hash, l := maphash.String(r.seed, name), r.folders[f.name]
	if l.seen[hash] {
		return false
	}
	l.seen[hash] = true
	l.pending++
	return true
}

// leave notes that a folder is listed.
func (r *reading) leave(f folder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.folders[f.name].through = true
	r.forget(f.name)
}

// end notes that an object was read, or why not.
func (r *reading) end(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	folder, _ := folderOf(name)
	l := r.folders[folder]
	l.pending--
	l.vanished = l.vanished || errors.Is(err, fs.ErrNotExist)
	r.forget(folder)
}

// forget forgets a folder all of whose objects were read.
func (r *reading) forget(name string) {
	if l := r.folders[name]; l.through && l.pending == 0 && !l.vanished {
		delete(r.folders, name)
	}
}

// more yields the new names of all folders from which an object has vanished; nil if there is no such
// folder.
func (r *reading) more() iter.Seq2[string, error] {
	r.mu.Lock()
	defer r.mu.Unlock()
	var again []iter.Seq2[string, error]
	begun, _ := folderOf(r.part.After)
	for _, name := range slices.Sorted(maps.Keys(r.folders)) {
		switch l := r.folders[name]; {
		case !l.vanished:
		case name == begun:
			again = append(again, r.list(l.folder, r.part.After))
		default:
			again = append(again, r.list(l.folder, ""))
		}
	}
	if len(again) == 0 {
		return nil
	}
	return each.Join(again...)
}

// object yields the lines of an object, and reports whether to go on.
func (r *reading) object(name string, yield func(Line, error) bool) (goOn bool) {
	for line, err := range r.part.lines(r.ctx, r.bucket, name) {
		if err == nil || isBad(err) {
			if !yield(line, err) {
				return false
			}
			continue
		}
		r.end(name, err)
		if errors.Is(err, fs.ErrNotExist) {
			return true
		}
		if ended := r.ctx.Err(); ended != nil {
			yield(Line{}, fmt.Errorf("read the archive: %w", ended))
			return false
		}
		return yield(Line{}, &each.Bad{Name: name, Err: err})
	}
	r.end(name, nil)
	return true
}
