package dir

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
)

// aside is the folder of files that are being written. It is not a valid name of an object.
const aside = "~writing"

// Bucket is an archive.Bucket in a folder. Unlike S3, it can't hold both an object a and an object
// a/b, nor a name with a segment of more than 255 bytes.
type Bucket struct {
	root   *os.Root
	synced sync.Map // folders whose names are known to be on disk
	mu     sync.Mutex
	locks  map[string]*nameLock // by the names of objects that are being changed
}

// nameLock is the lock of one name. It exists as long as a caller has it or waits for it.
type nameLock struct {
	sync.Mutex
	users int
}

// Open opens the folder at path for reading and writing, and makes it if it is missing. Only one
// program at a time may open it for writing.
func Open(path string) (*Bucket, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the archive: %w", err)
	}
	if err := syncAround(path); err != nil {
		return nil, fmt.Errorf("make the archive: %w", err)
	}
	b, err := OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	if err := b.CheckLinks(); err != nil {
		return nil, errors.Join(fmt.Errorf("the archive %s can't be used: %w", path, err), b.Close())
	}
	if err := b.emptyAside(); err != nil {
		return nil, errors.Join(fmt.Errorf("the archive %s can't be written: %w", path, err), b.Close())
	}
	return b, nil
}

// emptyAside makes an empty folder of temporary files. It removes an earlier one.
func (b *Bucket) emptyAside() error {
	if err := b.root.RemoveAll(aside); err != nil {
		return err
	}
	return b.root.Mkdir(aside, 0o700)
}

// syncAround syncs the parents of a folder, so that its path is on disk: the program that made it
// may have been killed before that. Parents that it may not read, or that can't be synced, are left
// out: this program has not made them.
func syncAround(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return err
	}
	for folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		err := syncFolder(os.Open(folder))
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EINVAL) {
			return err
		}
	}
	return nil
}

// syncFolder syncs an open folder, so that the names in it are on disk, and closes it.
func syncFolder(folder *os.File, err error) error {
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// OpenReadOnly opens the folder at path for reading, also while another program writes to it. If
// the folder is missing, the error is fs.ErrNotExist.
func OpenReadOnly(path string) (*Bucket, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	return &Bucket{root: root, locks: map[string]*nameLock{}}, nil
}

// Close closes the folder.
func (b *Bucket) Close() error { return b.root.Close() }

// Put implements archive.Bucket.
func (b *Bucket) Put(ctx context.Context, name string, body []byte) error {
	return b.put(ctx, name, body, func() error { return nil })
}

// Replace implements archive.Bucket.
func (b *Bucket) Replace(ctx context.Context, name string, body []byte, tag string) error {
	return b.put(ctx, name, body, func() error {
		now, err := b.tag(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if now != tag {
			return archive.ErrChanged
		}
		return nil
	})
}

// put puts an object, unless check returns an error just before the file gets its name.
func (b *Bucket) put(ctx context.Context, name string, body []byte, check func() error) error {
	return b.stream(ctx, name, check, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// Stream is Put of what write writes.
func (b *Bucket) Stream(ctx context.Context, name string, write func(io.Writer) error) error {
	return b.stream(ctx, name, func() error { return nil }, write)
}

func (b *Bucket) stream(ctx context.Context, name string, check func() error, write func(io.Writer) error) error {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return fmt.Errorf("put object: %w", err)
	}
	temporary := path.Join(aside, rand.Text())
	if err := b.writeAs(temporary, name, check, write); err != nil {
		b.root.Remove(temporary) // if this fails, the next Open removes it
		if errors.Is(err, fs.ErrNotExist) {
			b.synced.Clear() // a folder was removed: the next Put makes it again
		}
		return fmt.Errorf("put object %s: %w", name, err)
	}
	if err := b.sync(path.Dir(name)); err != nil {
		return fmt.Errorf("put object %s: %w", name, err)
	}
	return nil
}

// writeAs writes a temporary file, and renames it.
func (b *Bucket) writeAs(temporary, name string, check func() error, write func(io.Writer) error) error {
	if err := b.write(temporary, write); err != nil {
		return err
	}
	return b.rename(temporary, name, check)
}

// rename renames a temporary file to the name of its object, unless check returns an error.
func (b *Bucket) rename(temporary, name string, check func() error) error {
	if err := b.makeFolder(path.Dir(name)); err != nil {
		return err
	}
	if err := b.checkFolders(name); err != nil {
		return err
	}
	defer b.lock(name)()
	if err := check(); err != nil {
		return err
	}
	return b.root.Rename(temporary, name)
}

// lock locks a name, so that only the caller changes its object. Callers of other names don't wait.
func (b *Bucket) lock(name string) (unlock func()) {
	b.mu.Lock()
	l := b.locks[name]
	if l == nil {
		l = &nameLock{}
		b.locks[name] = l
	}
	l.users++
	b.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		b.mu.Lock()
		defer b.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(b.locks, name)
		}
	}
}

// Tag implements archive.Bucket.
func (b *Bucket) Tag(ctx context.Context, name string) (string, error) {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return "", fmt.Errorf("tag of object: %w", err)
	}
	tag, err := b.tag(name)
	if err != nil {
		return "", fmt.Errorf("tag of object %s: %w", name, err)
	}
	return tag, nil
}

