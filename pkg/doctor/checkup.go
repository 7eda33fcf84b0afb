package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Checkup runs checks, and reports what each of them finds.
type Checkup struct {
	// Report is called with the result of each check, in their order.
	Report func(Result)
	Now    func() time.Time

	made, failed int
}

// Result is what a check found. Its texts may hold what others wrote.
type Result struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"` // empty where OK
}

// Fault is an error that says what is wrong, and what to do about it.
type Fault struct{ Found, Do string }

// Error implements error.
func (f Fault) Error() string { return f.Found + ": " + f.Do }

// Wrong makes a Fault: what to do, and the format and arguments of what was found.
func Wrong(do, found string, args ...any) error { return Fault{fmt.Sprintf(found, args...), do} }

// checkWithin is how long one check may take.
const checkWithin = 20 * time.Second

// Check runs one check, reports its result, and returns whether all is well. It has 20
// seconds. After ctx has ended it does nothing, and returns false.
func (c *Checkup) Check(ctx context.Context, name string, look func(context.Context) (found string, err error)) bool {
	if ctx.Err() != nil {
		return false
	}
	inTime, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	found, err := look(inTime)
	v := Result{Check: name, OK: err == nil, Found: found}
	if err != nil {
		f, ok := errors.AsType[Fault](err)
		if !ok {
			f = Fault{err.Error(), "put that right, and run this again"}
		}
		v.Found, v.Do = f.Found, f.Do
		c.failed++
	}
	c.made++
	c.Report(v)
	return v.OK
}

// Err says how many of the checks failed; nil where none did.
func (c *Checkup) Err() error {
	if c.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d checks failed", c.failed, c.made)
}

// ClockMayBeOff is how far a clock may be from another one: HTTP tells whole seconds, and
// an answer takes its time.
const ClockMayBeOff = 30 * time.Second

// Clock checks this machine's clock against another one, which is named by its owner, such as
// "the server's".
func (c *Checkup) Clock(ctx context.Context, check, whose string, theirs time.Time) {
	c.Check(ctx, check, func(context.Context) (string, error) {
		off := c.Now().Sub(theirs).Round(time.Second)
		if off.Abs() > ClockMayBeOff {
			return "", Wrong("have both machines set their clocks by NTP", "this machine's clock is %s off %s", off, whose)
		}
		return fmt.Sprintf("within %s of %s", ClockMayBeOff, whose), nil
	})
}
