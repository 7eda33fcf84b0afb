package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// writer is the one goroutine that writes. It takes whatever waits into one transaction.
type writer struct {
	db      *sql.DB
	queue   chan *write // handed over from one goroutine to the other: what is taken is answered
	closing chan struct{}
	running sync.WaitGroup
	close   func() error // ends the goroutine after the writes that it has taken
}

// write is one statement that changes items.
type write struct {
	ctx    context.Context
	sql    string
	args   []any
	answer chan outcome
}

// outcome is how many items a statement changed, or why it failed.
type outcome struct {
	rows int64
	err  error
}

// batchSize is how many writes share a transaction at most.
const batchSize = 256

var errClosed = errors.New("the file is closed")

func startWriter(db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan *write), closing: make(chan struct{})}
	w.close = sync.OnceValue(func() error {
		close(w.closing)
		w.running.Wait()
		return w.db.Close()
	})
	w.running.Go(w.run)
	return w
}

// do runs a statement, and returns after its commit. When ctx ends first, it may run all
// the same.
func (w *writer) do(ctx context.Context, sql string, args ...any) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	one := &write{ctx, sql, args, make(chan outcome, 1)}
	select {
	case w.queue <- one:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-w.closing:
		return 0, errClosed
	}
	select {
	case o := <-one.answer:
		return o.rows, o.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (w *writer) run() {
	for {
		select {
		case one := <-w.queue:
			w.commit(w.gather(one))
		case <-w.closing:
			return
		}
	}
}

// gather takes what else waits.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < batchSize {
		select {
		case one := <-w.queue:
			batch = append(batch, one)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one transaction, and answers when it is on disk.
func (w *writer) commit(batch []*write) {
	outcomes, err := w.apply(batch)
	for i, one := range batch {
		if err != nil {
			outcomes[i] = outcome{err: err}
		}
		one.answer <- outcomes[i]
	}
}

// apply runs the batch. A statement that fails changes nothing, and fails alone.
func (w *writer) apply(batch []*write) ([]outcome, error) {
	outcomes := make([]outcome, len(batch))
	tx, err := w.db.Begin()
	if err != nil {
		return outcomes, err
	}
	for i, one := range batch {
		outcomes[i] = one.exec(tx)
	}
	return outcomes, tx.Commit()
}

func (one *write) exec(tx *sql.Tx) outcome {
	if err := one.ctx.Err(); err != nil {
		return outcome{err: err}
	}
	result, err := tx.Exec(one.sql, one.args...)
	if err != nil {
		return outcome{err: err}
	}
	rows, err := result.RowsAffected()
	return outcome{rows, err}
}