func (b *Bucket) tag(name string) (string, error) {
	sum := sha256.New()
	err := b.open(name, func(f *os.File) error {
		_, err := io.Copy(sum, f)
		return err
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// write writes a file and syncs it. The name of the file may not be on disk yet.
func (b *Bucket) write(name string, write func(io.Writer) error) error {
	f, err := b.create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// create makes an empty file. It follows no link, since nothing may have the name.
func (b *Bucket) create(name string) (*os.File, error) {
	return b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Create makes an empty object that grows. No object may have its name, which is on disk when Create
// returns nil.
func (b *Bucket) Create(ctx context.Context, name string) (archive.File, error) {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return nil, fmt.Errorf("create object: %w", err)
	}
	f, err := b.createObject(name)
	if errors.Is(err, fs.ErrNotExist) {
		b.synced.Clear() // a folder was removed: the next Create makes it again
	}
	if err != nil {
		return nil, fmt.Errorf("create object %s: %w", name, err)
	}
	if err := b.sync(path.Dir(name)); err != nil {
		return nil, errors.Join(fmt.Errorf("create object %s: %w", name, err), f.Close())
	}
	return f, nil
}

func (b *Bucket) createObject(name string) (*os.File, error) {
	if err := b.makeFolder(path.Dir(name)); err != nil {
		return nil, err
	}
	if err := b.checkFolders(name); err != nil {
		return nil, err
	}
	defer b.lock(name)()
	return b.create(name)
}

// makeFolder makes a folder and its parents, and syncs them. Another writer may have made a folder
// that exists just now. So it is trusted only after its parent was synced.
func (b *Bucket) makeFolder(name string) error {
	if _, ok := b.synced.Load(name); ok || name == "." {
		return nil
	}
	if err := b.makeFolder(path.Dir(name)); err != nil {
		return err
	}
	if err := b.checkFolders(name); err != nil {
		return err
	}
	if err := b.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := b.sync(path.Dir(name)); err != nil {
		return err
	}
	b.synced.Store(name, true)
	return nil
}

// sync syncs a folder, so that the names in it are on disk.
func (b *Bucket) sync(folder string) error {
	return syncFolder(b.root.Open(folder))
}

// Get implements archive.Bucket.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return nil, fmt.Errorf("get object: %w", err)
	}
	body, err := b.read(name)
	if err != nil {
		return nil, fmt.Errorf("get object %s: %w", name, err)
	}
	return body, nil
}

// Open implements archive.Bucket.
func (b *Bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return nil, fmt.Errorf("open object: %w", err)
	}
	f, err := b.openFile(name)
	if noObject(err) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", name, err)
	}
	return opened{archive.Within(ctx, f), f}, nil
}

// opened is a file that is read until a context ends.
type opened struct {
	io.Reader
	io.Closer
}

