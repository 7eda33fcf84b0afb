package token

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// kept is the place that the keys of a source are read from.
type kept struct {
	*Source
	t      *testing.T
	stored *Keyring
	reads  int
	broken error
	hangs  bool
}

func keptKeys(t *testing.T, keys string) *kept {
	k := &kept{t: t, stored: parse(t, keys)}
	k.Source = &Source{Refresh: time.Minute, Now: time.Now, Read: func(ctx context.Context) (*Keyring, error) {
		k.reads++
		if k.hangs {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return k.stored, k.broken
	}}
	return k
}

// opens reports whether a token is valid, and checks how often keys were read by then.
func (k *kept) opens(text string, reads int) bool {
	k.t.Helper()
	_, err := k.Verify(k.t.Context(), mac, text)
	if err != nil && !errors.Is(err, ErrInvalid) {
		k.t.Error(err)
	}
	if k.reads != reads {
		k.t.Errorf("%d reads, want %d", k.reads, reads)
	}
	return err == nil
}

func TestANewKeyIsAcceptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keptKeys(t, "k1:"+first)
		old := k.stored.Sign(mac, 1).Reveal()
		for range 2 {
			if !k.opens(old, 1) {
				t.Error("the only key does not open")
			}
		}
		k.stored = parse(t, "k2:"+second+",k1:"+first)
		fresh := k.stored.Sign(mac, 1).Reveal()
		for _, text := range []string{fresh, old, fresh} {
			if !k.opens(text, 2) {
				t.Error("one of two keys does not open")
			}
		}
	})
}

func TestStrangersCauseOneReadOfKeysAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keptKeys(t, "k1:"+first)
		stranger := "k9" + k.stored.Sign(mac, 1).Reveal()[2:]
		for range 3 {
			if k.opens(stranger, 2) {
				t.Error("a stranger's key opens")
			}
		}
		k.stored = parse(t, "k2:"+second+",k1:"+first)
		fresh := k.stored.Sign(mac, 1).Reveal()
		time.Sleep(time.Minute - 1)
		if k.opens(fresh, 2) {
			t.Error("keys are read more than once a minute")
		}
		time.Sleep(time.Nanosecond)
		if !k.opens(fresh, 3) {
			t.Error("the new key does not open after a minute")
		}
	})
}

func TestARetiredKeyIsRefusedAfterFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keptKeys(t, "k2:"+second+",k1:"+first)
		old, fresh := parse(t, "k1:"+first).Sign(mac, 1).Reveal(), k.stored.Sign(mac, 1).Reveal()
		k.opens(old, 1)
		k.stored = parse(t, "k2:"+second)
		time.Sleep(KeptFor - 1)
		if !k.opens(fresh, 1) {
			t.Error("the key that stays does not open")
		}
		time.Sleep(time.Nanosecond)
		if k.opens(old, 3) { // two: one for keys that are old, one for a key that they lack
			t.Errorf("it opens after %s", KeptFor)
		}
		if !k.opens(fresh, 3) {
			t.Error("the key that stays does not open")
		}
	})
}

func TestKeysStayInUseWhileTheyCannotBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keptKeys(t, "k1:"+first)
		text := k.stored.Sign(mac, 1).Reveal()
		k.opens(text, 1)
		k.hangs = true
		time.Sleep(KeptFor)
		began := time.Now()
		if !k.opens(text, 2) || time.Since(began) != rereadWithin {
			t.Errorf("a PBX waits for %s", time.Since(began))
		}
		if !k.opens(text, 2) {
			t.Error("it does not open the second time")
		}
		k.hangs, k.broken = false, errors.New("no network")
		time.Sleep(k.Refresh)
		if !k.opens(text, 3) {
			t.Error("it does not open while keys can't be read")
		}
		k.broken = nil
		time.Sleep(k.Refresh)
		for range 2 {
			if !k.opens(text, 4) {
				t.Error("it does not open once they can")
			}
		}
	})
}
