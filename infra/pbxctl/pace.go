package main

import (
	"context"
	"sync"
	"time"
)

// pace spreads events evenly over time.
type pace struct {
	each time.Duration
	mu   sync.Mutex
	next time.Time
}

func newPace(perSecond float64) *pace {
	if perSecond == 0 {
		return &pace{}
	}
	return &pace{each: time.Duration(float64(time.Second) / perSecond)}
}

// wait waits until so many events may be made.
func (p *pace) wait(ctx context.Context, events int) error {
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	at := p.next
	p.next = at.Add(time.Duration(events) * p.each)
	p.mu.Unlock()
	return sleep(ctx, at.Sub(now))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
