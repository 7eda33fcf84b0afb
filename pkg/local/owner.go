package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"strings"
)

// ErrNotOwner says that a data folder belongs to another user.
var ErrNotOwner = errors.New("only its owner may use the data folder")

// owner is the user and the group that a file belongs to.
type owner struct{ uid, gid int }

// String is the owner's name, or #uid where it has none.
func (o owner) String() string {
	if u, err := user.LookupId(strconv.Itoa(o.uid)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(o.uid)
}

// sudo returns how to run a command as the owner.
func (o owner) sudo() string {
	name := o.String()
	if strings.HasPrefix(name, "#") {
		name = "'" + name + "'"
	}
	return "`sudo -u " + name + " pbxctl …`"
}

// ActAsOwner makes the whole program act as the owner of the data folder at path, if root runs
// it. It returns the owner's name, or nothing if nothing has changed. So all files that are made
// in the folder belong to the owner: keys, records, archive, and those that SQLite makes.
//
// Another user gets ErrNotOwner. A missing folder will belong to whoever makes it. A folder on a
// read-only medium may be read by anybody.
//
// Call it before anything in the folder is opened.
func ActAsOwner(path string) (name string, err error) {
	o, err := ownerOf(path)
	me := effective()
	switch {
	case err != nil && !errors.Is(err, fs.ErrPermission):
		return "", nil // opening it reports the error
	case err != nil:
		return "", fmt.Errorf("the data folder can't be used: %w: run this as its owner, by `sudo -u OWNER pbxctl …`", err)
	case o.uid == me.uid || readOnly(path):
		return "", nil
	case me.uid == 0:
		if err := become(o); err != nil {
			return "", fmt.Errorf("the data folder %s belongs to %s: run this as that user, by %s: %w", path, o, o.sudo(), err)
		}
		return o.String(), nil
	}
	return "", fmt.Errorf("the data folder %s belongs to %s, and you are %s: %w: run %s", path, o, me, ErrNotOwner, o.sudo())
}
