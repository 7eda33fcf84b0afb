// Package cache remembers values for a while, and only as many as its size. When it is full, it
// drops one value that is picked at random. A cache that drops the value that was used least
// recently would miss always where a fleet that is a little larger pushes in turn.
//
// It has no clock: callers say what time it is.
package cache

import (
	"sync"
	"time"
)

// Cache remembers values by their keys. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	size   int
	mu     sync.Mutex
	values map[K]value[V]
}

type value[V any] struct {
	value V
	until time.Time
}

// New makes a cache of at most size values, which is 1 or more.
func New[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{size: size, values: map[K]value[V]{}}
}

// Get returns the value of a key, and reports whether it is remembered and not over by now.
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

// Put remembers a value until a time.
func (c *Cache[K, V]) Put(key K, v V, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.values[key]; !known && len(c.values) >= c.size {
		c.dropAny()
	}
	c.values[key] = value[V]{v, until}
}

// dropAny drops one value: a map's loop begins at a random one.
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
