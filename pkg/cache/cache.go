// Package cache keeps values for a while, and at most as many as its size. If it is full, it drops a random
// value. If it dropped the least recently used value, a slightly larger fleet that pushes in a fixed order
// would always miss.
//
// It has no clock: callers pass the time.
package cache

import (
	"sync"
	"time"
)

// Cache keeps values by their keys. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	size   int
	mu     sync.Mutex
	values map[K]value[V]
}

type value[V any] struct {
	value V
	until time.Time
}

// New returns a cache of at most size values. size is 1 or more.
func New[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{size: size, values: map[K]value[V]{}}
}

// Get returns the value of a key. It reports whether the cache has the value and it has not expired.
func (c *Cache[K, V]) Get(key K, now time.Time) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.values[key]
	if !ok || !now.Before(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}

// Put keeps a value until a time.
func (c *Cache[K, V]) Put(key K, v V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.values[key]; !known && len(c.values) >= c.size {
		c.dropAny()
	}
	c.values[key] = value[V]{v, until}
}

// dropAny drops a random value: the loop over a map starts at a random one.
func (c *Cache[K, V]) dropAny() {
	for key := range c.values {
		delete(c.values, key)
		return
	}
}

// Drop drops the value of a key.
func (c *Cache[K, V]) Drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.values, key)
}

// Clear drops all values.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.values)
}
