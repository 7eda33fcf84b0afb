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

// Result is what a check found. Its texts may contain what others wrote.
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

// Check runs one check for at most 20 seconds. It reports the result, and returns whether all is
// well. After ctx has ended it does nothing, and returns false.
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
			f = Fault{err.Error(), "correct that, and run this again"}
		}
		v.Found, v.Do = f.Found, f.Do
		c.failed++
	}
	c.made++
	c.Report(v)
	return v.OK
}

// Err returns an error with the number of failed checks, or nil if none failed.
func (c *Checkup) Err() error {
	if c.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d checks failed", c.failed, c.made)
}

// ClockMayBeOff is how far two clocks may differ. HTTP has whole seconds only, and an answer
// takes time.
const ClockMayBeOff = 30 * time.Second

// Clock compares this machine's clock with another one. whose says whose clock that is, such as
// "the server's".
func (c *Checkup) Clock(ctx context.Context, check, whose string, theirs time.Time) {
	c.Check(ctx, check, func(context.Context) (string, error) {
		off := c.Now().Sub(theirs).Round(time.Second)
		if off.Abs() > ClockMayBeOff {
			return "", Wrong("have both machines set their clocks by NTP", "this machine's clock differs by %s from %s", off, whose)
		}
		return fmt.Sprintf("within %s of %s", ClockMayBeOff, whose), nil
	})
}
