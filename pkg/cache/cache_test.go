package cache_test

import (
	"sync"
	"testing"
	"time"

	"trunkline/pkg/cache"
)

var noon = time.Date(2026, 11, 8, 12, 0, 0, 0, time.UTC)

func TestAValueIsRememberedUntilItsTime(t *testing.T) {
	c := cache.New[string, int](10)
	c.Put("a", 1, noon)
	if v, ok := c.Get("a", noon.Add(-1)); v != 1 || !ok {
		t.Errorf("before its time: %d, %t", v, ok)
	}
	if v, ok := c.Get("a", noon); v != 0 || ok {
		t.Errorf("at its time: %d, %t", v, ok)
	}
	c.Put("a", 2, noon.Add(time.Hour))
	if v, ok := c.Get("a", noon); v != 2 || !ok {
		t.Errorf("when it was put again: %d, %t", v, ok)
	}
}

func TestWhatWasDroppedIsForgotten(t *testing.T) {
	for name, drop := range map[string]func(*cache.Cache[string, int]){
		"alone":    func(c *cache.Cache[string, int]) { c.Drop("a") },
		"with all": func(c *cache.Cache[string, int]) { c.Clear() },
	} {
		c := cache.New[string, int](10)
		c.Put("a", 1, noon)
		c.Put("b", 1, noon)
		drop(c)
		if _, ok := c.Get("a", time.Time{}); ok {
			t.Errorf("%s: it is remembered", name)
		}
		if _, ok := c.Get("b", time.Time{}); ok == (name == "with all") {
			t.Errorf("%s: another one is remembered: %t", name, ok)
		}
	}
}

// If a fleet has one PBX more than the cache has room for, few values are lost, in whatever order the PBXs
// push.
func TestAFleetThatIsALittleTooLargeIsRemembered(t *testing.T) {
	const size = 10_000
	c := cache.New[int, int](size)
	missed := 0
	for range 4 {
		missed = 0
		for key := range size + 1 {
			if _, ok := c.Get(key, time.Time{}); !ok {
				missed++
				c.Put(key, key, noon)
			}
		}
	}
	if missed == 0 || missed > size/100 {
		t.Errorf("%d of %d values were missed", missed, size+1)
	}
}

func TestOnlyAsManyAreRememberedAsItsSize(t *testing.T) {
	c := cache.New[int, int](10)
	for key := range 1000 {
		c.Put(key, key, noon)
		c.Put(key, key, noon) // the same key again takes no room
	}
	there := 0
	for key := range 1000 {
		if v, ok := c.Get(key, time.Time{}); ok && v == key {
			there++
		}
	}
	if there != 10 {
		t.Errorf("%d are remembered", there)
	}
	if _, ok := c.Get(999, time.Time{}); !ok {
		t.Error("the last one is not")
	}
}

func TestACacheIsUsedByManyAtOnce(t *testing.T) {
	c := cache.New[int, int](10)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for key := range 100 {
				c.Put(key, key, noon)
				if v, ok := c.Get(key, time.Time{}); ok && v != key {
					t.Errorf("%d is %d", key, v)
				}
				c.Drop(key + i)
			}
		})
	}
	all.Wait()
}
