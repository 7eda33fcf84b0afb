package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// writer is the only goroutine that writes. It puts all waiting writes into one transaction.
type writer struct {
	*statements
	queue   chan *write // unbuffered: each received write gets an answer
	upkeep  chan func() // unbuffered: work to do while nothing is written
	refuse  chan error  // the answer to writes that upkeep would delay
	closing chan struct{}
	running sync.WaitGroup
	close   func() error // ends the goroutine after the writes that it has received
}

// write is one statement that changes items.
type write struct {
	ctx    context.Context
	sql    string
	args   []any
	answer chan outcome
}

// outcome is the number of items that a statement changed, or its error.
type outcome struct {
	rows int64
	err  error
}

// batchSize is the most writes in a transaction.
const batchSize = 256

var errClosed = errors.New("the file is closed")

// errUpkeep is temporary. Meanwhile events are kept in the archive only.
var errUpkeep = errors.New("the file takes no writes while it is cleaned after an erasure: try again in a minute")

// upkeepUnnoticed is how long writes wait for upkeep before they fail. A PBX waits for its answer much
// longer.
const upkeepUnnoticed = 250 * time.Millisecond

func startWriter(db *sql.DB) *writer {
	w := &writer{statements: newStatements(db), queue: make(chan *write), upkeep: make(chan func()), refuse: make(chan error), closing: make(chan struct{})}
	w.close = sync.OnceValue(func() error {
		close(w.closing)
		w.running.Wait()
		return w.db.Close()
	})
	w.running.Go(w.run)
	return w
}

// do runs a statement, and returns after its commit. If ctx ends first, the statement may still run.
func (w *writer) do(ctx context.Context, sql string, args ...any) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	one := &write{ctx, sql, args, make(chan outcome, 1)}
	select {
	case w.queue <- one:
	case err := <-w.refuse:
		return 0, err
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
		case upkeep := <-w.upkeep:
			upkeep()
		case <-w.closing:
			return
		}
	}
}

// alone calls do while nothing is written. If do takes long, writes fail until alone returns.
func (w *writer) alone(ctx context.Context, do func() error) error {
	var err error
	ended := make(chan struct{})
	upkeep := func() {
		defer close(ended)
		w.refuseDuring(func() { err = do() })
	}
	select {
	case w.upkeep <- upkeep:
		<-ended
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return errClosed
	}
}

// refuseDuring calls do, and lets writes fail if it takes long.
func (w *writer) refuseDuring(do func()) {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	unnoticed := time.After(upkeepUnnoticed)
	for refuse := chan error(nil); ; {
		select {
		case <-done:
			return
		case <-unnoticed:
			refuse = w.refuse
		case refuse <- errUpkeep:
		}
	}
}

// gather returns the first write and all that are waiting.
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

// commit runs the batch in one transaction, and answers once it is on disk.
func (w *writer) commit(batch []*write) {
	outcomes, err := w.apply(batch)
	for i, one := range batch {
		if err != nil {
			one.answer <- outcome{err: err}
		} else {
			one.answer <- outcomes[i]
		}
	}
}

// apply runs the batch. A statement fails only if the engine fails, for instance on a full disk. SQLite
// may then have ended the transaction itself, so the whole batch fails.
func (w *writer) apply(batch []*write) ([]outcome, error) {
	prepared, err := w.prepare(batch)
	if err != nil {
		return nil, err
	}
	tx, err := w.db.Begin()
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(batch))
	for i, one := range batch {
		if outcomes[i].err = one.ctx.Err(); outcomes[i].err != nil {
			continue // nobody waits for it
		}
		if outcomes[i].rows, err = one.exec(tx.Stmt(prepared[i])); err != nil {
			tx.Rollback() // fails if SQLite has rolled back itself
			return nil, err
		}
	}
	return outcomes, tx.Commit()
}

// prepare returns the statements of a batch. The transaction then has the only connection.
func (w *writer) prepare(batch []*write) (prepared []*sql.Stmt, err error) {
	prepared = make([]*sql.Stmt, len(batch))
	for i, one := range batch {
		if prepared[i], err = w.statement(context.Background(), one.sql); err != nil {
			return nil, err
		}
	}
	return prepared, nil
}

func (one *write) exec(statement *sql.Stmt) (rows int64, err error) {
	result, err := statement.Exec(one.args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