func (b *Bucket) read(name string) (body []byte, err error) {
	err = b.open(name, func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		body = make([]byte, info.Size()) // a file only grows, if at all: another file replaces it
		_, err = io.ReadFull(f, body)
		return err
	})
	return body, err
}

// open calls use with an object's file. If the object does not exist, the error is fs.ErrNotExist.
// All reads go through open, which refuses links, FIFOs and devices before it opens them.
func (b *Bucket) open(name string, use func(*os.File) error) error {
	f, err := b.openFile(name)
	if noObject(err) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	return errors.Join(use(f), f.Close())
}

func (b *Bucket) openFile(name string) (*os.File, error) {
	if err := b.checkObject(name); err != nil {
		return nil, err
	}
	return b.root.Open(name)
}

// noObject reports whether an error means that no object has the name. A parent of the name may be
// an object, the name may be a folder, or it may be too long for a file system.
func noObject(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) ||
		errors.Is(err, syscall.ENAMETOOLONG)
}

// Delete implements archive.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := errors.Join(archive.CheckName(name), ctx.Err()); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	if err := b.remove(name); err != nil && !noObject(err) {
		return fmt.Errorf("delete object %s: %w", name, err)
	}
	// An earlier Delete may have been killed before it synced the folder.
	if err := b.sync(path.Dir(name)); err != nil && !noObject(err) {
		return fmt.Errorf("delete object %s: %w", name, err)
	}
	return nil
}

// remove removes an object.
func (b *Bucket) remove(name string) error {
	defer b.lock(name)()
	if err := b.checkFolders(name); err != nil {
		return err
	}
	info, err := b.root.Lstat(name)
	if err != nil || info.IsDir() {
		return err
	}
	return b.root.Remove(name)
}

// List implements archive.Bucket.
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		b.walk(ctx, ".", prefix, after, yield)
	}
}

// walk yields the names below a folder, and reports whether to go on.
func (b *Bucket) walk(ctx context.Context, folder, prefix, after string, yield func(string, error) bool) bool {
	entries, err := b.entries(ctx, folder)
	if err != nil && folder != "." && ctx.Err() == nil {
		return yield("", &each.Bad{Name: folder, Err: err})
	}
	if err != nil {
		yield("", fmt.Errorf("list objects: %w", err))
		return false
	}
	for _, e := range entries {
		if !e.within(prefix, after) {
			continue
		}
		if e.IsDir() {
			if !b.walk(ctx, e.path, prefix, after, yield) {
				return false
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			yield("", fmt.Errorf("list objects: %w", err))
			return false
		}
		if err := isObject(e.Type()); err != nil {
			if !yield("", &each.Bad{Name: e.path, Err: err}) {
				return false
			}
		} else if !yield(e.path, nil) {
			return false
		}
	}
	return true
}

// entry is a file, a folder or another thing in a folder.
type entry struct {
	fs.DirEntry
	path string // relative to the archive's folder
}

// name returns the name by which an entry is sorted among all objects. The name of a folder ends in
// a slash, which sorts after . and -.
func (e entry) name() string {
	if e.IsDir() {
		return e.path + "/"
	}
	return e.path
}

// within reports whether an entry, or an entry below it, begins with prefix and sorts after the
// name after. A link counts as a folder, too, since it may replace one.
func (e entry) within(prefix, after string) bool {
	object := strings.HasPrefix(e.path, prefix) && e.path > after
	folder := e.path + "/"
	below := (strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder)) && (after < folder || strings.HasPrefix(after, folder))
	switch {
	case e.IsDir():
		return below
	case e.Type().IsRegular():
		return object
	}
	return object || below
}

// entries returns the sorted entries of a folder that have valid names of objects.
func (b *Bucket) entries(ctx context.Context, folder string) (found []entry, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := fs.ReadDir(b.root.FS(), folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range all {
		if name := path.Join(folder, e.Name()); archive.CheckName(name) == nil {
			found = append(found, entry{e, name})
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.name(), b.name()) })
	return found, err
}
